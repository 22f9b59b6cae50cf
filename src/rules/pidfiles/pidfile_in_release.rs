//! `pidfile-in-release`: the pidfile really lies in one release and stays behind when `current` moves.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{Layout, Pidfile, PidfileKind, PidfileState};
use crate::os::shown;
use crate::rules::pidfiles::name;

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-in-release",
    needs: &[Need::Pidfile],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The pidfile really lies in one release and stays behind when `current` moves.",
    meaning: MEANING,
    offers: None,
    causes: &["pidfile-missing", "pidfile-stale", "oldbin-lingering", "master-duplicate"],
    check,
};

const MEANING: &str = "\
## What it means

The pidfile's path, all links resolved, lies inside one release. The next deploy looks for it in another.

## Why it matters

After the switch of `current` a hook or script reads the new release's directory: there is no pidfile, so it
starts a second master, or never retires the old one. The clean-up deletes the file in the end.

## How farrier decides

It resolves the pidfile's path as the master sees it, and looks whether it goes through an entry of `releases/`.
Only files count that a living master was given or that name one.

## When it stays silent

A `tmp/pids` in the release that is a link to `shared/` is right: the file is in `shared/` then. Left-over files
of old releases that name nobody say nothing.

## How to fix it

Set `pid` to an absolute path below `shared/` or `/run`, or link the release's `tmp/pids` to `shared/`
(`linked_dirs`). It takes effect with the next upgrade.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    for file in look.app().pidfiles.iter().filter(|file| file.kind == PidfileKind::Current) {
        let live = file.owner.is_some()
            || look.at(format!("what {} names", shown(&file.path)), &file.state)
                == Some(&PidfileState::Live);
        if !live {
            continue;
        }
        let Some(real) = look.at(format!("where {} leads", shown(&file.path)), &file.real) else {
            continue;
        };
        if let Some(release) = real.as_ref().and_then(|real| layout.release_of(real)) {
            report(look, layout, file, &release);
        }
    }
}

fn report(look: &mut Look<'_>, layout: &Layout, file: &Pidfile, release: &str) {
    let app = look.app();
    let shared = layout.shared.clone().unwrap_or_else(|| layout.root.join("shared"));
    let path = shared.join("pids").join(name(file));
    let config = file
        .owner
        .and_then(|owner| app.master(owner))
        .and_then(|master| master.config.get())
        .map_or_else(|| "the configuration".into(), |config| app.short(&config.file.path));
    let mut finding = look
        .finding(
            Severity::Warning,
            format!("{} lies in release {}", cut(&name(file), 26), named(release)),
        )
        .at_path(&file.path)
        .told(
            Line::new(format!("{}: its pidfile lies in release", cut(&app.name, 16)))
                .keep(format!(" {}", named(release))),
            Line::new("it stays behind when current moves")
                .aside(": the next deploy looks elsewhere"),
            Line::new("set pid to a path below shared").aside(", then upgrade"),
        )
        .seen(format!("{} is really in releases/{release}", shown(&file.path)), &file.real.place)
        .leads_to("After the next switch scripts find no master, or start a second one.")
        .fix(format!("# in {config}: pid \"{}\"", shown(&path)))
        .for_good("link tmp/pids of every release to shared (linked_dirs)");
    for by in &file.named_by {
        finding = finding.seen("names this file", crate::facts::Place::new(by.clone()));
    }
    finding.pid = file.owner.or(file.pid);
    look.found(finding);
}
