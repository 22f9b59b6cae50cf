//! The gates of a receiver: whom no signal may go to, and what it would do there (`algorithms.md` §3.2).

use crate::contract::quote::farrier;
use crate::facts::cgroup::Frozen;
use crate::model::{Master, Operation, Phase, Process, Role, Signal, Worker};
use crate::os::{Pid, shown};
use crate::rules::masters::app_frozen;
use crate::servers::server;

use super::check::{holds, warns};
use super::{Case, Check, Plan, Refused, words};

/// The bit of `CAP_KILL` (`capabilities(7)`).
const CAP_KILL: u64 = 1 << 5;

impl Case<'_> {
    /// Whether any signal at all may go there: it lives, it is not farrier or what farrier hangs on, and farrier may.
    pub(super) fn may_be_signalled(
        &self,
        process: &Process,
        signal: Signal,
    ) -> Result<(), Refused> {
        let pid = process.pid;
        let name = words::name(signal);
        let Some(stat) = process.stat.get() else {
            return Err(unread(process, "the state of", "was"));
        };
        if stat.state.is_dead() {
            return Err(Refused::new(
                format!("{pid} ended and was not reaped by {}", stat.ppid),
                "a signal reaches nobody there",
            ));
        }
        if stat.is_kernel_thread() || pid.number() < 2 {
            return Err(Refused::new(format!("{pid} belongs to the system"), "name a master"));
        }
        if stat.state.is_stopped() && signal != Signal::SIGCONT {
            return Err(Refused::new(
                format!("{pid} is stopped: {name} would wait and be handled at some later time"),
                farrier("signal CONT", pid) + " lets it go on first",
            ));
        }
        self.may_run(process, signal)?;
        let Some(host) = self.census.host.get() else {
            return Err(Refused::new(
                "this machine was not read, so it is not known whom a pid means here",
                "farrier check says what could not be read",
            ));
        };
        if !host.proc_is_own {
            return Err(Refused::new(
                "this /proc belongs to another pid namespace: a pid there is another process here",
                "run farrier in the namespace of the server",
            ));
        }
        if pid == host.own_pid || host.ancestors.contains(&pid) {
            return Err(Refused::new(
                format!("{pid} is farrier or one of its own ancestors"),
                "run farrier from another shell",
            ));
        }
        let Some(status) = process.status.get() else {
            return Err(unread(process, "the signal masks of", "were"));
        };
        if status.tgid != pid.number() {
            return Err(Refused::new(
                format!("{pid} is a thread of {}", status.tgid),
                format!("name {}", status.tgid),
            ));
        }
        let [real, _, saved, _] = status.uids;
        let may = host.euid == 0
            || host.capabilities & CAP_KILL != 0
            || host.euid == real
            || host.euid == saved;
        if !may {
            let user = process.user.get().map_or_else(|| real.to_string(), ToString::to_string);
            return Err(Refused::new(
                format!("{pid} runs as {user}, and farrier may not signal it (EPERM)"),
                format!("run farrier as {user} or as root"),
            ));
        }
        Ok(())
    }

    /// Whether it, the master of a worker, and the workers of a master are not frozen with their control groups: nothing is
    /// queued there. Only one more worker needs none of those that there are.
    fn may_run(&self, process: &Process, signal: Signal) -> Result<(), Refused> {
        let pid = process.pid;
        let has = |master: &&Master| {
            master.process.pid == pid || master.workers.iter().any(|w| w.process.pid == pid)
        };
        let Some(master) = self.app.masters.iter().find(has) else { return Ok(()) };
        let is_its = |worker: &&Worker| worker.process.pid == pid;
        let own = master.workers.iter().find(is_its).and_then(|worker| worker.frozen.get());
        let frozen = own.into_iter().chain(master.frozen.get()).flatten().next();
        if let Some(frozen) = frozen {
            let (name, group) = (words::name(signal), shown(&frozen.group));
            return Err(Refused::new(
                format!("{pid} is frozen with {group}: {name} would wait and act at the thaw"),
                app_frozen::thaw(frozen).join("; "),
            )
            .briefly("it is frozen"));
        }
        if pid != master.process.pid || matches!(signal, Signal::SIGTTIN | Signal::SIGCONT) {
            return Ok(());
        }
        let held: Vec<(Pid, &Frozen)> = master
            .workers_alive()
            .filter_map(|worker| Some((worker.process.pid, worker.frozen.get()?.as_ref()?)))
            .collect();
        let Some((_, first)) = held.first() else { return Ok(()) };
        let pids: Vec<Pid> = held.iter().map(|(pid, _)| *pid).collect();
        let (are, name) = (if pids.len() == 1 { "is" } else { "are" }, words::name(signal));
        let (whom, group) = (words::list(&pids), shown(&first.group));
        Err(Refused::new(
            format!("{whom} of {pid} {are} frozen with {group}, and {name} needs its workers"),
            app_frozen::thaw(first).join("; "),
        )
        .briefly("workers are frozen"))
    }

    /// Whether the master has come far enough to act on signals (`failures.md` F49, F76).
    pub(super) fn is_ready(&self, master: &Master, signal: Signal) -> Result<(), Refused> {
        let (pid, name) = (master.process.pid, words::name(signal));
        let handlers =
            master.process.status.get().is_some_and(|status| {
                self.server().is_ok_and(|server| (server.handlers_set)(status))
            });
        // A title that comes before the app is loaded comes after the handlers.
        let titled = self.server().is_ok_and(|server| server.serving_thread.is_some())
            && master.process.command_line.get().is_some_and(|l| l.words.raw().len() == 1);
        match master.phase {
            // One that serves by itself has no handler that its language's runtime has not.
            Phase::Ready if handlers || master.serves_alone == Some(true) => Ok(()),
            Phase::Zombie => Err(Refused::new(format!("{pid} ended"), "it takes no signal")),
            Phase::Loading if handlers || titled => Err(Refused::new(
                format!("{pid} still loads the app and acts on {name} only once it is ready"),
                "wait until it is ready",
            )),
            Phase::Ready | Phase::Loading | Phase::Starting => Err(Refused::new(
                format!("{pid} is starting: its handlers are not set, so {name} would end it"),
                "wait until it is ready",
            )),
        }
    }

    /// What a signal to a worker comes to: CONT may be planned, anything else goes to the master.
    pub(super) fn worker_gets(&self, process: &Process, signal: Signal) -> Result<Plan, Refused> {
        if signal == Signal::SIGCONT {
            return super::r#continue::plan_for(self, process, Role::Worker);
        }
        let (pid, name) = (process.pid, words::name(signal));
        let owner = self.app.masters.iter().find_map(|master| {
            let worker = master.workers.iter().find(|worker| worker.process.pid == pid)?;
            Some((master.process.pid, worker.number))
        });
        let ignored = process.status.get().is_some_and(|status| status.ignored.has(signal));
        Err(match owner {
            Some((master, number)) => Refused::new(
                format!(
                    "{pid} is {} of {master}{}",
                    number.map_or_else(|| "a worker".into(), |number| format!("w{number}")),
                    if ignored { format!(" and ignores {name}") } else { String::new() }
                ),
                farrier(&format!("signal {name}"), master) + " goes to its master",
            ),
            None => Refused::new(
                format!("{pid} is a worker whose master is gone"),
                "it ends by itself when its last request does",
            ),
        })
    }

    /// Signals that farrier sends to nobody.
    pub(super) fn never(&self, process: &Process, signal: Signal) -> Refused {
        let (pid, name) = (process.pid, words::name(signal));
        let server = server(self.app.kind);
        let stop = server.and_then(|server| server.signal_for(Operation::Stop));
        let drains = server.and_then(|server| server.signal_for(Operation::Drain)).map(words::name);
        let stops = |stop: Signal| {
            let gentle = farrier(&format!("signal {}", words::name(stop)), pid);
            let fast = if stop == Signal::SIGTERM { "" } else { "; TERM stops fast" };
            format!("{gentle} lets the requests end{fast}")
        };
        let way_out = match (signal, stop, drains) {
            (Signal::SIGSTOP | Signal::SIGTSTP, _, Some(drain)) => {
                farrier(&format!("signal {drain}"), pid)
                    + " stops its workers and can be taken back"
            }
            (
                Signal::SIGKILL
                | Signal::SIGINT
                | Signal::SIGABRT
                | Signal::SIGQUIT
                | Signal::SIGTERM,
                Some(stop),
                _,
            ) => stops(stop),
            _ => "farrier plan lists the operations".into(),
        };
        let master = self.app.master(pid);
        let does = server.zip(master).and_then(|(server, master)| server.effect(signal, master));
        let reason = match (signal, does) {
            (Signal::SIGKILL, _) => {
                format!("farrier sends KILL to nobody; {pid} would cut its requests")
            }
            (Signal::SIGQUIT | Signal::SIGHUP | Signal::SIGTERM, Some(used)) => {
                format!("on {name} {pid} {}", used.does)
            }
            _ => format!("no operation of {} uses {name}", self.app.kind.name()),
        };
        Refused::new(reason, way_out)
    }
}

/// Refuses what the receiver ignores or what its default would do (`reliability.md` P17).
pub(super) fn is_caught(process: &Process, signal: Signal) -> Result<Check, Refused> {
    let (pid, name) = (process.pid, words::name(signal));
    let Some(status) = process.status.get() else {
        return Err(unread(process, "the signal masks of", "were"));
    };
    if status.ignored.has(signal) {
        return Err(Refused::new(format!("{pid} ignores {name}"), "nothing would happen"));
    }
    if !status.caught.has(signal) {
        return Err(Refused::new(
            format!("{pid} does not catch {name}: the kernel would {}", default_of(signal)),
            "it is not in the state of a ready master",
        ));
    }
    Ok(holds("caught", format!("{name} is caught")))
}

pub(super) fn warn_of_state(process: &Process, plan: &mut Plan) {
    let pid = process.pid;
    if process.stat.get().is_some_and(|stat| stat.state.0 == 'D') {
        plan.checks.push(warns("uninterruptible", format!("{pid} waits for a disk (D)")));
    }
    if let Some(status) = process.status.get() {
        if status.tracer != 0 {
            let words = format!("{pid} is traced by {}", status.tracer);
            plan.checks.push(warns("traced", words));
        }
        if status.blocked.has(plan.signal) {
            let words = format!("{} is blocked by {pid} just now", words::name(plan.signal));
            plan.checks.push(warns("blocked", words));
        }
    }
}

fn unread(process: &Process, what: &str, were: &str) -> Refused {
    let why = process
        .status
        .lack()
        .or_else(|| process.stat.lack())
        .map_or_else(String::new, |lack| format!(": {lack}"));
    Refused::new(
        format!("{what} {} {were} not read{why}", process.pid),
        "nothing is sent to a process whose state is not known",
    )
}

/// What the kernel does by default (`signal(7)`).
fn default_of(signal: Signal) -> &'static str {
    match signal {
        Signal::SIGCHLD | Signal::SIGURG | Signal::SIGWINCH => "do nothing",
        Signal::SIGSTOP | Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU => "stop it",
        Signal::SIGCONT => "let it go on",
        _ => "end it",
    }
}
