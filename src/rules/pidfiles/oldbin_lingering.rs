//! `oldbin-lingering`: an old master lives on although its successor has long been ready.

use crate::contract::line::{Line, age, bytes, count, cut, middle, named};
use crate::contract::{Finding, Look, Need, Rule, Severity, dates};
use crate::facts::Place;
use crate::model::handover::grace;
use crate::model::{App, Census, Master, Operation, Phase, PidfileKind, Role};
use crate::os::shown;
use crate::rules::config::config_hook_wrong_path::{Missed, missed};
use crate::rules::masters::{Refusal, refusal};

/// The card.
pub const RULE: Rule = Rule {
    name: "oldbin-lingering",
    needs: &[Need::SecondGeneration],
    worst: Severity::Warning,
    stops_service: false,
    summary: "An old master lives on although its successor has long been ready.",
    meaning: MEANING,
    offers: Some(Operation::Retire),
    causes: &["release-stale", "release-mixed", "masters-chain", "memory-headroom"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 started a new master, the new one is ready, and the old one was never retired. Two generations serve from
the same sockets.

## Why it matters

Requests are answered by either release. The memory is held twice. Every further USR2 is refused while the old
master lives, so that deploys change nothing.

## How farrier decides

A superseded master (its title says so, or it holds the oldbin pidfile) lives, the master that replaced it is
ready, and that one is older than the grace: the setting, or the app's `timeout` where that is longer.

## When it stays silent

Within the grace, and while the new master still loads. An old master without workers, kept on purpose for a way
back, or one that has closed its sockets and waits for its last requests, is only information.

## How to fix it

Look that the new master has its workers, then send QUIT to the old one: its workers end their requests and
leave. Let a hook (`after_worker_ready` of the last worker, or `before_fork`) or the deploy do that each time;
it has to read the pidfile with `.oldbin` appended.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for old in app.in_role(Role::Old).filter(|old| !old.process.is_dead()) {
        let Some(ready) = successor(app, old) else { continue };
        let pid = ready.process.pid;
        let Some(since) = look.of(pid, "age", &ready.process.age) else { continue };
        if *since >= grace(app, look.census()) {
            report(look, old, ready, *since);
        }
    }
}

/// The ready master that replaced it.
fn successor<'a>(app: &'a App, old: &Master) -> Option<&'a Master> {
    let ready = |master: &&Master| {
        master.phase == Phase::Ready
            && !master.process.is_dead()
            && matches!(master.role, Role::Current | Role::Duplicate)
    };
    let child = old.child.and_then(|pid| app.master(pid)).filter(ready);
    child.or_else(|| app.current_master().filter(ready))
}

/// What is known of an old master that lingers.
struct Lingering<'a> {
    app: &'a App,
    census: &'a Census,
    old: &'a Master,
    ready: &'a Master,
    /// How long the ready one has lived, seconds.
    since: u64,
    /// It has closed its sockets.
    leaving: bool,
    /// The USR2 that was refused last.
    refused: Option<Refusal<'a>>,
    /// The hook that would retire it looks elsewhere.
    missed: Option<Missed>,
}

fn report<'a>(look: &mut Look<'a>, old: &'a Master, ready: &'a Master, since: u64) {
    let (app, census) = (look.app(), look.census());
    let it = Lingering {
        app,
        census,
        old,
        ready,
        since,
        leaving: old.listens.get().is_some_and(Vec::is_empty),
        refused: refusal(census, ready),
        missed: missed(ready),
    };
    let pid = old.process.pid;
    let severity = if it.serves() { Severity::Warning } else { Severity::Info };
    let staffed = ready.workers_alive().next().is_some();
    let summary = it.summary("still serve");
    let [what, why, next] = it.told(staffed);
    let mut finding = look
        .finding(severity, summary)
        .about(pid)
        .sentence(it.sentence())
        .told(what, why, next)
        .leads_to(it.leads_to());
    if it.serves() {
        finding = finding.brief(it.summary("serve"));
    }
    if let Some(remark) = it.remark() {
        finding = finding.remark(remark);
    }
    finding = it.evidence(finding);
    if staffed && !it.leaving {
        finding = finding
            .step(format!("retire {pid}"))
            .mends(it.mends())
            .fix(format!("kill -QUIT {pid}"));
    } else if staffed {
        finding = finding.fix(format!("# {pid} has closed its sockets and ends by itself"));
    } else {
        let new = ready.process.pid;
        finding =
            finding.fix(format!("# {pid} serves alone: first mend {new}, which has no worker"));
    }
    look.found(finding.for_good(it.for_good()));
}

impl Lingering<'_> {
    fn workers(&self) -> usize {
        self.old.workers_alive().count()
    }

    fn serves(&self) -> bool {
        self.workers() > 0 && !self.leaving
    }

    fn release(&self) -> Option<&str> {
        self.old.release.get().and_then(Option::as_deref)
    }

    fn summary(&self, serve: &str) -> String {
        let pid = self.old.process.pid;
        let what = self.release().map(|name| format!(" {}", named(name))).unwrap_or_default();
        match (self.workers(), self.leaving) {
            (0, _) => format!("{pid}, an old master, is kept without workers"),
            (_, true) => format!("{pid}, an old master, waits for its last requests"),
            (n, _) => format!("{pid} and its {} {serve}{}", count(n, "worker"), cut(&what, 15)),
        }
    }

    fn sentence(&self) -> String {
        let (pid, new) = (self.old.process.pid, self.ready.process.pid);
        let does = match (self.workers(), self.leaving) {
            (0, _) => "is kept without workers",
            (_, true) => "waits for its last requests",
            _ => "still serves",
        };
        let app = cut(&self.app.name, 16);
        format!("{pid}, an old master of {app}, {does} beside {new}, which replaced it.")
    }

    /// The headline's lines.
    fn told(&self, staffed: bool) -> [Line; 3] {
        let (pid, new) = (self.old.process.pid, self.ready.process.pid);
        let what = self.release().map(|name| format!(" {}", named(name))).unwrap_or_default();
        let refused = self.refused.as_ref().and_then(|refused| refused.at);
        let replaced = self.ready.process.started_at.get();
        let why = match refused.zip(replaced) {
            Some((refused, replaced)) => Line::new(format!(
                "the USR2 of {} was refused: old master {pid} lives",
                dates::second(refused, self.census)
            ))
            .time(format!(" since {}", dates::day(*replaced, self.census)))
            .aside(self.missed.as_ref().map_or_else(String::new, |missed| {
                format!(", because the hook at {} looks for the wrong file", missed.at)
            })),
            None => Line::new(format!("{new} replaced it"))
                .time(format!(" {} ago", age(self.since)))
                .keep("; USR2 is refused while it lives"),
        };
        let next = if staffed {
            Line::new(format!("retire {pid}: QUIT to it")).aside(format!("; {new} serves alone"))
        } else {
            Line::new(format!("do not retire {pid} yet: {new} has no worker"))
        };
        let line = Line::new(format!("{}: old master {pid}", cut(&self.app.name, 16)));
        let line = if self.workers() == 0 {
            line.keep(" is kept without workers")
        } else {
            line.keep(" still serves").aside(what)
        };
        [line.aside(format!(" beside {new}")), why, next]
    }

    fn remark(&self) -> Option<String> {
        let (pid, new) = (self.old.process.pid, self.ready.process.pid);
        let lived = age(*self.old.process.age.get()?);
        // `7d` reads well, `under10s` does not.
        let lived = match lived.strip_prefix("under ") {
            Some(_) => lived,
            None => lived.replace(' ', ""),
        };
        let replaced = dates::on_minute(*self.ready.process.started_at.get()?, self.census);
        // At QUIT it would have closed its sockets.
        let asked = match self.old.listens.get() {
            Some(sockets) if !sockets.is_empty() => ", never asked to leave",
            _ => "",
        };
        Some(format!("{pid}: alive {lived}, replaced {replaced} by {new}{asked}"))
    }

    fn evidence(&self, finding: Finding) -> Finding {
        let (pid, new) = (self.old.process.pid, self.ready.process.pid);
        let workers = count(self.workers(), "worker");
        let title = self.old.process.command_line.get().and_then(|line| {
            let title = line.words.to_string();
            Some(format!("{}(old)", title.split_once("(old)")?.0))
        });
        let mut finding = finding.seen(
            match title {
                Some(title) => format!("{pid} is titled \"{}\", has {workers}", cut(&title, 30)),
                None => format!("{pid} is an old master with {workers}"),
            },
            Place::new(format!("/proc/{pid}")),
        );
        let is_oldbin = |kind| kind == PidfileKind::Oldbin;
        let mut files = self.app.pidfiles.iter();
        if let Some(file) = files.find(|file| is_oldbin(file.kind) && file.pid == Some(pid)) {
            let name = file.path.file_name().map(|name| shown(name.as_ref())).unwrap_or_default();
            finding = finding.seen(format!("{name} names {pid}"), Place::path(&file.path));
        }
        let who = if self.old.child == Some(new) { "its child" } else { "which replaced it" };
        let started = self.ready.process.started_at.get();
        finding = finding.seen(
            match started {
                Some(at) => format!(
                    "{new}, {who}, has been ready since {}",
                    dates::minute(*at, self.census)
                ),
                None => format!("{new}, {who}, is ready"),
            },
            Place::new(format!("/proc/{new}")),
        );
        let both = self.old.listens.get().zip(self.ready.listens.get());
        let shared = both.and_then(|(one, other)| one.iter().find(|inode| other.contains(inode)));
        if let Some(inode) = shared.filter(|_| self.serves()) {
            finding = finding.seen(
                format!("both take requests from socket inode {inode}"),
                Place::new(format!("listeners of {pid}, {new}")),
            );
        }
        if let Some(refused) = &self.refused {
            let time = refused.at.map(|at| format!("{} ", dates::second(at, self.census)));
            let quoted = middle(&refused.why.to_string(), 37);
            let fact = format!("{}\"{quoted}\"", time.unwrap_or_default());
            finding = finding.seen(fact, refused.log.place(refused.entry));
        }
        if let Some(left) = &self.app.left {
            let why = left.why.map(|why| format!(": {why}")).unwrap_or_default();
            let (step, of) = left.step;
            let at = dates::on_minute(left.at, self.census);
            let by = cut(&left.by.to_string(), 16);
            finding = finding.seen(
                format!("an upgrade by {by} stopped after step {step} of {of}, {at}{why}"),
                Place::new(format!("audit lines of farrier[{}]", left.writer)),
            );
        }
        finding
    }

    fn leads_to(&self) -> String {
        let pid = self.old.process.pid;
        let every = format!("Every USR2 is refused while {pid} lives");
        let every = match self.refused.as_ref().and_then(|refused| refused.at) {
            Some(at) if self.is_stale() => {
                format!("{every}, as {}: release-stale.", dates::that_of(at, self.census))
            }
            _ => format!("{every}."),
        };
        let Some(name) = self.release().filter(|_| self.workers() > 0) else { return every };
        let all: usize = self.app.living_masters().map(|m| m.workers_alive().count()).sum();
        let layout = self.app.layout.get().and_then(Option::as_ref);
        let of = layout.and_then(|layout| dates::of_release(layout, name));
        let of = of.map_or_else(|| named(name), |at| dates::day(at, self.census));
        let mut held = std::iter::once(&self.old.process)
            .chain(self.old.workers_alive().map(|worker| &worker.process))
            .map(|process| process.pss.get().copied());
        let held = held.try_fold(0_u64, |sum, size| Some(sum + size?));
        let held = held.map(|size| format!("; {} are held twice", bytes(size)));
        format!(
            "{} of {all} workers answer with the code of {of}{}. {every}",
            self.workers(),
            held.unwrap_or_default()
        )
    }

    /// Whether the one that replaced it runs another release than `current` names.
    fn is_stale(&self) -> bool {
        let layout = self.app.layout.get().and_then(Option::as_ref);
        let current = layout.and_then(|layout| layout.current_release());
        let runs = self.ready.release.get().and_then(Option::as_deref);
        current.is_some() && runs.is_some() && current != runs
    }

    fn mends(&self) -> String {
        let (pid, new) = (self.old.process.pid, self.ready.process.pid);
        let bound = self.old.loaded.get().and_then(|config| config.timeout.value());
        let within = bound.map(|seconds| format!(", within {seconds} s")).unwrap_or_default();
        format!("retire {pid}: its requests end{within}; {new} serves alone.")
    }

    fn for_good(&self) -> String {
        if let Some(missed) = &self.missed {
            return format!(
                "{} looks for {}. Unicorn writes {}, so the hook never fires (config-hook-wrong-path).",
                missed.place(self.app),
                missed.read,
                missed.right
            );
        }
        let hook = self.ready.config.get().is_some_and(|config| config.retires_old_master);
        if hook {
            "a hook is there and did not retire it: see which oldbin path it reads".into()
        } else {
            "let a hook or the deploy send QUIT to the pid in PIDFILE.oldbin once the new one is ready"
                .into()
        }
    }
}
