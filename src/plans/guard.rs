//! The gate before a signal: the process is held while the plan is read, and at the confirmation everything is
//! looked at once more. Any difference, and nothing is sent.

use crate::contract::Verdicts;
use crate::model::Census;
use crate::os::{Hands, Hold, Refusal, Token};

use super::{Confirm, Plan, Refused, again};

/// How long a confirmation may take, nanoseconds of boot time: a suspended machine's sleep counts.
const EXPIRES: i64 = 120 * 1_000_000_000;

/// Checks whose state comes and goes while nothing changes: a master that forks blocks its signals for that moment, and
/// takes them after it.
const MOMENTARY: &[&str] = &["queue", "blocked", "uninterruptible"];

/// What the operator gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The button, or `--yes`.
    Button,
    /// A word that was typed.
    Word(String),
    /// `--yes --force`.
    Force,
}

/// A plan whose process is held, from the moment it is shown.
#[derive(Debug)]
pub struct Guard {
    plan: Plan,
    hold: Hold,
    token: Token,
    opened: i64,
}

impl Guard {
    /// Holds the plan's process, and proves that it is the one that the look saw.
    pub fn open(plan: Plan, census: &Census, hands: &mut dyn Hands) -> Result<Self, Refused> {
        let pid = plan.target;
        let (hold, token) = hands.hold(pid).map_err(|refusal| not_held(&plan, &refusal))?;
        let guard = Self { plan, hold, token, opened: census.boot_time };
        match differs_from_look(&guard.token, &guard.plan, census) {
            None => Ok(guard),
            Some(what) => {
                guard.close(hands);
                Err(turned(what))
            }
        }
    }

    /// What would be sent.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Who is held.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The held process.
    pub(super) fn held(&self) -> Hold {
        self.hold
    }

    /// Lets the process go.
    pub fn close(self, hands: &mut dyn Hands) {
        hands.release(self.hold);
    }

    /// Whether the plan still stands in a fresh look, taken after [`Guard::open`]: a dialog asks this each second,
    /// and the runner before it sends. The identity is read last: while the held directory answers, the number
    /// cannot have gone to another process in between.
    pub fn stands(
        &self,
        census: &Census,
        verdicts: &Verdicts,
        hands: &mut dyn Hands,
    ) -> Result<(), Refused> {
        if census.boot_time.saturating_sub(self.opened) > EXPIRES {
            return Err(Refused::new(
                "the confirmation is older than 2 minutes",
                "look at the plan again",
            ));
        }
        let fresh = again(census, verdicts, &self.plan)?;
        if let Some(what) = difference(&self.plan, &fresh) {
            return Err(turned(what));
        }
        let token = hands.verify(self.hold).map_err(|refusal| not_held(&self.plan, &refusal))?;
        if let Some(what) = tokens_differ(&self.token, &token) {
            return Err(turned(what));
        }
        match differs_from_look(&token, &self.plan, census) {
            Some(what) => Err(turned(what)),
            None => Ok(()),
        }
    }

    /// Whether what was given is what the plan asks for.
    pub fn satisfied(&self, given: &Given) -> Result<(), Refused> {
        self.plan.satisfied(given)
    }
}

impl Plan {
    /// Whether what was given is what it asks for.
    ///
    /// # Errors
    /// It is not: what stops it, and what has to be given.
    pub fn satisfied(&self, given: &Given) -> Result<(), Refused> {
        let app = &self.app_name;
        match (&self.confirm, given) {
            (Confirm::Button, _) | (Confirm::Word(_), Given::Force) => Ok(()),
            (Confirm::Word(word), Given::Word(typed)) if word == typed => Ok(()),
            (Confirm::Word(_), _) => Err(Refused::new(
                self.stopped_by().unwrap_or_else(|| format!("this ends service of {app}, or may")),
                format!("type {app} when asked, or give --yes --force"),
            )),
        }
    }
}

fn turned(what: String) -> Refused {
    Refused::new(what, "look at the plan again")
}

/// Why a process cannot be held or is not there any more.
pub(super) fn not_held(plan: &Plan, refusal: &Refusal) -> Refused {
    let pid = plan.target;
    match refusal {
        Refusal::Gone => {
            Refused::new(format!("{pid} ended meanwhile"), "farrier tree shows what is left")
        }
        Refusal::Zombie => {
            Refused::new(format!("{pid} ended and was not reaped"), "a signal reaches nobody there")
        }
        Refusal::Denied => Refused::new(
            format!("{pid} may not be signalled by farrier (EPERM)"),
            "run farrier as its user or as root",
        ),
        Refusal::NotRecorded => Refused::new(
            "this is a recording: no process is behind it",
            "run farrier on the machine itself",
        ),
        other => Refused::new(
            format!("{pid} cannot be held: {other}"),
            "without a pidfd a signal may hit another process, so none is sent",
        ),
    }
}

/// Whether the held process is the one that the look saw under this number.
fn differs_from_look(token: &Token, plan: &Plan, census: &Census) -> Option<String> {
    let pid = plan.target;
    let Some((_, process)) = census.member(pid) else {
        return Some(format!("{pid} ended meanwhile"));
    };
    let seen = process.stat.get().map(|stat| stat.started);
    if plan.started != Some(token.started) || seen != Some(token.started) {
        return Some(format!("{pid} is another process now: its start differs"));
    }
    let uid = process.status.get().map(|status| status.uids[0]);
    if uid != Some(token.uid) {
        return Some(format!("{pid} runs as another user now"));
    }
    let exe = process.exe.get().and_then(|exe| exe.open.get());
    match (token.exe, exe) {
        (Some(held), Some(seen)) if held != (seen.device, seen.inode) => {
            Some(format!("{pid} runs another program now"))
        }
        _ => None,
    }
}

fn tokens_differ(was: &Token, is: &Token) -> Option<String> {
    let pid = was.pid;
    if (was.pid, was.started, was.pidfd_inode) != (is.pid, is.started, is.pidfd_inode) {
        Some(format!("{pid} is another process now"))
    } else if was.exe != is.exe {
        Some(format!("{pid} runs another program now"))
    } else if was.uid != is.uid {
        Some(format!("{pid} runs as another user now"))
    } else if was.cgroup != is.cgroup {
        Some(format!("{pid} moved to another control group"))
    } else {
        None
    }
}

/// What turned between two looks at one plan. Words may carry moving numbers; states and receivers may not move.
fn difference(was: &Plan, is: &Plan) -> Option<String> {
    let pid = was.target;
    if was.target != is.target || was.signal != is.signal {
        return Some(format!("the plan is for {} now, not for {pid}", is.target));
    }
    if was.started != is.started {
        return Some(format!("{pid} is another process now: its start differs"));
    }
    if was.role != is.role {
        return Some(format!(
            "{pid} is the {} master now, not the {}",
            is.role.name(),
            was.role.name()
        ));
    }
    let state = |plan: &Plan, what: &str| {
        plan.checks.iter().filter(|check| check.what == what).map(|check| check.state).max()
    };
    let line = |plan: &Plan, what: &str| {
        plan.next.iter().find(|line| line.what == what).map(|line| line.state)
    };
    if let Some(next) = is.next.iter().find(|next| line(was, next.what) != Some(next.state)) {
        return Some(format!("{}: {}", next.what, next.value));
    }
    let turned = is.checks.iter().chain(&was.checks).find(|check| {
        !MOMENTARY.contains(&check.what) && state(was, check.what) != state(is, check.what)
    });
    if let Some(check) = turned {
        let now = is.checks.iter().find(|fresh| fresh.what == check.what);
        return Some(match now {
            Some(now) => now.words.clone(),
            None => format!("this does not hold any more: {}", check.words),
        });
    }
    (was.confirm != is.confirm || was.expect != is.expect).then(|| {
        format!("{} changed: what the plan expects is not the same any more", was.app_name)
    })
}
