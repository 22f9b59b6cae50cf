//! `gemfile-mismatch`: the next re-execution loads another release's Gemfile, and the lock files differ.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{Gemfile, Layout, Lock, Master};
use crate::os::shown;
use crate::rules::ruby::gemfile_pinned;
use crate::rules::ruby::gemfile_pinned::is_rescued;

/// The card.
pub const RULE: Rule = Rule {
    name: "gemfile-mismatch",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The next re-execution loads the gems of another release, and the lock files differ.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The Gemfile that the next USR2 will load lies in another release than the code that it will run, and the two
`Gemfile.lock` files are not the same.

## Why it matters

The new code starts with other gem versions than it was tested with. A gem that only the new lock file has stops
the boot: `Could not find … in any of the sources`.

## How farrier decides

The lock file beside the Gemfile of the next re-execution is compared with the one of the release that `current`
names, and with the one of the release that the process runs. Equal bytes are equal locks; else gem by gem.

## When it stays silent

Lock files that are equal, a release without one, and an entry of `releases/` that is a link to the live
release. A Gemfile that is gone is `gemfile-missing`. Where nothing shows that USR2 is used here it is only
information.

## How to fix it

The same as for `gemfile-pinned`: let the configuration set `BUNDLE_GEMFILE` to the Gemfile below `current`,
without a condition.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let mut bundled = false;
    for master in look.app().upgradable() {
        let known = look.of(master.process.pid, "restart Gemfile", &master.restart.gemfile);
        bundled |= known.is_none_or(Option::is_some);
        if let Some(Some(gemfile)) = known
            && let Some(pinned) = &gemfile.release
            && is_rescued(look, gemfile) == Some(false)
        {
            compare(look, layout, master, gemfile, pinned);
        }
    }
    if !bundled {
        look.not_here();
    }
}

fn compare(look: &mut Look<'_>, layout: &Layout, master: &Master, gemfile: &Gemfile, pinned: &str) {
    let pid = master.process.pid;
    if look.absent("the Gemfile", &gemfile.file) != Some(false) {
        return;
    }
    let Some(ours) = look.of(pid, "restart Gemfile.lock", &gemfile.lock) else { return };
    let Some(ours) = ours else { return };
    if look.at("what current is", &layout.current.state).is_none() {
        return;
    }
    let running = look.of(pid, "release", &master.release).and_then(Option::as_deref);
    let others = [layout.current_release(), running];
    for name in others.into_iter().flatten().filter(|name| *name != pinned) {
        let Some(release) = layout.release(name) else {
            look.at("the releases", &layout.releases);
            continue;
        };
        let Some(theirs) = look.at(format!("Gemfile.lock of {name}"), &release.lock) else {
            continue;
        };
        if let Some(theirs) = theirs
            && ours.digest != theirs.digest
        {
            report(look, layout, master, gemfile, (pinned, ours), (name, theirs));
            return;
        }
    }
}

fn report(
    look: &mut Look<'_>,
    layout: &Layout,
    master: &Master,
    gemfile: &Gemfile,
    (pinned, ours): (&str, &Lock),
    (other, theirs): (&str, &Lock),
) {
    let app = look.app();
    let severity = if app.uses_reexec() { Severity::Warning } else { Severity::Info };
    let difference = difference(ours, theirs);
    let new = layout.current_release() == Some(other)
        && master.release.get().is_some_and(|runs| runs.as_deref() != Some(other));
    let whose = if new { "the new code".into() } else { named(other) };
    let (summary, brief) = match &difference {
        Some(gem) => {
            let lacks = format!("its lock has no {}", cut(gem, 24));
            (format!("{lacks}; {whose} has"), lacks)
        }
        None => (
            format!("its lock differs from that of {}", named(other)),
            "its lock differs from that of the code".into(),
        ),
    };
    let mut finding = look
        .finding(severity, summary)
        .brief(brief)
        .about(master.process.pid)
        .at_path(&gemfile.file.path)
        .told(
            Line::new(format!("{}: the next USR2 has the gems of", cut(&app.name, 16)))
                .keep(format!(" {}", named(pinned))),
            match &difference {
                Some(gem) => Line::new(format!("its lock file has no {gem}"))
                    .aside(format!(", that of {} has", named(other))),
                None => Line::new(format!("its lock file differs from that of {}", named(other))),
            },
            Line::new("set BUNDLE_GEMFILE in before_exec").aside(", as the fix says"),
        )
        .seen(
            format!("the lock file beside BUNDLE_GEMFILE is {}", shown(&ours.path)),
            &gemfile.lock.place,
        )
        .seen(format!("lock file of {other} differs"), crate::facts::Place::path(&theirs.path))
        .leads_to("The code starts with gems that it was not tested with, or not at all.");
    if let Some(gem) = &difference {
        finding = finding.seen(
            format!("{gem} is only in the lock file of {other}"),
            crate::facts::Place::path(&theirs.path),
        );
    }
    finding.fix = gemfile_pinned::fix(look, layout, master, pinned, false);
    look.found(finding.for_good(format!(
        "in before_exec of every release's configuration: {}",
        gemfile_pinned::setting(layout)
    )));
}

/// The first gem and version that the other lock file has and ours has not.
fn difference(ours: &Lock, theirs: &Lock) -> Option<String> {
    theirs
        .gems
        .iter()
        .find(|(gem, version)| ours.gems.get(*gem) != Some(*version))
        .map(|(gem, version)| format!("{gem} {version}"))
}
