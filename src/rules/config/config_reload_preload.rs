//! `config-reload-preload`: `preload_app` is on, so a HUP does not load new code, and one was sent or is near.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::log::{Entry, Log, Said};
use crate::model::{Layout, Master, Phase};
use crate::rules::{config, masters, usr2};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-reload-preload",
    needs: &[Need::StartContext],
    worst: Severity::Info,
    stops_service: false,
    summary: "`preload_app` is on: HUP does not load new code, and one was sent, or new code waits.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

With `preload_app true` the master loads the app, and workers are copies of it. HUP reads the configuration anew
and replaces the workers, but what Ruby has loaded once it does not load again.

## Why it matters

A deploy that ends with HUP looks green: the log says `done reloading`, the workers are young, and the old code
serves. With `working_directory` at `current` it is worse: templates and `config.ru` are the new release's, the
classes are the old one's.

## How farrier decides

It reads `preload_app` in the configuration that the running master loaded, and tells of it where it matters:
`current` names another release than the master runs, so that somebody is about to restart it; or its log says
that a HUP was carried out since it started.

## When it stays silent

Where the master runs what `current` names and no HUP shows in its log: `preload_app` itself is right. While a new
master takes over there is nothing to reload. A `preload_app` that only Ruby can evaluate is not decided.
`farrier plan reload` says it before each HUP.

## How to fix it

Deploy by USR2 (`farrier upgrade`), which starts a new master with the new code. HUP is right for a changed
configuration, for more workers, and for reopened logs.
";

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        if master.phase != Phase::Ready || master.child.is_some() {
            continue;
        }
        let Some(loaded) = look.of(pid, "configuration", &master.loaded) else { continue };
        let preload = config::evaluated(look, master, loaded, "preload_app", &loaded.preload_app);
        if !matches!(preload, Ok(Some(true))) {
            continue;
        }
        let waits = waiting(look, master);
        let reloaded = reloaded(look, master);
        if waits.is_some() || reloaded.is_some() {
            report(look, master, waits, reloaded);
        }
    }
}

/// The release that `current` names, where the master runs another.
fn waiting<'a>(look: &mut Look<'a>, master: &Master) -> Option<(&'a Layout, &'a str)> {
    let layout = look.at("the releases", &look.app().layout)?.as_ref()?;
    look.at("what current is", &layout.current.state)?;
    let own = look.of(master.process.pid, "release", &master.release)?.as_deref()?;
    layout.current_release().filter(|current| *current != own).map(|current| (layout, current))
}

/// The last HUP that its log tells of.
fn reloaded<'m>(look: &mut Look<'_>, master: &'m Master) -> Option<(&'m Log, &'m Entry)> {
    let log = look.of(master.process.pid, "log", &master.log)?.as_ref()?;
    let status = look.of(master.process.pid, "status", &master.process.status)?;
    let own = masters::own_entries(log, status.ns_pids.last().copied());
    own.into_iter().rfind(|entry| entry.said == Said::Reloaded).map(|entry| (log, entry))
}

fn report(
    look: &mut Look<'_>,
    master: &Master,
    waits: Option<(&Layout, &str)>,
    reloaded: Option<(&Log, &Entry)>,
) {
    let app = look.app();
    let pid = master.process.pid;
    let mut finding = look
        .finding(Severity::Info, format!("HUP to {pid} loads no new code: it preloads"))
        .about(pid)
        .told(
            Line::new(format!("{}: a HUP to {pid} loads no new code", cut(&app.name, 16))),
            match waits {
                Some((_, current)) => Line::new("preload_app is on")
                    .aside(format!(", and {} waits to be loaded", named(current))),
                None => Line::new("preload_app is on").aside(", and a HUP was carried out"),
            },
            Line::new("load new code by an upgrade (USR2)").aside("; HUP is for the configuration"),
        )
        .leads_to("A deploy that ends with HUP looks green while the old code serves.");
    if let Some(config) = master.loaded.get() {
        let line = config.preload_app.line().unwrap_or(1);
        let place = crate::facts::Place::line(&config.file.path, line);
        finding = finding.seen("preload_app is true", place);
    }
    if let Some((layout, current)) = waits {
        let own = master.release.get().and_then(Option::as_deref).unwrap_or("no release");
        finding = finding
            .seen(format!("{pid} runs in {own}"), &master.release.place)
            .seen(format!("current names {current}"), &layout.current.state.place);
    }
    if let Some((log, entry)) = reloaded {
        let time = entry.time.as_ref().map(|time| format!(" at {time}")).unwrap_or_default();
        finding = finding.seen(format!("{pid} was reloaded{time}"), log.place(entry));
    }
    finding.fix = match waits {
        Some((layout, _)) => match usr2::leads_elsewhere(layout, master) {
            Some(elsewhere) => vec![format!("# first: {elsewhere}")],
            None => usr2::lines(app, master),
        },
        None => vec!["# nothing now; the next deploy has to send USR2".into()],
    };
    look.found(finding.for_good("let the deploy send USR2, not HUP"));
}
