//! What signals do to Unicorn's masters and workers, and which signal carries out which operation.

use crate::contract::signals::{by, master, worker};
use crate::contract::{By, OperationUse, Restart, SignalUse};
use crate::facts::process::Status;
use crate::model::{Operation, Role, Signal};

const PAGE: &str = "Unicorn's SIGNALS page";
const SOURCE: &str = "unicorn 6.0.0, lib/unicorn/http_server.rb";

/// What they do.
pub const SIGNALS: &[SignalUse] = &[
    master(
        Signal::SIGHUP,
        "reads the configuration again and replaces all workers gracefully; with preload_app the code stays",
        PAGE,
    ),
    master(
        Signal::SIGUSR2,
        "executes the program anew beside itself; the old master goes on until it gets QUIT",
        PAGE,
    ),
    master(
        Signal::SIGQUIT,
        "closes the listeners, lets workers finish their requests within the timeout, then ends",
        PAGE,
    ),
    master(Signal::SIGTERM, "ends at once with all workers and cuts their requests", PAGE),
    master(Signal::SIGINT, "ends at once with all workers and cuts their requests", PAGE),
    master(Signal::SIGUSR1, "reopens the logs of the master and of all workers", PAGE),
    master(
        Signal::SIGWINCH,
        "lets all workers finish and end, and keeps the master without them; not on a terminal",
        PAGE,
    ),
    master(Signal::SIGTTIN, "adds a worker", PAGE),
    master(Signal::SIGTTOU, "takes a worker away, down to none", PAGE),
    master(Signal::SIGCHLD, "reaps workers that ended and starts others", SOURCE),
    master(Signal::SIGKILL, "ends the master alone; its workers notice and finish", SOURCE),
    master(Signal::SIGSTOP, "stops the master: nobody replaces or times out its workers", SOURCE),
    master(Signal::SIGCONT, "lets a stopped master go on", SOURCE),
    worker(Signal::SIGQUIT, "finishes its request and ends; the master starts another", PAGE),
    worker(Signal::SIGTERM, "ends at once and cuts its request; the master starts another", PAGE),
    worker(Signal::SIGINT, "ends at once and cuts its request; the master starts another", PAGE),
    worker(Signal::SIGUSR1, "reopens its logs after its request", PAGE),
    worker(Signal::SIGHUP, "does nothing: workers ignore it", SOURCE),
    worker(Signal::SIGUSR2, "does nothing: workers ignore it", SOURCE),
    worker(Signal::SIGWINCH, "does nothing: workers ignore it", SOURCE),
    worker(Signal::SIGTTIN, "does nothing: workers ignore it", SOURCE),
    worker(Signal::SIGTTOU, "does nothing: workers ignore it", SOURCE),
    worker(Signal::SIGKILL, "ends at once and cuts its request; the master starts another", SOURCE),
    worker(Signal::SIGSTOP, "stops it; the master kills it after the timeout", SOURCE),
    worker(Signal::SIGCONT, "lets a stopped worker go on", SOURCE),
];

/// How operations are carried out. A rollback ends by QUIT to the newer master;
/// what has to come before it (workers of the old one) is the plan's.
pub const OPERATIONS: &[OperationUse] = &[
    by(Operation::Upgrade, Signal::SIGUSR2),
    OperationUse { to: Role::Old, ..by(Operation::Retire, Signal::SIGQUIT) },
    by(Operation::Rollback, Signal::SIGQUIT),
    by(Operation::Reload, Signal::SIGHUP),
    by(Operation::ReopenLogs, Signal::SIGUSR1),
    by(Operation::AddWorker, Signal::SIGTTIN),
    by(Operation::RemoveWorker, Signal::SIGTTOU),
    by(Operation::Drain, Signal::SIGWINCH),
    by(Operation::Continue, Signal::SIGCONT),
    by(Operation::Stop, Signal::SIGQUIT),
];

/// How it comes to new code.
pub const RESTARTS: &[Restart] = &[Restart::Beside(By { signal: Signal::SIGUSR2, needs: None })];

/// Whether a master has set its handlers: Ruby itself catches neither TTIN, TTOU nor WINCH.
pub fn handlers_set(status: &Status) -> bool {
    [Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGWINCH]
        .into_iter()
        .all(|signal| status.caught.has(signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::process::parse_status;
    use crate::facts::signals::{Reception, reception};
    use crate::os::Text;

    fn status(ignored: &str, caught: &str) -> Status {
        let text = format!(
            "Tgid:\t7\nUid:\t0 0 0 0\nGid:\t0 0 0 0\nSigIgn:\t{ignored}\nSigCgt:\t{caught}\n"
        );
        parse_status(&Text::from(&*text)).unwrap()
    }

    #[test]
    fn handlers_tell_a_master_from_plain_ruby() {
        assert!(handlers_set(&status("0", "000000004a317e4f")));
        assert!(!handlers_set(&status("0", "0000000042017e4f")), "plain Ruby");
        assert!(!handlers_set(&status("0000000008300801", "000000004201764e")), "a worker");
        assert!(!handlers_set(&status("0", "0000000142317e4f")), "Puma");
    }

    #[test]
    fn the_table_agrees_with_the_masks_of_real_processes() {
        let master = status("0", "000000004a317e4f");
        let worker = status("0000000008300801", "000000004201764e");
        for entry in SIGNALS {
            let from_nobody =
                matches!(entry.signal, Signal::SIGKILL | Signal::SIGSTOP | Signal::SIGCONT);
            let seen =
                reception(if entry.to == Role::Worker { &worker } else { &master }, entry.signal);
            let ignored = entry.does.contains("ignore it");
            assert!(
                from_nobody || (seen == Reception::Ignored) == ignored,
                "{:?} {}: {seen:?}",
                entry.to,
                entry.signal
            );
        }
    }

    #[test]
    fn every_operation_sends_what_the_table_explains() {
        for operation in Operation::ALL {
            let used = OPERATIONS.iter().find(|used| used.operation == *operation);
            let used = used.unwrap_or_else(|| panic!("{operation:?} has no signal"));
            assert!(SIGNALS.iter().any(|s| s.signal == used.signal && s.to == Role::Current));
        }
    }
}
