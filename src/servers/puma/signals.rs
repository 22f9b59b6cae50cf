//! What signals do to Puma's masters and workers, by which settings, and how its operations are carried out. Facts from
//! `lib/puma/{launcher,cluster,single,dsl}.rb`, 5.6.5 to 8.0.2, each tried on a running one.

use std::path::Path;

use crate::contract::signals::by;
use crate::contract::{By, Condition, OperationUse, Restart, SignalUse};
use crate::facts::process::Status;
use crate::model::{Master, Operation, Role, Setting, Signal};
use crate::os::shown;

const PAGE: &str = "Puma's docs/signals.md";
const LAUNCHER: &str = "puma 5.6.5, lib/puma/launcher.rb";
const CLUSTER: &str = "puma 5.6.5, lib/puma/cluster.rb";
const WORKER: &str = "puma 5.6.5, lib/puma/cluster/worker.rb";

const WITH_WORKERS: Condition = Condition {
    holds: |master| master.process.status.get().map(handlers_set),
    words: "with workers",
    lacks: "has no workers and serves by itself",
    instead: "workers in its configuration, then an upgrade, give it some",
};

const ALONE: Condition = Condition {
    holds: |master| master.process.status.get().map(|status| !handlers_set(status)),
    words: "without workers",
    lacks: "has workers",
    instead: "its workers serve",
};

/// That a phased restart is to be had.
const PHASED: Condition = Condition {
    holds: phased,
    words: "with workers that load the app themselves",
    lacks: "preloads the app, or has no workers",
    instead: "it executes its program anew in place",
};

const NOT_PHASED: Condition = Condition {
    holds: |master| phased(master).map(|phased| !phased),
    words: "with `preload_app!`, or without workers",
    lacks: "replaces its workers one after the other",
    instead: "",
};

const REDIRECTED: Condition = Condition {
    holds: redirected,
    words: "with `stdout_redirect`",
    lacks: "did not open its output itself by stdout_redirect",
    instead: "what it was started by has its output, and opens that anew",
};

const NOT_REDIRECTED: Condition = Condition {
    holds: |master| redirected(master).map(|redirected| !redirected),
    words: "without `stdout_redirect`",
    lacks: "opened its output itself by stdout_redirect",
    instead: "",
};

const fn used(
    signal: Signal,
    to: Role,
    does: &'static str,
    when: Option<Condition>,
    source: &'static str,
) -> SignalUse {
    SignalUse { signal, to, does, when, source }
}

/// What they do.
pub const SIGNALS: &[SignalUse] = &[
    used(
        Signal::SIGUSR2,
        Role::Current,
        "lets its requests end, then executes its program anew under the same pid; requests wait meanwhile",
        None,
        LAUNCHER,
    ),
    used(
        Signal::SIGUSR1,
        Role::Current,
        "replaces its workers one after the other by ones of the release that its directory names now",
        Some(PHASED),
        CLUSTER,
    ),
    used(
        Signal::SIGUSR1,
        Role::Current,
        "executes its program anew under the same pid, as USR2 does",
        Some(NOT_PHASED),
        LAUNCHER,
    ),
    used(
        Signal::SIGTERM,
        Role::Current,
        "closes the listeners, lets its requests end within the timeout, then ends",
        None,
        PAGE,
    ),
    used(
        Signal::SIGINT,
        Role::Current,
        "lets its requests end within the timeout, then ends",
        None,
        PAGE,
    ),
    used(
        Signal::SIGQUIT,
        Role::Current,
        "ends at once and cuts its requests; its workers end with it",
        None,
        LAUNCHER,
    ),
    used(Signal::SIGHUP, Role::Current, "opens its log files anew", Some(REDIRECTED), LAUNCHER),
    used(
        Signal::SIGHUP,
        Role::Current,
        "lets its requests end, then ends: the app is down",
        Some(NOT_REDIRECTED),
        LAUNCHER,
    ),
    used(Signal::SIGTTIN, Role::Current, "adds a worker", Some(WITH_WORKERS), CLUSTER),
    used(Signal::SIGTTIN, Role::Current, "stops it as a terminal would", Some(ALONE), PAGE),
    used(
        Signal::SIGTTOU,
        Role::Current,
        "takes a worker away, down to one",
        Some(WITH_WORKERS),
        CLUSTER,
    ),
    used(Signal::SIGTTOU, Role::Current, "stops it as a terminal would", Some(ALONE), PAGE),
    used(Signal::SIGWINCH, Role::Current, "does nothing", None, PAGE),
    used(Signal::SIGCHLD, Role::Current, "looks after its workers at once", None, CLUSTER),
    used(
        Signal::SIGKILL,
        Role::Current,
        "ends at once and cuts its requests; its workers end with it and its pidfile stays",
        None,
        WORKER,
    ),
    used(Signal::SIGSTOP, Role::Current, "stops it: nobody replaces workers", None, CLUSTER),
    used(Signal::SIGCONT, Role::Current, "lets a stopped one go on", None, CLUSTER),
    used(
        Signal::SIGTERM,
        Role::Worker,
        "finishes its requests and ends; the master starts another",
        None,
        WORKER,
    ),
    used(
        Signal::SIGQUIT,
        Role::Worker,
        "ends at once and cuts its requests; the master starts another",
        None,
        WORKER,
    ),
    used(
        Signal::SIGKILL,
        Role::Worker,
        "ends at once and cuts its requests; the master starts another",
        None,
        WORKER,
    ),
    used(Signal::SIGINT, Role::Worker, "does nothing", None, WORKER),
    used(Signal::SIGHUP, Role::Worker, "does nothing", None, WORKER),
    used(Signal::SIGUSR1, Role::Worker, "does nothing", None, WORKER),
    used(Signal::SIGUSR2, Role::Worker, "does nothing", None, WORKER),
    used(
        Signal::SIGSTOP,
        Role::Worker,
        "stops it; the master ends it after its timeout",
        None,
        CLUSTER,
    ),
    used(Signal::SIGCONT, Role::Worker, "lets a stopped worker go on", None, CLUSTER),
];

const fn only(operation: Operation, signal: Signal, needs: Condition) -> OperationUse {
    OperationUse { needs: Some(needs), ..by(operation, signal) }
}

/// How operations are carried out.
pub const OPERATIONS: &[OperationUse] = &[
    by(Operation::Upgrade, Signal::SIGUSR2),
    only(Operation::ReopenLogs, Signal::SIGHUP, REDIRECTED),
    only(Operation::AddWorker, Signal::SIGTTIN, WITH_WORKERS),
    only(Operation::RemoveWorker, Signal::SIGTTOU, WITH_WORKERS),
    by(Operation::Continue, Signal::SIGCONT),
    by(Operation::Stop, Signal::SIGTERM),
];

/// How it comes to new code: one worker less for a while is better than nobody for a while.
pub const RESTARTS: &[Restart] = &[
    Restart::Rolling(By { signal: Signal::SIGUSR1, needs: Some(PHASED) }),
    Restart::InPlace(By { signal: Signal::SIGUSR2, needs: None }),
];

/// The parent of a cluster catches TTIN, which Ruby itself never does.
pub fn handlers_set(status: &Status) -> bool {
    status.caught.has(Signal::SIGTTIN)
}

/// Whether its workers load the app themselves, so that it can replace them one after the other.
fn phased(master: &Master) -> Option<bool> {
    if !handlers_set(master.process.status.get()?) {
        return Some(false);
    }
    preloads(master).map(|preloads| !preloads)
}

/// `preload_app!`; from 7.0 on by default with several workers, unless it keeps out of the bundle (`configuration.rb`).
fn preloads(master: &Master) -> Option<bool> {
    let config = master.loaded.get()?;
    match &config.preload_app {
        Setting::Set { value, .. } => Some(*value),
        Setting::Unevaluable { .. } => None,
        Setting::NotSet => {
            let major: u32 = master.server_version.as_deref()?.split('.').next()?.parse().ok()?;
            if major < 7 {
                return Some(false);
            }
            let several = config.worker_processes.value().copied()? > 1;
            match &config.own_bundle {
                Setting::Unevaluable { .. } => None,
                own => Some(several && own.value() != Some(&true)),
            }
        }
    }
}

/// Whether its output goes to files that it opened itself: the configuration names them, and it holds them, if under the
/// name that a rotation gave them since.
fn redirected(master: &Master) -> Option<bool> {
    let config = master.loaded.get()?;
    let streams = [(1, &config.stdout_path), (2, &config.stderr_path)];
    if streams.iter().all(|(_, path)| **path == Setting::NotSet) {
        return Some(false);
    }
    let held = master.process.descriptors.get()?;
    let opened = |fd: u32, path: &Path| {
        let to = held.iter().find(|open| open.fd == fd).map(|open| shown(open.target.path()));
        let name = path.file_name().map(|name| shown(Path::new(name)));
        let same = |to: &String, name: &String| {
            to.starts_with('/')
                && to.rsplit('/').next().is_some_and(|last| last.starts_with(&**name))
        };
        to.zip(name).is_some_and(|(to, name)| same(&to, &name))
    };
    let set = || streams.iter().filter_map(|(fd, path)| path.value().map(|path| (*fd, path)));
    set().next()?;
    Some(set().any(|(fd, path)| opened(fd, path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_sends_what_the_table_explains() {
        for used in OPERATIONS {
            assert!(SIGNALS.iter().any(|s| s.signal == used.signal && s.to == Role::Current));
        }
        for restart in RESTARTS {
            let signal = restart.by().signal;
            assert!(SIGNALS.iter().any(|s| s.signal == signal && s.to == Role::Current));
        }
    }

    #[test]
    fn what_ends_it_is_no_way_to_stop_it() {
        assert!(OPERATIONS.iter().all(|used| used.signal != Signal::SIGQUIT));
    }
}
