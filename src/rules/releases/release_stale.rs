//! `release-stale`: the serving master runs another release than `current` names.

use crate::contract::line::{Line, age, cut, named};
use crate::contract::{Blind, Finding, Look, Need, Rule, Severity, dates};
use crate::facts::Lack;
use crate::model::log::Said;
use crate::model::takeover::{timed, zone};
use crate::model::{CurrentState, Layout, Master, Operation, Phase};
use crate::rules::advice;
use crate::rules::releases::{reload, with};

/// The card.
pub const RULE: Rule = Rule {
    name: "release-stale",
    needs: &[Need::Code],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The serving master runs another release than `current` names.",
    meaning: MEANING,
    offers: Some(Operation::Upgrade),
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The link `current` names one release, and the master that serves runs another one. A deploy switched the link
and the restart after it did not happen, was refused, or came up with the old code.

## Why it matters

Visitors get the code from before the deploy although the deploy looks done. Assets, migrations and background
jobs may already be of the newer release.

## How farrier decides

It resolves the working directory of the ready master and compares the release that it lies in with the one that
`current` names. A master inside the right directory is stale too when it preloads the app, started before that
release arrived and before `current` was switched, and all its workers are younger than the switch: a reload
moved its directory, and the classes that it had loaded stayed.

## When it stays silent

While `current` was switched, or a newer master started, less than the grace ago, it is only information. A
process that runs in no release, a superseded master beside a ready one (`oldbin-lingering`), a `current` that
leads nowhere (`current-broken`) and a complete rollback give nothing. That no upgrade followed is said only where
the log of that time can be read.

## How to fix it

Upgrade: send USR2 to the master, wait until the new one is ready, then QUIT to the old one. Where an old master
still lives, retire it first, since USR2 is refused until then. Where `current` was switched back on purpose,
the same upgrade brings the processes back too. Where the log tells that the release was tried already, and failed
or was taken back, no upgrade is offered: switch `current` back, or mend the release and deploy it anew.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let Some(state) = look.at("what current is", &layout.current.state) else { return };
    let CurrentState::Release(current) = state else { return };
    for master in look.app().upgradable() {
        if master.phase != Phase::Ready {
            continue;
        }
        match look.of(master.process.pid, "release", &master.release) {
            Some(Some(release)) if release == current => reloaded(look, layout, master, current),
            Some(Some(release)) => behind(look, layout, master, release, current),
            // It runs outside of the releases: which one its code came from is nowhere to be seen.
            Some(None) => look.cannot_see(Blind {
                what: format!("the release that {} loaded", master.process.pid),
                place: master.process.cwd.place.clone(),
                why: Lack::Depends("a working directory outside of the releases".into()),
                pid: Some(master.process.pid),
            }),
            None => {}
        }
    }
}

/// Its directory is another release's.
fn behind(look: &mut Look<'_>, layout: &Layout, master: &Master, release: &str, current: &str) {
    let Some(severity) = severity(look) else { return };
    let (pid, app) = (master.process.pid, cut(&look.app().name, 16));
    let back = layout.offset(release).is_some_and(|offset| offset > 0);
    let leads_to = if back {
        format!("current was switched back; visitors still get {release}.")
    } else {
        format!("Visitors get the code of {release} until an upgrade.")
    };
    let finding = look
        .finding(severity, format!("{pid} runs {}, current {}", named(release), named(current)))
        .brief(format!("{pid} runs {}", named(release)))
        .told(
            what(look, layout, &app, (release, current), back),
            why(look, layout, master),
            next(look, layout, master),
        )
        .seen(format!("{pid} runs in {release}"), &master.process.cwd.place)
        .seen(format!("current names {current}"), &layout.current.state.place)
        .leads_to(leads_to);
    finish(look, layout, master, finding);
}

/// What visitors get, by the days of the releases where these are known: a name of 14 digits is hard to compare.
fn what(
    look: &Look<'_>,
    layout: &Layout,
    app: &str,
    (release, current): (&str, &str),
    back: bool,
) -> Line {
    let census = look.census();
    // One that is younger than the live one was left by a way back.
    let live = dates::of_release(layout, current).filter(|_| !back);
    let made = dates::of_release(layout, release).filter(|made| live.is_some_and(|at| *made < at));
    let Some((made, switched)) = made.zip(layout.current.switched_at.get()) else {
        return Line::new(format!("{app} serves {}", named(release)))
            .keep(format!(", current names {}", named(current)));
    };
    let (mut of, mut at) = (dates::day(made, census), dates::on_day(*switched, census));
    if at == format!("on {of}") {
        of = dates::minute(made, census);
        at = dates::on_minute(*switched, census);
    }
    Line::new(format!("{app} serves the release of {of}"))
        .aside(format!(" ({})", named(release)))
        .keep(format!(", not the one deployed {at}"))
        .aside(format!(" ({})", named(current)))
}

/// Its directory is the right one, but what it had loaded is older: a reload of a master that preloads.
fn reloaded(look: &mut Look<'_>, layout: &Layout, master: &Master, current: &str) {
    let pid = master.process.pid;
    let evidence = reload(look, layout, master, current);
    if evidence.is_empty() {
        return;
    }
    let Some(severity) = severity(look) else { return };
    let app = cut(&look.app().name, 16);
    let finding = look
        .finding(severity, format!("{pid} reloaded into {}, its code is older", named(current)))
        .told(
            Line::new(format!("{app}: {pid} reloaded into {}, its code is older", named(current))),
            Line::new("it preloads the app: a reload keeps the classes that it had loaded"),
            next(look, layout, master),
        )
        .leads_to("Classes are of the release before until an upgrade.");
    finish(look, layout, master, with(finding, evidence));
}

fn severity(look: &mut Look<'_>) -> Option<Severity> {
    look.young().map(|young| if young { Severity::Info } else { Severity::Warning })
}

fn why(look: &Look<'_>, layout: &Layout, master: &Master) -> Line {
    if let Some(obstacle) = advice::obstacle(look.app(), master) {
        return Line::new(obstacle);
    }
    if let Some(given_up) = advice::given_up(look.app(), master) {
        return Line::new(given_up.words());
    }
    let pid = master.process.pid;
    let lived = master.process.age.get().map(|seconds| format!(" for {}", age(*seconds)));
    let switched = layout.current.switched_at.get().map(|at| {
        let seconds = look.census().taken_at.duration_since(*at).as_secs();
        format!(" {} ago", age(u64::try_from(seconds).unwrap_or(0)))
    });
    Line::new(format!("{pid} has run"))
        .keep(lived.unwrap_or_else(|| " on".into()))
        .keep(", current was switched")
        .keep(switched.unwrap_or_default())
        .aside(if nothing_followed(look, layout, master) { "; no upgrade followed" } else { "" })
}

/// Whether the log of that time is there to be read, and tells of no attempt since `current` was switched. One that was
/// rotated or cut since, or that nobody can read, says nothing of what is not in it.
fn nothing_followed(look: &Look<'_>, layout: &Layout, master: &Master) -> bool {
    let known = || {
        let switched = *layout.current.switched_at.get()?;
        let log = master.log.get()?.as_ref()?;
        let zone = zone(master, look.census())?;
        let all: Vec<_> = timed(&log.entries, &zone).collect();
        let covers = all.first().is_some_and(|(_, at)| *at <= switched);
        let tried = |said: &Said| {
            matches!(said, Said::Executing { .. } | Said::Ended { .. } | Said::Refused(_))
        };
        // Where the master writes to a file that was moved away, another attempt may stand in the one that is there now.
        let since = all.iter().any(|(entry, at)| *at >= switched && tried(&entry.said));
        Some(covers && !since && log.aside.is_none())
    };
    known().unwrap_or(false)
}

fn next(look: &Look<'_>, layout: &Layout, master: &Master) -> Line {
    if advice::obstacle(look.app(), master).is_some() {
        Line::new(format!("clear the way for {} first", advice::restart(look.app())))
            .aside(": see the fix")
    } else if advice::given_up(look.app(), master).is_some() {
        Line::new("switch current back, or mend the release and deploy it anew")
    } else if advice::leads_elsewhere(look.app(), layout, master).is_some() {
        Line::new(format!("mend where {} leads first", advice::restart(look.app())))
            .aside(": see the fix")
    } else {
        Line::new(advice::new_code_in_short(look.app(), master))
    }
}

fn finish(look: &mut Look<'_>, layout: &Layout, master: &Master, finding: Finding) {
    let mut finding = finding.about(master.process.pid);
    if let Some(elsewhere) = advice::leads_elsewhere(look.app(), layout, master) {
        finding = finding.fix(format!("# first: {elsewhere}"));
    } else {
        finding.fix = advice::new_code(look.app(), master);
    }
    if let Some(given_up) = advice::given_up(look.app(), master) {
        finding = finding.seen(given_up.words(), &given_up.place);
        finding.leads_to =
            format!("The next restart, by whomever, starts {} again.", named(given_up.release));
        finding.offers = None;
    }
    let finding = finding.for_good(
        "let the deploy wait until the new master is ready and runs the release it deployed",
    );
    look.found(finding);
}
