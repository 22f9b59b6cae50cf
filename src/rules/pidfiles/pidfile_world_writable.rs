//! `pidfile-world-writable`: anyone may rewrite the pidfile, or the directory that it lies in.

use std::path::Path;

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::facts::permission::{SEARCH, anyone_may, anyone_may_replace};
use crate::model::{Directory, Pidfile, PidfileKind};
use crate::os::{FileKind, shown};
use crate::rules::pidfiles::name;

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-world-writable",
    needs: &[Need::Pidfile],
    worst: Severity::Warning,
    stops_service: false,
    summary: "Anyone may rewrite the pidfile or its directory, and so choose whom root signals.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The mode of the pidfile, or of a directory that leads to it, lets every user of the machine put another number
there.

## Why it matters

Whoever stops or upgrades the app signals the number in that file, often as root. A program of any user, the web
server's for one, can make that a process of its choice.

## How farrier decides

It looks at the pidfiles that a living master was given, at the files themselves and at every directory on the
way to them. Anyone may write there (`o+w`, a directory without the sticky bit), and anyone can get there, since
each directory above may be searched by all.

## When it stays silent

In a sticky directory, as `/tmp` is one, nobody replaces another's file. Writing for a group is no matter of
everyone's. What lies behind a directory that only its owner or group may search is out of reach, and what is
mounted read-only is not written.

## How to fix it

Take the right from all others; the master needs its own only:

    chmod o-w DIRECTORY
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let mut given = false;
    for file in app.pidfiles.iter().filter(|file| file.kind == PidfileKind::Current) {
        if file.owner.is_none() {
            continue;
        }
        given = true;
        for directory in &file.directories {
            check_directory(look, file, directory);
        }
        check_file(look, file);
    }
    let unknown = app
        .living_masters()
        .any(|master| look.of(master.process.pid, "pidfile", &master.pidfile).is_none());
    if !given && !unknown && app.living_masters().next().is_some() {
        look.not_here();
    }
}

fn check_directory(look: &mut Look<'_>, file: &Pidfile, directory: &Directory) {
    let what = format!("directory {}", shown(&directory.path));
    let Some(Some(stat)) = look.at(&what, &directory.stat) else { return };
    if !anyone_may_replace(stat) || in_reach(look, file, directory.path.parent()) != Some(true) {
        return;
    }
    let Some(Some(access)) = look.at(what, &directory.access) else { return };
    if !access.read_only && !access.fixed {
        report(look, file, &directory.path, stat.mode, &directory.stat.place);
    }
}

fn check_file(look: &mut Look<'_>, file: &Pidfile) {
    const WRITE: u32 = 0o2;
    let Some(Some(stat)) = look.at(format!("file {}", shown(&file.path)), &file.stat) else {
        return;
    };
    if stat.kind != FileKind::Regular || !anyone_may(WRITE, stat) {
        return;
    }
    let Some(real) = look.at(format!("where {} leads", shown(&file.path)), &file.real) else {
        return;
    };
    let holder = real.as_deref().and_then(Path::parent);
    let mounted = file.directories.iter().find(|d| Some(d.path.as_path()) == holder);
    let Some(holder) = mounted else { return };
    let Some(Some(access)) = look.at(format!("directory {}", shown(&holder.path)), &holder.access)
    else {
        return;
    };
    if !access.read_only && in_reach(look, file, Some(&holder.path)) == Some(true) {
        report(look, file, &file.path, stat.mode, &file.stat.place);
    }
}

/// Whether anyone gets as far as a directory: it and each one above it may be searched by all.
fn in_reach(look: &mut Look<'_>, file: &Pidfile, to: Option<&Path>) -> Option<bool> {
    let on_the_way = |directory: &&Directory| to.is_some_and(|to| to.starts_with(&directory.path));
    let mut unseen = false;
    for directory in file.directories.iter().filter(on_the_way) {
        match look.at(format!("directory {}", shown(&directory.path)), &directory.stat) {
            Some(Some(stat)) if !anyone_may(SEARCH, stat) => return Some(false),
            Some(_) => {}
            None => unseen = true,
        }
    }
    (!unseen).then_some(true)
}

fn report(
    look: &mut Look<'_>,
    file: &Pidfile,
    path: &Path,
    mode: u32,
    place: &crate::facts::Place,
) {
    let app = look.app();
    let is_file = path == file.path;
    let what = if is_file { "its pidfile" } else { "the way to its pidfile" };
    let summary = if is_file {
        format!("anyone may rewrite {}", cut(&name(file), 30))
    } else {
        format!("anyone may replace {}", cut(&name(file), 30))
    };
    let mut finding = look
        .finding(Severity::Warning, summary)
        .at_path(path)
        .told(
            Line::new(format!("{}: anyone may rewrite {what}", cut(&app.name, 16))),
            Line::new(format!("{} has mode {mode:04o}", cut(&app.short(path), 44)))
                .aside(", without the sticky bit"),
            Line::new(format!(
                "take the right from all others: chmod o-w {}",
                cut(&app.short(path), 26)
            )),
        )
        .seen(format!("{} has mode {mode:04o}", shown(path)), place)
        .leads_to("Whoever signals by this pidfile signals a process of somebody else's choice.")
        .fix(format!("chmod o-w {}", quote::of_app(app, path)))
        .for_good("start the deploy with umask 022, and make no directory of it writable for all");
    for by in &file.named_by {
        finding = finding.seen("names this file", crate::facts::Place::new(by.clone()));
    }
    finding.pid = file.owner;
    look.found(finding);
}
