//! What the threads of a process tell: whether it has begun to serve.

use super::once::Once;
use crate::contract::Server;
use crate::facts::{Fact, Lack, Place};
use crate::os::{Ask, Found, Pid, Refusal};

/// Whether a process has the thread that its server's processes have once they serve.
pub fn serves(once: &Once<'_>, server: &Server, pid: Pid) -> Fact<bool> {
    let ask = Ask::Threads(pid);
    let Some(serving) = server.serving_thread else {
        return Fact::lacking(Place::of(&ask), Lack::NotAsked);
    };
    // The kernel cuts a name after 15 bytes; what follows in it is the thread's own number.
    let is_one = |name: &[u8]| {
        name.strip_prefix(serving.as_bytes())
            .is_some_and(|rest| !matches!(rest.first(), Some(b'a'..=b'z')))
    };
    let mut fact = once.fact(&ask, |found| match found {
        Found::Names(Some(names)) => Ok(names.iter().any(|name| is_one(name.bytes()))),
        _ => Err(Lack::Malformed("another kind of answer")),
    });
    // Who ended meanwhile serves nobody.
    if matches!(fact.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie))) {
        fact.value = Ok(false);
    }
    fact
}
