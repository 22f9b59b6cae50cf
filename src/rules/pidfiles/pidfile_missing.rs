//! `pidfile-missing`: a living master was given a pidfile, and it is not on disk.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::{Master, Phase, Pidfile, PidfileKind, PidfileState, Role};
use crate::os::shown;
use crate::rules::pidfiles::{lasts, name};

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-missing",
    needs: &[Need::Pidfile],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A living master was given a pidfile, and it is not on disk.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The configuration or the arguments name a pidfile, the master that was given it lives, and the file is not
there.

## Why it matters

Scripts, hooks and supervisors find no master: a stop does nothing, a start makes a second one beside the first.

## How farrier decides

The path is the one that the ready master was given, relative ones from its working directory. Nothing may stand
there at two looks, outside a young handover.

## When it stays silent

During a handover: a superseded master's file is renamed to the oldbin, and the new one writes its own while it
boots. Where no pidfile is configured there is no subject.

## How to fix it

Write the file again with the master's number, as its user. Then look why it went: a clean-up of a temporary
directory, a path inside a release (`pidfile-in-release`), a relative path.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let mut given = false;
    for master in app.living_masters() {
        let serves = matches!(master.role, Role::Current | Role::Duplicate);
        if master.phase != Phase::Ready || !serves {
            continue;
        }
        let pid = master.process.pid;
        let known = look.of(pid, "pidfile", &master.pidfile);
        given |= known.is_none_or(Option::is_some);
        let Some(Some(path)) = known else { continue };
        let mine = |file: &&Pidfile| {
            file.kind == PidfileKind::Current && (file.owner == Some(pid) || &file.path == path)
        };
        let Some(file) = app.pidfiles.iter().find(mine) else { continue };
        let Some(state) = look.at(format!("what stands at {}", shown(&file.path)), &file.state)
        else {
            continue;
        };
        let missing = |state: &PidfileState| *state == PidfileState::Missing;
        // The new master's own, which it renames once the old one has ended.
        let own = |file: &&Pidfile| file.kind == PidfileKind::New && file.pid == Some(pid);
        if app.pidfiles.iter().any(|file| own(&file)) {
            continue;
        }
        if missing(state) && look.young() == Some(false) && lasts(look, file, missing) {
            report(look, master, file);
        }
    }
    if !given && app.living_masters().next().is_some() {
        look.not_here();
    }
}

fn report(look: &mut Look<'_>, master: &Master, file: &Pidfile) {
    let app = look.app();
    let pid = master.process.pid;
    let path = quote::seen_by(&master.process, &file.path);
    let number = master.process.own_number();
    let user = master.process.user.get().map(|user| format!("# as {user}:"));
    let mut finding = look
        .finding(Severity::Warning, format!("{pid} lives, {} is not there", cut(&name(file), 26)))
        .about(pid)
        .at_path(&file.path)
        .told(
            Line::new(format!("{}: {pid} lives, its pidfile is not there", cut(&app.name, 16))),
            Line::new(format!("{} is gone", app.short(&file.path))),
            Line::new(format!("write {number} into it again")).aside(", as the fix says"),
        )
        .seen(format!("{pid} was given {}", shown(&file.path)), &master.pidfile.place)
        .seen("nothing stands there", &file.stat.place)
        .leads_to("A stop finds nobody, and a start makes a second master.");
    if let Some(user) = user {
        finding = finding.fix(user);
    }
    look.found(
        finding
            .fix(format!("( set -C; echo {number} > {path} )"))
            .for_good("keep the pidfile in shared/ or /run, by an absolute path"),
    );
}
