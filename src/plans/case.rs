//! What every plan starts from: an app as it was seen, its receiver, and the gates that hold for any signal.

use crate::contract::quote::farrier;
use crate::rules::usr2;
use std::time::Duration;

use crate::contract::{Blind, Finding, OperationUse, Server, Severity, Verdict, Verdicts, Way};
use crate::model::{
    App, Census, Config, Main, Master, Operation, Phase, Process, Role, Signal, Supervisor,
};
use crate::os::{Pid, Text};
use crate::rules::rule;
use crate::servers::server;

use super::check::{blind, holds, needed, unseen, warns};
use super::{Check, CheckState, Confirm, Expect, Plan, Refused, lock, next, receiver, words};

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
    /// The shape of the restart that is wanted; `None`: the best that loads the new code.
    pub way: Option<Way>,
}

impl<'a> Case<'a> {
    /// The card of a server that farrier has operations for; what a signal does to another is not followed, and none
    /// is sent to it.
    pub(super) fn server(&self) -> Result<&'static Server, Refused> {
        let known = server(self.app.kind).filter(|server| !server.operations.is_empty());
        known.ok_or_else(|| {
            Refused::new(
                format!("{} is served by {}", self.app.name, self.app.kind.name()),
                "farrier has no signals for this server",
            )
        })
    }

    /// How this server carries out an operation.
    pub(super) fn by(&self, operation: Operation) -> Result<&'static OperationUse, Refused> {
        let server = self.server()?;
        let used = server.operations.iter().find(|by| by.operation == operation);
        used.ok_or_else(|| self.has_none(server, operation))
    }

    /// That its server has no such operation, and what comes closest.
    fn has_none(&self, server: &Server, operation: Operation) -> Refused {
        let id = &self.app.id;
        let beside = server.restarts.iter().any(|restart| restart.way() == Way::Beside);
        let way_out = match operation {
            Operation::Rollback if !beside => {
                format!("switch current back, then {}", farrier("upgrade", id))
            }
            Operation::Reload if !beside => farrier("plan upgrade", id) + " brings new code",
            _ => farrier("explain", self.app.kind.name()),
        };
        Refused::new(format!("{} has no {}", server.name, operation.name()), way_out)
            .briefly(format!("{} has none", server.name))
    }

    /// What has to hold of the master for its server's signal to carry the operation out.
    fn carries_out(&self, operation: Operation, master: &Master) -> Result<(), Refused> {
        let used = self.by(operation)?;
        let Some(needs) = used.needs else { return Ok(()) };
        let (pid, name) = (master.process.pid, words::name(used.signal));
        match (needs.holds)(master) {
            Some(true) => Ok(()),
            Some(false) => {
                let does = self.server()?.effect(used.signal, master);
                let does = does.map_or_else(String::new, |does| format!(": {name} {}", does.does));
                Err(Refused::new(format!("{pid} {}{does}", needs.lacks), needs.instead)
                    .briefly(needs.lacks))
            }
            None => Err(Refused::new(
                format!(
                    "{name} carries out {} only {}, and that could not be seen of {pid}",
                    operation.name(),
                    needs.words
                ),
                needs.instead,
            )
            .briefly("not seen")),
        }
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
        if let Some(operation) = operation.filter(|operation| *operation != Operation::Upgrade) {
            self.carries_out(operation, master)?;
        }
        if signal != Signal::SIGCONT {
            self.is_ready(master, signal)?;
        }
        let mut plan = self.blank(operation, signal, process, master.role);
        plan.tries = self.tries(operation, signal, master);
        if signal != Signal::SIGCONT {
            plan.checks.push(receiver::is_caught(process, signal)?);
        }
        if let Some(lack) = master.frozen.lack() {
            let words = format!("whether {} is frozen is not known: {lack}", process.pid);
            plan.checks.push(needed("frozen", words, lack));
        } else if let Some((worker, lack)) = master
            .workers_alive()
            .find_map(|worker| Some((worker.process.pid, worker.frozen.lack()?)))
        {
            let words = format!("whether {worker} is frozen is not known: {lack}");
            plan.checks.push(needed("frozen", words, lack));
        }
        receiver::warn_of_state(process, &mut plan);
        Ok(plan)
    }

    /// The release that a USR2 to this master starts, or that a rollback takes back from it.
    fn tries(
        &self,
        operation: Option<Operation>,
        signal: Signal,
        master: &Master,
    ) -> Option<String> {
        if operation == Some(Operation::Rollback) {
            return master.release.get()?.clone();
        }
        let layout = self.app.layout.get()?.as_ref()?;
        let is_plain = signal == Signal::SIGUSR2 && usr2::leads_elsewhere(layout, master).is_none();
        layout.current_release().filter(|_| is_plain).map(str::to_owned)
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
            way: self.way,
            app: self.app.id.clone(),
            app_name: self.app.name.clone(),
            signal,
            target: process.pid,
            role,
            started: process.stat.get().map(|stat| stat.started),
            title: String::new(),
            tries: None,
            send: words::send(self.census, signal, process),
            does: String::new(),
            after: String::new(),
            way_back: String::new(),
            next: Vec::new(),
            lock: lock::place(self.app, process),
            checks: Vec::new(),
            by_hand: format!("kill -{} {}", words::name(signal), process.pid),
            brief: None,
            confirm: Confirm::Button,
            expect: Expect::Taken,
            within: Duration::from_secs(5),
            outlast: Duration::ZERO,
        }
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
                        let state = match self.weight(finding) {
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
                    let state = if needs(answered.rule, blind) {
                        CheckState::Unseen
                    } else {
                        CheckState::Blind
                    };
                    plan.checks.push(Check { what: answered.rule, state, words });
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

    /// How bad a finding is for what is about to be done. What is only information because nothing shows that USR2 is
    /// used here counts in full where an upgrade is planned.
    fn weight(&self, finding: &Finding) -> Severity {
        let lowered = finding.severity == Severity::Info && !self.app.uses_reexec();
        let worst = rule(finding.rule).map(|rule| rule.worst).filter(|_| lowered);
        worst.unwrap_or(finding.severity)
    }

    /// What rules say about an earlier attempt: it warns, whatever its severity is.
    pub(super) fn reminders(&self, rules: &[&str], plan: &mut Plan) {
        for finding in self.verdicts.findings().into_iter().filter(|f| f.app == self.app.id) {
            if rules.contains(&finding.rule) && finding.severity != Severity::Info {
                let words = format!("{}: {}", finding.rule, finding.summary);
                plan.checks.push(warns(finding.rule, words));
            }
        }
    }

    /// What the master itself reads or opens anew on its signal, of the lines of NEXT, and what was not seen of it: where
    /// that does not answer, the master waits for it.
    pub(super) fn not_seen(&self, master: &Master, read: &[&str], plan: &mut Plan) {
        let lines = next::lines(self, master).into_iter();
        let lines = lines.filter(|line| read.contains(&line.what));
        plan.checks.extend(lines.filter(|line| line.state == CheckState::Unseen).map(|line| {
            let words = format!("{}: {}", line.what, line.value);
            Check { what: line.what, state: line.state, words }
        }));
    }

    /// The listeners' queues.
    pub(super) fn queues(&self, plan: &mut Plan) {
        for listener in &self.app.listeners {
            if let (Some(queued), Some(backlog)) = (listener.queued.get(), listener.backlog.get()) {
                let at = match self.app.listeners.len() {
                    1 => String::new(),
                    _ => format!(" at {}", listener.address),
                };
                let words = format!("queue {queued}/{backlog}{at}");
                let half = u64::from(*queued) * 2 > u64::from(*backlog);
                plan.checks.push(if half { warns("queue", words) } else { holds("queue", words) });
            }
        }
    }

    /// The proxy that passes requests to the app.
    pub(super) fn proxy(&self) -> Option<&'a str> {
        let mut all = self.app.listeners.iter().flat_map(|l| self.census.proxies(self.app, l));
        all.next().map(|(proxy, ..)| proxy.name.as_str())
    }

    /// How long workers get for their last requests: seconds, and whether that is known or the server's default.
    pub(super) fn timeout(&self, master: &Master) -> u64 {
        let set = running_config(master).and_then(|config| config.timeout.value().copied());
        let default = server(self.app.kind).map_or(60, |server| server.default_timeout);
        u64::from(set.unwrap_or(default))
    }

    /// What counts the workers anew by the configuration.
    pub(super) fn recount(&self) -> String {
        let reload = server(self.app.kind).and_then(|s| s.signal_for(Operation::Reload));
        reload.map_or_else(|| "restart".into(), |by| format!("{} or restart", words::name(by)))
    }

    /// The name of the pidfile that a master holds, as the sentence about its end has it.
    pub(super) fn pidfile_of(&self, pid: Pid) -> String {
        let mut files = self.app.pidfiles.iter().filter(|file| file.pid == Some(pid));
        let name = files.next().and_then(|file| file.path.file_name());
        name.map_or_else(|| "its pidfile".into(), |name| crate::os::shown(name.as_ref()))
    }

    /// Whether something would start the app again once this master, the last of it, has ended.
    pub(super) fn restarted_by(&self, master: &Master) -> String {
        if let Some(Supervisor::Unit(unit)) = master.supervisor.get()
            && unit.file.is_some()
            && let Main::Named { own: Some(true), .. } | Main::Is { .. } = &unit.main
        {
            let restart = unit.restart.as_ref().map_or_else(|| "no".to_owned(), Text::to_string);
            let does = if unit.starts_again() { "starts" } else { "does not start" };
            return format!("{} {does} it again (Restart={restart})", unit.name);
        }
        let supervisor = self.app.wanted.iter().find_map(|wanted| match wanted {
            crate::model::Wanted::Supervisor(service) => Some(service),
            _ => None,
        });
        match supervisor {
            Some(service) => format!("{service} has it up and may start it again"),
            None => "whether a supervisor starts it again is not known".into(),
        }
    }

    /// What the supervisor makes of the end of a master whose successor serves.
    pub(super) fn supervisor(&self, master: &Master, plan: &mut Plan) {
        let (state, words) = match &master.supervisor.value {
            Ok(by) => next::supervisor::when_it_ends(self.app, master, by),
            Err(lack) => (unseen(lack), format!("who keeps it up is not known: {lack}")),
        };
        if state != CheckState::Holds {
            plan.checks.push(Check { what: "supervisor", state, words });
        }
    }

    /// Asks for the app's name to be typed.
    pub(super) fn ask_for_name(&self) -> Confirm {
        Confirm::Word(self.app.name.clone())
    }
}

/// Whether a rule that is undecided could hide what makes the operation fail, and a grant or a mount that answers would
/// decide it.
fn needs(name: &str, blind: &[Blind]) -> bool {
    rule(name).is_some_and(|rule| rule.worst == Severity::Critical)
        && blind.iter().any(|blind| unseen(&blind.why).stops())
}

/// The configuration that the master runs by: the copy that it loaded, else the one on disk.
pub(super) fn running_config(master: &Master) -> Option<&Config> {
    master.loaded.get().or_else(|| master.config.get())
}
