//! What signals do to gunicorn's masters and workers, and which signal carries out which operation. A reload and an
//! upgrade are not among these yet: a reload of an app that does not import ends the master, and an upgrade that cannot
//! be executed takes the Unix socket away.

use crate::contract::signals::{by, master, worker};
use crate::contract::{OperationUse, Part, SignalUse};
use crate::facts::process::Status;
use crate::model::{Operation, Signal};

const PAGE: &str = "gunicorn's Signal Handling page";
const ARBITER: &str = "gunicorn 20.1.0, gunicorn/arbiter.py";
const WORKER: &str = "gunicorn 20.1.0, gunicorn/workers/base.py";

/// What they do.
pub const SIGNALS: &[SignalUse] = &[
    master(
        Signal::SIGHUP,
        "reads the configuration again and replaces all workers; with preload_app the code stays; ends where either does not load",
        PAGE,
    ),
    master(
        Signal::SIGUSR2,
        "executes the program anew beside itself; the old master goes on until it gets TERM",
        PAGE,
    ),
    master(
        Signal::SIGTERM,
        "closes the listeners, lets workers finish their requests within graceful_timeout, then ends",
        PAGE,
    ),
    master(Signal::SIGQUIT, "ends with all workers and cuts the requests of sync ones", PAGE),
    master(Signal::SIGINT, "ends with all workers and cuts the requests of sync ones", PAGE),
    master(Signal::SIGUSR1, "reopens the logs of the master and of all workers", PAGE),
    master(
        Signal::SIGWINCH,
        "with daemon lets all workers finish and end, and keeps the master without them; else nothing",
        PAGE,
    ),
    master(Signal::SIGTTIN, "adds a worker", PAGE),
    master(Signal::SIGTTOU, "takes the oldest worker away, down to one", ARBITER),
    master(Signal::SIGCHLD, "reaps workers that ended and starts others", ARBITER),
    master(Signal::SIGKILL, "ends the master alone; its workers notice and finish", ARBITER),
    master(Signal::SIGSTOP, "stops the master: nobody replaces or times out its workers", ARBITER),
    master(Signal::SIGCONT, "lets a stopped master go on", ARBITER),
    worker(Signal::SIGTERM, "finishes its request and ends; the master starts another", WORKER),
    worker(Signal::SIGQUIT, "ends and cuts a sync request; the master starts another", WORKER),
    worker(Signal::SIGINT, "ends and cuts a sync request; the master starts another", WORKER),
    worker(Signal::SIGABRT, "ends at once and cuts its request; the master starts another", WORKER),
    worker(Signal::SIGUSR1, "reopens its logs", WORKER),
    worker(Signal::SIGHUP, "ends at once and cuts its request; the master starts another", WORKER),
    worker(Signal::SIGUSR2, "ends at once and cuts its request; the master starts another", WORKER),
    worker(Signal::SIGKILL, "ends at once and cuts its request; the master starts another", WORKER),
    worker(Signal::SIGSTOP, "stops it; the master kills it after the timeout", WORKER),
    worker(Signal::SIGCONT, "lets a stopped worker go on", WORKER),
];

/// How operations are carried out.
pub const OPERATIONS: &[OperationUse] = &[
    by(Operation::ReopenLogs, Signal::SIGUSR1),
    by(Operation::AddWorker, Signal::SIGTTIN),
    by(Operation::RemoveWorker, Signal::SIGTTOU),
    by(Operation::Continue, Signal::SIGCONT),
    by(Operation::Stop, Signal::SIGTERM),
];

/// Whether a master has set its handlers (`init_signals`): it is ready then, and has loaded the app where it preloads it.
pub fn handlers_set(status: &Status) -> bool {
    [Signal::SIGHUP, Signal::SIGUSR2, Signal::SIGCHLD, Signal::SIGTTIN, Signal::SIGWINCH]
        .into_iter()
        .all(|signal| status.caught.has(signal))
}

/// What a process with the raw command line is by its handlers: a worker keeps the master's for TTIN and TTOU, and sets
/// HUP and USR2 back (`workers/base.py`, `init_signals`). Python itself catches INT alone.
pub fn part(status: &Status) -> Part {
    if handlers_set(status) {
        Part::Master { old: false }
    } else if status.caught.has(Signal::SIGTTIN) && status.caught.has(Signal::SIGTTOU) {
        Part::Worker(None)
    } else {
        Part::Raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::process::parse_status;
    use crate::model::Role;
    use crate::os::Text;

    fn caught(mask: &str) -> Status {
        let text =
            format!("Tgid:\t7\nUid:\t0 0 0 0\nGid:\t0 0 0 0\nSigIgn:\t1001000\nSigCgt:\t{mask}\n");
        parse_status(&Text::from(&*text)).unwrap()
    }

    #[test]
    fn masks_tell_a_master_from_a_worker() {
        assert_eq!(part(&caught("0000000008314a07")), Part::Master { old: false });
        assert_eq!(part(&caught("0000000108314a07")), Part::Master { old: false }, "with threads");
        assert_eq!(part(&caught("0000000008304226")), Part::Worker(None));
        assert_eq!(part(&caught("0000000000304206")), Part::Worker(None), "uvicorn's");
        assert_eq!(part(&caught("0000000000000002")), Part::Raw, "one that boots");
    }

    #[test]
    fn every_operation_sends_what_the_table_explains() {
        for used in OPERATIONS {
            assert!(SIGNALS.iter().any(|s| s.signal == used.signal && s.to == Role::Current));
        }
    }
}
