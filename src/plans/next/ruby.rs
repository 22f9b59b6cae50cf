//! Which Ruby the next master runs, and which one its lock file asks for.

use super::{Next, Upcoming, blind, holds, warns};
use crate::deploy::ruby::is_interpreter;
use crate::os::shown;

impl Upcoming<'_> {
    /// The Ruby that will run: the one that runs now where the interpreter is the same file; and what the lock asks for.
    pub(super) fn ruby(&self) -> Next {
        let master = self.master;
        self.of("Ruby", &master.restart.interpreter, |next| {
            let exe = master.process.exe.get();
            let next = next.as_ref().and_then(|spot| spot.real.get()?.as_deref());
            let same = match (next, exe) {
                (Some(next), Some(exe)) => next == exe.path,
                _ => false,
            };
            let Some(version) = master.ruby_version.as_deref().filter(|_| same) else {
                return blind(match next {
                    Some(next) if is_interpreter(next) => {
                        format!("the version of {} is not known", shown(next))
                    }
                    // A wrapper's shell: which Ruby it comes to, its own text decides.
                    Some(_) => "which one the program comes to is not known".to_owned(),
                    None => "its version is not known".to_owned(),
                });
            };
            let lock = self.live_lock();
            match lock.and_then(|lock| lock.ruby.as_deref()) {
                Some(asked) if !is_asked_for(asked, version) => {
                    warns(format!("{version}; the lock file asks for {asked}"))
                }
                Some(_) => holds(format!("{version}, as the lock file asks")),
                None => holds(version),
            }
        })
    }

    /// The lock file of the release that `current` names.
    pub(super) fn live_lock(&self) -> Option<&crate::model::Lock> {
        let layout = self.layout?;
        layout.release(layout.current_release()?)?.lock.get()?.as_ref()
    }
}

/// Whether a lock file's `ruby 3.1.2p20` is met by a version: the numbers before the patch level.
fn is_asked_for(asked: &str, version: &str) -> bool {
    let number = |text: &str| -> String {
        let text = text.strip_prefix("ruby ").unwrap_or(text);
        text.split(['p', '-', ' ']).next().unwrap_or_default().to_owned()
    };
    number(asked) == number(version)
}
