//! `release-mixed`: processes of one app serve different releases.

use std::collections::BTreeMap;

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::handover::grace;
use crate::model::{Layout, Master, Operation, Phase, Role};
use crate::os::Pid;
use crate::rules::advice;
use crate::rules::masters::is_ending;
use crate::rules::releases::{reload, with};

/// The card.
pub const RULE: Rule = Rule {
    name: "release-mixed",
    needs: &[Need::Code],
    worst: Severity::Warning,
    stops_service: false,
    summary: "Processes of one app serve different releases outside of a handover.",
    meaning: MEANING,
    offers: Some(Operation::Retire),
    causes: &["release-stale"],
    check,
};

const MEANING: &str = "\
## What it means

Workers of one app answer from different releases: an old master was never retired, one of several masters was left
out of a deploy, or a reload reached only some. Or one master holds both: HUP moved a master that preloads the app
into the new release's directory, and the classes that it had loaded stayed.

## Why it matters

Which code answers is a matter of chance: pages, assets and database columns of two releases meet. Such errors come
and go and no test sees them.

## How farrier decides

It resolves the working directory of each living worker whose master takes connections. Two releases that have both
been served for longer than the grace are a mix. A master inside the live release holds a mix when it preloads the
app, started before that release arrived and before `current` was switched, and all its workers are younger than
the switch.

## When it stays silent

In a young handover, after a switch of `current` and in a reload. An old master that was drained, or has closed its
sockets, serves nothing. A process that runs in no release is not compared.

## How to fix it

Retire what runs another release than `current` names: QUIT to the old master, once the new one has its workers. A
master beside it that was left out, and one that was reloaded, is upgraded by USR2.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let served = served(look);
    if served.len() > 1 {
        if look.young() == Some(false) && have_lasted(look, &served) {
            report(look, layout, &served);
        }
        return;
    }
    let Some(current) = layout.current_release() else {
        look.at("what current is", &layout.current.state);
        return;
    };
    for master in look.app().upgradable() {
        let release = look.of(master.process.pid, "release", &master.release);
        if release.is_some_and(|release| release.as_deref() == Some(current)) {
            reloaded(look, layout, master, current);
        }
    }
}

/// A worker that serves: its master, itself, and its age if that is known.
struct Serving<'a> {
    master: &'a Master,
    pid: Pid,
    age: Option<u64>,
}

/// The releases that are served, each with who does.
fn served<'a>(look: &mut Look<'a>) -> BTreeMap<&'a str, Vec<Serving<'a>>> {
    let mut all: BTreeMap<&str, Vec<Serving<'_>>> = BTreeMap::new();
    for master in look.app().living_masters().filter(|master| master.phase == Phase::Ready) {
        let mut workers = master.workers_alive().peekable();
        if workers.peek().is_none() || is_ending(look, master) == Some(true) {
            continue;
        }
        for worker in workers {
            let pid = worker.process.pid;
            let Some(Some(release)) = look.of(pid, "release", &worker.release) else { continue };
            let age = look.of(pid, "age", &worker.process.age).copied();
            all.entry(release).or_default().push(Serving { master, pid, age });
        }
    }
    all
}

/// Whether each release has been served for longer than the grace: in a reload one has not.
fn have_lasted(look: &Look<'_>, served: &BTreeMap<&str, Vec<Serving<'_>>>) -> bool {
    let grace = grace(look.app(), look.census());
    let lasted = |all: &Vec<Serving<'_>>| all.iter().any(|one| one.age.is_some_and(|a| a >= grace));
    served.values().all(lasted)
}

fn report(look: &mut Look<'_>, layout: &Layout, served: &BTreeMap<&str, Vec<Serving<'_>>>) {
    let app = look.app();
    let current = layout.current_release();
    let names: Vec<String> = served.keys().map(|name| named(name)).collect();
    let strays: Vec<&Master> = masters(served, |release| Some(release) != current);
    let right = masters(served, |release| Some(release) == current);
    let Some(stray) = strays.first() else { return };
    let pid = stray.process.pid;
    let of = |master: &Master| {
        let number = master.process.pid;
        let releases: Vec<String> = served
            .iter()
            .filter(|(_, all)| all.iter().any(|one| one.master.process.pid == number))
            .map(|(release, _)| named(release))
            .collect();
        format!("{number} serves {}", releases.join(" and "))
    };
    let told = right.iter().chain(&strays).map(|master| of(master)).collect::<Vec<_>>();
    let mut finding = look
        .finding(
            Severity::Warning,
            match names.len() {
                2 => "requests get either of two releases".into(),
                more => format!("requests get any of {more} releases"),
            },
        )
        .about(pid)
        .told(
            Line::new(format!(
                "{} serves a mix: {}",
                cut(&app.name, 16),
                cut(&names.join(", "), 38)
            )),
            Line::new(cut(&told.join(", "), 70)),
            if can_go(stray, &right) {
                Line::new(format!("retire {pid}"))
            } else if right.is_empty() {
                Line::new(format!(
                    "{} to what current names, and retire the rest",
                    advice::renew(app)
                ))
            } else {
                Line::new(advice::new_code_in_short(app, stray))
            },
        )
        .leads_to("Which code answers is a matter of chance, from request to request.");
    for (release, all) in served {
        for one in all {
            let fact =
                format!("{}, a worker of {}, runs in {release}", one.pid, one.master.process.pid);
            finding =
                finding.seen(fact, crate::facts::Place::new(format!("/proc/{}/cwd", one.pid)));
        }
    }
    for stray in &strays {
        if can_go(stray, &right) {
            finding = finding.fix(advice::end(app, stray.process.pid));
        } else {
            finding.fix.extend(advice::new_code(app, stray));
        }
    }
    if let Some(current) = current {
        finding = finding.seen(format!("current names {current}"), &layout.current.state.place);
    }
    look.found(finding.for_good(
        "let the deploy wait until every master runs the release it deployed, and the old ones are gone",
    ));
}

/// The masters, each once, of what is served from such a release.
fn masters<'a>(
    served: &BTreeMap<&str, Vec<Serving<'a>>>,
    wanted: impl Fn(&str) -> bool,
) -> Vec<&'a Master> {
    let mut all: Vec<&Master> = Vec::new();
    for one in served.iter().filter(|(release, _)| wanted(release)).flat_map(|(_, all)| all) {
        if !all.iter().any(|other| other.process.pid == one.master.process.pid) {
            all.push(one.master);
        }
    }
    all
}

/// Whether it is a generation beside one that serves the right release.
fn can_go(master: &Master, right: &[&Master]) -> bool {
    let is_right = right.iter().any(|other| other.process.pid == master.process.pid);
    let is_generation = master.role == Role::Old || master.parent.or(master.child).is_some();
    is_generation && !is_right && !right.is_empty()
}

/// One master holds both: its directory is the right one, its classes are older.
fn reloaded(look: &mut Look<'_>, layout: &Layout, master: &Master, current: &str) {
    let evidence = reload(look, layout, master, current);
    if evidence.is_empty() || look.young() != Some(false) {
        return;
    }
    let (app, pid) = (look.app(), master.process.pid);
    let mut finding = look
        .finding(Severity::Warning, format!("{pid} mixes {} and older code", named(current)))
        .about(pid)
        .told(
            Line::new(format!("{} serves a mix: ", cut(&app.name, 16)))
                .keep(format!("{pid} reloaded into {}", named(current))),
            Line::new("it preloads the app: a reload keeps the classes that it had loaded"),
            Line::new(advice::new_code_in_short(app, master)),
        )
        .leads_to(
            "Templates and configuration are new, classes are old: errors that no test sees.",
        );
    finding.fix = advice::new_code(app, master);
    look.found(
        with(finding, evidence)
            .for_good("deploy by an upgrade: a reload loads no code with preload_app true"),
    );
}
