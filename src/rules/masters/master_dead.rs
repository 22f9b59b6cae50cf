//! `master-dead`: something wants the app up, and no master of it lives.

use crate::model::Wanted;
use crate::os::shown;
use crate::rules::line::{Line, cut};
use crate::rules::{Look, Rule, Severity};

/// The card.
pub const RULE: Rule = Rule {
    name: "master-dead",
    kinds: &[],
    worst: Severity::Critical,
    summary: "The app should run, and no master of it lives.",
    meaning: MEANING,
    offers: None,
    causes: &["upstream-unserved", "pidfile-stale", "runit-down"],
    check,
};

const MEANING: &str = "\
## What it means

A supervisor has the app up, the settings name it, it was asked for by name, or a proxy passes requests to a socket of
it where nobody listens; and no master of it lives.

## Why it matters

The app is down: the proxy answers 502.

## How farrier decides

Who wants the app is known from the supervisor, the settings, the command line, or the configuration of a proxy: a Unix
socket below a deploy root that has a server's pidfile or configuration. Where another server of the proxy's group
listens, or one that is reached over a network, nobody is missed. A zombie does not live, a master that still boots
does. Where processes are hidden from farrier, nothing is said.

## When it stays silent

Releases that nothing serves and nobody asks for may be stopped on purpose. An app with any living master is up.

## How to fix it

Read the last lines of its log, then start it by what starts it at boot: its service. Remove a pidfile that
names a dead process first, if the start is refused.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    if app.wanted.is_empty() {
        return look.not_here();
    }
    let mut unseen = false;
    for master in &app.masters {
        match look.of(master.process.pid, "state", &master.process.stat) {
            Some(stat) if !stat.state.is_dead() => return,
            Some(_) => {}
            None => unseen = true,
        }
    }
    if unseen || !look.sees_all_masters() {
        return;
    }
    let by: Vec<String> = app.wanted.iter().map(words).collect();
    let first = by.first().cloned().unwrap_or_default();
    let service = app.wanted.iter().find_map(|wanted| match wanted {
        Wanted::Supervisor(service) => Some(service.as_str()),
        Wanted::Target(_) | Wanted::Settings | Wanted::Proxy { .. } => None,
    });
    let mut finding = look
        .finding(Severity::Critical, format!("no master of {} lives", cut(&app.name, 30)))
        .at_path(&app.root)
        .told(
            Line::new(format!("{}: no master lives", cut(&app.name, 40))),
            Line::new(cut(&first, 70)),
            match service {
                Some(service) => {
                    Line::new(format!("read its log, then start {}", cut(service, 40)))
                }
                None => Line::new("read its log, then start it by its service"),
            },
        )
        .seen(format!("no process serves {}", shown(&app.root)), crate::facts::Place::new("/proc"))
        .leads_to("Nothing answers until it is started.");
    for wanted in &by {
        finding = finding.seen(wanted.clone(), crate::facts::Place::new(wanted.clone()));
    }
    for zombie in &app.masters {
        let fact = format!("{} is a zombie", zombie.process.pid);
        finding = finding.seen(fact, &zombie.process.stat.place);
    }
    look.found(finding.fix(match service {
        Some(service) => format!("# start it: {service}"),
        None => "# start it by what starts it at boot".to_owned(),
    }));
}

fn words(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Target(target) => format!("it was asked for as {target}"),
        Wanted::Settings => "the settings name it".to_owned(),
        Wanted::Supervisor(service) => format!("{service} has it up"),
        Wanted::Proxy { pid, name, socket } => {
            format!("{name} {pid} passes requests to {}, where nobody listens", shown(socket))
        }
    }
}
