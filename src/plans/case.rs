//! What every plan starts from: an app as it was seen, its receiver, and the gates that hold for any signal.

use std::time::Duration;

use crate::model::{App, Census, Master, Operation, Phase, Process, Role, Signal};
use crate::os::Pid;
use crate::rules::{Severity, Verdict, Verdicts};
use crate::servers::{OperationUse, Server, server};

use super::{Check, CheckState, Confirm, Expect, Plan, Refused, words};

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The look.
    pub census: &'a Census,
    /// What the rules say about it.
    pub verdicts: &'a Verdicts,
    /// The app.
    pub app: &'a App,
    /// The process that was named, where one was; else the operation chooses by role.
    pub named: Option<Pid>,
}

impl<'a> Case<'a> {
    /// The server's card.
    pub(super) fn server(&self) -> Result<&'static Server, Refused> {
        server(self.app.kind).ok_or_else(|| {
            Refused::new(
                format!("{} is served by {}", self.app.name, self.app.kind.name()),
                "farrier has no signals for this server",
            )
        })
    }

    /// How this server carries out an operation.
    pub(super) fn by(&self, operation: Operation) -> Result<&'static OperationUse, Refused> {
        let server = self.server()?;
        server.operations.iter().find(|by| by.operation == operation).ok_or_else(|| {
            Refused::new(
                format!("{} has no {}", server.name, operation.name()),
                format!("farrier explain {}", self.app.kind.name()),
            )
        })
    }

    /// The master that was named, else the current one.
    pub(super) fn current_or_named(&self) -> Result<&'a Master, Refused> {
        match self.named {
            Some(pid) => self.app.master(pid).ok_or_else(|| self.gone(pid)),
            None => self.app.current_master().ok_or_else(|| self.no_current()),
        }
    }

    fn gone(&self, pid: Pid) -> Refused {
        Refused::new(
            format!("{pid} is no master of {}", self.app.name),
            "farrier tree shows its masters",
        )
    }

    fn no_current(&self) -> Refused {
        let name = &self.app.name;
        let booting = self.app.living_masters().find(|master| master.phase != Phase::Ready);
        let pids: Vec<Pid> = self.app.living_masters().map(|master| master.process.pid).collect();
        match (booting, pids.as_slice()) {
            (_, []) => Refused::new(
                format!("no master of {name} lives"),
                "it has to be started; a signal cannot do that",
            ),
            (Some(booting), _) => Refused::new(
                format!("{} still loads, so {name} has no current master yet", booting.process.pid),
                "wait until it is ready",
            ),
            (None, _) => Refused::new(
                format!("none of {} is the current master of {name}", words::list(&pids)),
                format!("name one: {}", words::list(&pids)),
            ),
        }
    }

    /// A plan with its receiver filled in, once every gate that holds for any signal is passed.
    pub(super) fn draft(
        &self,
        operation: Option<Operation>,
        signal: Signal,
        master: &Master,
    ) -> Result<Plan, Refused> {
        let process = &master.process;
        self.may_be_signalled(process, signal)?;
        if signal != Signal::SIGCONT {
            self.is_ready(master, signal)?;
        }
        let mut plan = self.blank(operation, signal, process, master.role);
        if signal != Signal::SIGCONT {
            plan.checks.push(is_caught(process, signal)?);
        }
        warn_of_state(process, &mut plan);
        Ok(plan)
    }

    /// An empty plan to a process.
    pub(super) fn blank(
        &self,
        operation: Option<Operation>,
        signal: Signal,
        process: &Process,
        role: Role,
    ) -> Plan {
        Plan {
            operation,
            app: self.app.id.clone(),
            app_name: self.app.name.clone(),
            signal,
            target: process.pid,
            role,
            started: process.stat.get().map(|stat| stat.started),
            title: String::new(),
            send: words::send(signal, process),
            does: String::new(),
            after: String::new(),
            way_back: String::new(),
            checks: Vec::new(),
            by_hand: format!("kill -{} {}", words::name(signal), process.pid),
            confirm: Confirm::Button,
            expect: Expect::Taken,
            within: Duration::from_secs(5),
        }
    }

    /// Whether any signal at all may go there: it lives, it is not farrier or what farrier hangs on, and farrier may.
    pub(super) fn may_be_signalled(
        &self,
        process: &Process,
        signal: Signal,
    ) -> Result<(), Refused> {
        let pid = process.pid;
        let name = words::name(signal);
        let Some(stat) = process.stat.get() else {
            return Err(unread(process, "its state"));
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
                format!("farrier signal CONT {pid} lets it go on first"),
            ));
        }
        let Some(host) = self.census.host.get() else {
            return Err(Refused::new(
                "this machine was not read, so it is not known whom a pid means here",
                "farrier doctor says what is missing",
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
            return Err(unread(process, "its signal masks"));
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

    /// Whether the master has come far enough to act on signals (`failures.md` F49, F76).
    fn is_ready(&self, master: &Master, signal: Signal) -> Result<(), Refused> {
        let (pid, name) = (master.process.pid, words::name(signal));
        let handlers =
            master.process.status.get().is_some_and(|status| {
                self.server().is_ok_and(|server| (server.handlers_set)(status))
            });
        match master.phase {
            Phase::Ready if handlers => Ok(()),
            Phase::Zombie => Err(Refused::new(format!("{pid} ended"), "it takes no signal")),
            Phase::Loading if handlers => Err(Refused::new(
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
                format!("farrier signal {name} {master} goes to its master"),
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
        let way_out = match signal {
            Signal::SIGKILL | Signal::SIGINT | Signal::SIGABRT => {
                format!("farrier signal QUIT {pid} lets the requests end; TERM stops fast")
            }
            Signal::SIGSTOP | Signal::SIGTSTP => {
                format!("farrier signal WINCH {pid} stops its workers and can be taken back")
            }
            _ => "farrier plan lists the operations".into(),
        };
        let reason = match signal {
            Signal::SIGKILL => {
                format!("farrier sends KILL to nobody; {pid} would cut its requests")
            }
            _ => format!("no operation of {} uses {name}", self.app.kind.name()),
        };
        Refused::new(reason, way_out)
    }

    /// Checks what rules say about the app: a critical finding of one of `rules` stops, a lesser one warns, an
    /// undecided one is blind, and when nothing speaks against it that is said once.
    pub(super) fn findings(&self, rules: &[&str], plan: &mut Plan) {
        let before = plan.checks.len();
        let mut asked = 0;
        for answered in self.verdicts.0.iter().filter(|answered| answered.app == self.app.id) {
            let Some(rule) = rules.iter().find(|rule| **rule == answered.rule) else { continue };
            asked += 1;
            match &answered.verdict {
                Verdict::Found(findings, _) => {
                    for finding in findings {
                        let state = match finding.severity {
                            Severity::Critical => CheckState::Stops,
                            Severity::Warning => CheckState::Warns,
                            Severity::Info => continue,
                        };
                        let words = format!("{rule}: {}", finding.summary);
                        plan.checks.push(Check { what: answered.rule, state, words });
                    }
                }
                Verdict::Blind(blind) => {
                    let why = blind.first().map_or_else(String::new, |blind| {
                        format!(": {} ({}), {}", blind.what, blind.place, blind.why)
                    });
                    let words = format!("{rule} is undecided{why}");
                    plan.checks.push(Check {
                        what: answered.rule,
                        state: CheckState::Blind,
                        words,
                    });
                }
                Verdict::NotHere | Verdict::Fine => {}
            }
        }
        if asked == 0 {
            plan.checks.push(blind("findings", "no rule was asked about it"));
        } else if plan.checks.len() == before {
            plan.checks.push(holds("findings", "no finding speaks against it"));
        }
    }

    /// The listeners' queues.
    pub(super) fn queues(&self, plan: &mut Plan) {
        for listener in &self.app.listeners {
            if let (Some(queued), Some(backlog)) = (listener.queued.get(), listener.backlog.get()) {
                let words = format!("queue {queued}/{backlog} at {}", listener.address);
                let half = u64::from(*queued) * 2 > u64::from(*backlog);
                plan.checks.push(if half { warns("queue", words) } else { holds("queue", words) });
            }
        }
    }

    /// How long workers get for their last requests: seconds, and whether that is known or the server's default.
    pub(super) fn timeout(&self, master: &Master) -> u64 {
        let set = master.config.get().and_then(|config| config.timeout.value().copied());
        let default = server(self.app.kind).map_or(60, |server| server.default_timeout);
        u64::from(set.unwrap_or(default))
    }

    /// Whether something would start the app again once no master is left.
    pub(super) fn restarted_by(&self) -> String {
        let supervisor = self.app.wanted.iter().find_map(|wanted| match wanted {
            crate::model::Wanted::Supervisor(service) => Some(service),
            _ => None,
        });
        match supervisor {
            Some(service) => format!("{service} has it up and may start it again"),
            None => "whether a supervisor starts it again is not known".into(),
        }
    }

    /// Asks for the app's name to be typed.
    pub(super) fn ask_for_name(&self) -> Confirm {
        Confirm::Word(self.app.name.clone())
    }
}

/// The bit of `CAP_KILL` (`capabilities(7)`).
const CAP_KILL: u64 = 1 << 5;

/// A check that holds.
pub(super) fn holds(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Holds, words: words.into() }
}

/// A check that warns.
pub(super) fn warns(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Warns, words: words.into() }
}

/// A check that stops.
pub(super) fn stops(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Stops, words: words.into() }
}

/// A check that could not be made.
pub(super) fn blind(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Blind, words: words.into() }
}

/// Refuses what the receiver ignores or what its default would do (`reliability.md` P17).
fn is_caught(process: &Process, signal: Signal) -> Result<Check, Refused> {
    let (pid, name) = (process.pid, words::name(signal));
    let Some(status) = process.status.get() else {
        return Err(unread(process, "its signal masks"));
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

fn warn_of_state(process: &Process, plan: &mut Plan) {
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

fn unread(process: &Process, what: &str) -> Refused {
    let why = process
        .status
        .lack()
        .or_else(|| process.stat.lack())
        .map_or_else(String::new, |lack| format!(": {lack}"));
    Refused::new(
        format!("{what} was not read of {}{why}", process.pid),
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

impl Plan {
    /// Settles what has to be given: what stops it asks for the app's name.
    pub(super) fn settled(mut self) -> Self {
        if self.stops() {
            self.confirm = Confirm::Word(self.app_name.clone());
        }
        self
    }

    /// Whether a check stands in the way, so that it goes on only with the name typed or `--force`.
    pub fn stops(&self) -> bool {
        self.checks.iter().any(|check| check.state == CheckState::Stops)
    }
}
