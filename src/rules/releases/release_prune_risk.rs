//! `release-prune-risk`: a release that is in use is among those that the next clean-up deletes.

use std::collections::BTreeMap;

use crate::contract::line::{Line, count, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::deploy::capistrano::DEPLOY;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Layout, Limits, Master, Release, Role, Setting};
use crate::os::{Pid, shown};
use crate::rules::advice;

/// The card.
pub const RULE: Rule = Rule {
    name: "release-prune-risk",
    needs: &[Need::Code],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A release that is in use is among those that the next clean-up deletes.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A process runs in an old release, or the next USR2 needs one, and the next deploy deletes it: a clean-up keeps the
newest releases by their names and spares no other one than that which `current` leads to.

## Why it matters

What loads a file late (a template, a constant, a worker that is started anew) then fails, and a USR2 that needs the
release comes to nothing.

## How farrier decides

The next deploy adds a release and its clean-up leaves `keep_releases` of them: the literal number in
`config/deploy.rb` of the live release, else the setting, 5 by default. Names that are no timestamps are left alone,
as Capistrano does; where there are none of these, all numbers count. How many deploys are left is said.

## When it stays silent

The release that `current` names is never deleted. While another deploy is left nothing is said, nor in a young
handover of the release that the old master still runs. A file of a stage (`config/deploy/production.rb`) may set
another number; it is not read.

## How to fix it

Upgrade, or retire the old master, before the next deploy. Where the next USR2 needs the release, mend that first
(`release-pinned`, `gemfile-pinned`).
";

/// Who needs a release.
#[derive(Default)]
struct Users<'a> {
    /// Masters that run in it, or whose workers do.
    running: Vec<&'a Master>,
    /// What of the next re-execution names it, in words, with the place.
    named: Vec<(Pid, String, Place)>,
}

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let mut used: BTreeMap<String, Users<'_>> = BTreeMap::new();
    running(look, &mut used);
    named_by_restart(look, layout, &mut used);
    if look.at("what current is", &layout.current.state).is_none() {
        return;
    }
    if let Some(current) = layout.current_release() {
        used.remove(current);
    }
    if used.is_empty() {
        return;
    }
    let Some(releases) = look.at("the releases", &layout.releases) else { return };
    let Some((keep, place)) = keep(look, layout) else { return };
    let doomed = doomed(releases, keep);
    for (release, mut users) in used {
        if !doomed.contains(&release.as_str()) {
            continue;
        }
        if !users.running.is_empty() && look.young() != Some(false) {
            users.running.clear();
        }
        if !users.running.is_empty() || !users.named.is_empty() {
            report(look, layout, (&release, &users), (keep, &place));
        }
    }
}

fn running<'a>(look: &mut Look<'a>, used: &mut BTreeMap<String, Users<'a>>) {
    for master in look.app().living_masters() {
        let own = (master.process.pid, &master.release);
        let workers = master.workers_alive().map(|worker| (worker.process.pid, &worker.release));
        for (pid, release) in std::iter::once(own).chain(workers) {
            let Some(Some(release)) = look.of(pid, "release", release) else { continue };
            let users = &mut used.entry(release.clone()).or_default().running;
            if !users.iter().any(|other| other.process.pid == master.process.pid) {
                users.push(master);
            }
        }
    }
}

fn named_by_restart<'a>(
    look: &mut Look<'a>,
    layout: &Layout,
    used: &mut BTreeMap<String, Users<'a>>,
) {
    for master in look.app().upgradable() {
        let (pid, restart) = (master.process.pid, &master.restart);
        let signal = advice::restart(look.app());
        let mut name = |what: &str, path: &std::path::Path, place: &Place| {
            if let Some(release) = layout.release_of(path) {
                let words = format!("the {what} of the next {signal} to {pid} is {}", shown(path));
                used.entry(release).or_default().named.push((pid, words, place.clone()));
            }
        };
        if let Some(spot) = look.of_restart(pid, "restart directory", &restart.directory) {
            name("directory", &spot.path, &restart.directory.place);
        }
        if let Some(spot) = look.of_restart(pid, "restart program", &restart.program) {
            name("program", &spot.path, &restart.program.place);
        }
        if let Some(Some(spot)) = look.of_restart(pid, "restart configuration", &restart.config) {
            name("configuration", &spot.path, &restart.config.place);
        }
        if let Some(Some(gemfile)) = look.of_restart(pid, "restart Gemfile", &restart.gemfile) {
            name("Gemfile", &gemfile.file.path, &restart.gemfile.place);
        }
    }
}

/// How many releases a clean-up leaves, and who says so.
fn keep(look: &mut Look<'_>, layout: &Layout) -> Option<(usize, Place)> {
    let limit = look.census().limits.keep_releases;
    let settings = || Some((limit, Place::new("the settings, or the default")));
    match &layout.keeps.value {
        Ok(Setting::Set { value, line }) => {
            Some((*value, Place::line(&layout.current.path.join(DEPLOY), *line)))
        }
        Ok(Setting::NotSet) | Err(Lack::Depends(_)) => settings(),
        Ok(Setting::Unevaluable { text, .. }) => {
            let lack = Lack::Unevaluable(text.to_string());
            look.at("keep_releases", &Fact::<()>::lacking(layout.keeps.place.clone(), lack));
            None
        }
        Err(_) => {
            look.at("keep_releases", &layout.keeps);
            None
        }
    }
}

/// What the clean-up of the next deploy deletes, as far as it is known how many releases that leaves.
pub fn deleted_next<'a>(layout: &'a Layout, limits: &Limits) -> Vec<&'a str> {
    let keep = match &layout.keeps.value {
        Ok(Setting::Set { value, .. }) => *value,
        Ok(Setting::NotSet) | Err(Lack::Depends(_)) => limits.keep_releases,
        _ => return Vec::new(),
    };
    layout.releases.get().map_or_else(Vec::new, |releases| doomed(releases, keep))
}

/// The names that the clean-up of the next deploy deletes, which adds one of its own.
fn doomed(releases: &[Release], keep: usize) -> Vec<&str> {
    let numbers = |length: Option<usize>| {
        let is_one = move |name: &&str| {
            name.bytes().all(|byte| byte.is_ascii_digit())
                && length.is_none_or(|length| name.len() == length)
        };
        let mut names: Vec<&str> =
            releases.iter().map(|release| release.name.as_str()).filter(is_one).collect();
        names.sort_by_key(|name| (name.len(), *name));
        names
    };
    let mut names = numbers(Some(14));
    if names.is_empty() {
        names = numbers(None);
    }
    let stay = keep.saturating_sub(1);
    names.truncate(names.len().saturating_sub(stay));
    names
}

fn report(
    look: &mut Look<'_>,
    layout: &Layout,
    (release, users): (&str, &Users<'_>),
    (keep, place): (usize, &Place),
) {
    let app = look.app();
    let calm = users.running.is_empty() && !app.uses_reexec();
    let severity = if calm { Severity::Info } else { Severity::Warning };
    let short = named(release);
    let runs = users.running.first().map(|master| master.process.pid);
    let needs = users.named.first().map(|(pid, ..)| *pid);
    let (why, next) = match (runs, needs) {
        (_, Some(pid)) => (
            format!("the next {} to {pid} needs it", advice::restart(app)),
            "mend that before the next deploy: see release-pinned, gemfile-pinned".to_owned(),
        ),
        (Some(pid), None) => (
            format!("{pid} runs in it"),
            format!("{} or retire before the next deploy", advice::renew(app)),
        ),
        (None, None) => return,
    };
    let mut finding = look
        .finding(severity, format!("the next deploy deletes {short}"))
        .at_path(&layout.releases_directory.join(release))
        .told(
            Line::new(format!("{}: the next deploy deletes {short}", cut(&app.name, 16))),
            Line::new(why).aside(format!("; 0 deploys are left, {} stay", count(keep, "release"))),
            Line::new(next),
        )
        .leads_to(format!(
            "What it loads late is gone then, and a {} that needs it comes to nothing.",
            advice::restart(app)
        ));
    if let Some(pid) = runs.or(needs) {
        finding = finding.about(pid);
    }
    for master in &users.running {
        let pid = master.process.pid;
        let fact = format!("{pid} or a worker of it runs in {release}");
        finding = finding.seen(fact, &master.process.cwd.place);
    }
    for (_, words, place) in &users.named {
        finding = finding.seen(words.clone(), place);
    }
    let there = layout.releases.get().map_or(0, Vec::len);
    finding = finding
        .seen(format!("{} lie there", count(there, "release")), &layout.releases.place)
        .seen(format!("a clean-up leaves {keep} of them, the newest by name"), place.clone());
    for master in &users.running {
        let pid = master.process.pid;
        let serves_alone = |other: &Master| {
            other.process.pid != pid
                && other.role != Role::Old
                && other.workers_alive().next().is_some()
        };
        if master.role == Role::Old && app.living_masters().any(serves_alone) {
            finding = finding.fix(advice::end(app, pid));
        } else if users.named.is_empty() {
            finding.fix.extend(advice::new_code(app, master));
        }
    }
    if !users.named.is_empty() {
        finding = finding.fix(format!(
            "# let the next {} lead through current (release-pinned, gemfile-pinned)",
            advice::restart(app)
        ));
    }
    look.found(finding.for_good("let the deploy clean up only after the restart was seen to work"));
}
