//! Signal masks, as `/proc/PID/status` shows them, and what they say about a signal's reception.

use nix::sys::signal::Signal;

use super::process::Status;

/// A set of signals; bit n − 1 is signal n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(pub u64);

impl SignalSet {
    /// Whether a signal is in it.
    pub fn has(self, signal: Signal) -> bool {
        let number = signal as i32;
        u32::try_from(number - 1).is_ok_and(|bit| self.0 >> bit & 1 == 1)
    }
}

impl SignalSet {
    /// Its members that have a name here, by number; real-time signals have none.
    pub fn members(self) -> impl Iterator<Item = Signal> {
        Signal::iterator().filter(move |signal| self.has(*signal))
    }
}

/// A signal's name without `SIG`.
pub fn name(signal: Signal) -> &'static str {
    let name = signal.as_str();
    name.strip_prefix("SIG").unwrap_or(name)
}

/// What a signal does to a process that neither catches nor ignores it (`signal(7)`, Standard signals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Disposition {
    /// Term: it ends the process.
    Ends,
    /// Core: it ends the process and dumps core where that is allowed.
    Dumps,
    /// Stop: it stops the process.
    Stops,
    /// Cont: it lets a stopped process go on.
    Continues,
    /// Ign: nothing.
    Nothing,
}

impl Disposition {
    /// What it does, as a verb with its object.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ends => "kills it",
            Self::Dumps => "kills it and dumps core",
            Self::Stops => "stops it",
            Self::Continues => "lets it go on if it is stopped",
            Self::Nothing => "does nothing",
        }
    }
}

/// The default action of a signal (`signal(7)`).
pub fn disposition(signal: Signal) -> Disposition {
    match signal {
        Signal::SIGCHLD | Signal::SIGURG | Signal::SIGWINCH => Disposition::Nothing,
        Signal::SIGCONT => Disposition::Continues,
        Signal::SIGSTOP | Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU => Disposition::Stops,
        Signal::SIGABRT
        | Signal::SIGBUS
        | Signal::SIGFPE
        | Signal::SIGILL
        | Signal::SIGQUIT
        | Signal::SIGSEGV
        | Signal::SIGSYS
        | Signal::SIGTRAP
        | Signal::SIGXCPU
        | Signal::SIGXFSZ => Disposition::Dumps,
        _ => Disposition::Ends,
    }
}

/// What becomes of a signal that a process receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reception {
    /// A handler of the process runs. That is no proof of safety: Ruby itself catches most signals
    /// and ends by them.
    Caught,
    /// It is ignored.
    Ignored,
    /// Neither: the default action.
    Default(Disposition),
}

impl Reception {
    /// What becomes of it, in words that follow the signal's name: `HUP is caught`, `USR2 kills it`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Caught => "is caught",
            Self::Ignored => "is ignored",
            Self::Default(disposition) => disposition.words(),
        }
    }
}

/// What a process with these masks does on a signal.
pub fn reception(status: &Status, signal: Signal) -> Reception {
    if status.ignored.has(signal) {
        Reception::Ignored
    } else if status.caught.has(signal) {
        Reception::Caught
    } else {
        Reception::Default(disposition(signal))
    }
}

#[cfg(test)]
mod tests {
    use super::super::process::parse_status;
    use super::*;
    use crate::os::Text;

    fn status(ignored: &str, caught: &str) -> Status {
        let text = format!(
            "Tgid:\t7\nUid:\t0 0 0 0\nGid:\t0 0 0 0\nSigIgn:\t{ignored}\nSigCgt:\t{caught}\n"
        );
        parse_status(&Text::from(&*text)).unwrap()
    }

    #[test]
    fn a_worker_ignores_what_its_master_obeys() {
        let master = status("0000000000000000", "000000004a317e4f");
        let worker = status("0000000008300801", "000000004201764e");
        for signal in [Signal::SIGHUP, Signal::SIGUSR2, Signal::SIGTTIN, Signal::SIGTTOU] {
            assert_eq!(reception(&master, signal), Reception::Caught, "{signal}");
            assert_eq!(reception(&worker, signal), Reception::Ignored, "{signal}");
        }
        let names: Vec<_> = worker.ignored.members().map(name).collect();
        assert_eq!(names, ["HUP", "USR2", "TTIN", "TTOU", "WINCH"]);
    }

    #[test]
    fn defaults_say_what_they_do() {
        let plain = status("0", "0");
        for (signal, words) in [
            (Signal::SIGHUP, "kills it"),
            (Signal::SIGQUIT, "kills it and dumps core"),
            (Signal::SIGTTIN, "stops it"),
            (Signal::SIGWINCH, "does nothing"),
            (Signal::SIGCONT, "lets it go on if it is stopped"),
            (Signal::SIGKILL, "kills it"),
        ] {
            assert_eq!(reception(&plain, signal).words(), words, "{signal}");
        }
        assert_eq!(name(Signal::SIGUSR2), "USR2");
    }
}
