//! `reexec-missing`: the directory, the program or its interpreter that the next re-execution needs is gone.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::facts::Fact;
use crate::facts::files::Spot;
use crate::model::{App, Master, Restart};
use crate::os::{FileKind, FileStat, Pid, shown};
use crate::rules::{advice, python};

/// The card.
pub const RULE: Rule = Rule {
    name: "reexec-missing",
    needs: &[Need::Reexec],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The directory, the program or its interpreter that the next re-execution needs is gone or cannot run.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

At USR2 a master changes to the directory of its first start and executes the program of its first start, by its
path. One of these, or the interpreter in the program's `#!` line, is not there or may not be executed.

## Why it matters

Every USR2 comes to nothing: the log has `No such file or directory`, the old master serves on with the old
code.

## How farrier decides

It takes directory and program of the next re-execution (from the master's memory, its log, or inferred) and
looks at each: the directory has to be one, the program and the interpreter have to be files with an execute
bit. Paths through `current` have to be broken at two looks, since a switch of the link may leave a short gap.

## When it stays silent

A working directory that is deleted says nothing, if the re-execution starts elsewhere. A program that could not
be worked out is not decided. Where nothing shows that USR2 is used here it is only information.

## How to fix it

Where a deleted release is to blame, link it to `current` and upgrade. Else put the program back, or set another
in the configuration: `Unicorn::HttpServer::START_CTX[0] = \"/path/to/current/bin/unicorn\"`. Gems belong into
`shared/bundle`, not into a release.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        look.of_restart(pid, "restart directory", &master.restart.directory);
        look.of_restart(pid, "restart program", &master.restart.program);
        let program_is_there = matches!(
            master.restart.program.get().map(|program| program.stat.get()),
            Some(Some(Some(_)))
        );
        if program_is_there {
            look.of_restart(pid, "restart interpreter", &master.restart.interpreter);
        }
        let interpreter = python::interpreter(app, &master.restart);
        for (part, spot) in parts(&master.restart) {
            if interpreter.is_some_and(|interpreter| interpreter.path == spot.path) {
                // `venv-missing` tells of it.
                continue;
            }
            let Some(stat) = look.at(shown(&spot.path), &spot.stat) else { continue };
            let Some(wrong) = fault(part, stat.as_ref()) else { continue };
            if wrong == CLOSED && part == "program" && interpreter.is_some() {
                // Python reads it, and nobody executes it.
                continue;
            }
            if look.through_current(&spot.path) {
                let Some(before) = look.before() else { continue };
                if !was_wrong(look, before, pid, part) {
                    continue;
                }
            }
            report(look, app, master, part, spot, wrong);
        }
    }
}

/// What is there and lacks the permission.
pub const CLOSED: &str = "may not be executed";

/// Where it begins, of a server whose setting then leads it elsewhere.
const FIRST: &str = "first directory";

/// What the next re-execution needs, as far as it is known.
fn parts(restart: &Restart) -> impl Iterator<Item = (&'static str, &Spot)> {
    let interpreter = restart.interpreter.get().and_then(Option::as_ref);
    [
        (FIRST, restart.begins.as_ref().and_then(Fact::get)),
        ("directory", restart.directory.get()),
        ("program", restart.program.get()),
        ("interpreter", interpreter),
    ]
    .into_iter()
    .filter_map(|(part, spot)| Some((part, spot?)))
}

/// What is wrong with what stands there; `None`: nothing.
fn fault(part: &str, stat: Option<&FileStat>) -> Option<&'static str> {
    match stat {
        Some(stat) if matches!(part, "directory" | FIRST) => {
            (stat.kind != FileKind::Directory).then_some("is no directory")
        }
        file => cannot_run(file),
    }
}

/// What is wrong with a file that is to be executed; `None`: nothing.
pub fn cannot_run(stat: Option<&FileStat>) -> Option<&'static str> {
    match stat {
        None => Some("is gone"),
        Some(stat) if stat.kind != FileKind::Regular => Some("is no file"),
        Some(stat) => (stat.mode & 0o111 == 0).then_some(CLOSED),
    }
}

fn was_wrong(look: &mut Look<'_>, before: &App, pid: Pid, part: &str) -> bool {
    let Some(master) = before.master(pid) else { return false };
    let restart = &master.restart;
    let spot = match part {
        "directory" => look.of_restart(pid, "restart directory before", &restart.directory),
        FIRST => restart.begins.as_ref().and_then(Fact::get),
        "program" => look.of_restart(pid, "restart program before", &restart.program),
        _ => look
            .of_restart(pid, "restart interpreter before", &restart.interpreter)
            .and_then(Option::as_ref),
    };
    spot.and_then(|spot| look.at(format!("{} before", shown(&spot.path)), &spot.stat))
        .is_some_and(|stat| fault(part, stat.as_ref()).is_some())
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, part: &str, spot: &Spot, wrong: &str) {
    let severity = if app.uses_reexec() { Severity::Critical } else { Severity::Info };
    let (short, signal) = (app.short(&spot.path), advice::restart(app));
    let interpreter = python::interpreter(app, &master.restart);
    let place = match part {
        "directory" => &master.restart.directory.place,
        FIRST => {
            master.restart.begins.as_ref().map_or(&master.restart.directory.place, |f| &f.place)
        }
        "program" => &master.restart.program.place,
        _ => &master.restart.interpreter.place,
    };
    let mut finding = look
        .finding(
            severity,
            format!(
                "the next {signal} needs {}: {wrong}",
                tail(&short, 32usize.saturating_sub(wrong.len()))
            ),
        )
        .about(master.process.pid)
        .at_path(&spot.path)
        .told(
            Line::new(format!("{}: the next {signal} fails, its {part}", cut(&app.name, 16)))
                .keep(format!(" {wrong}")),
            Line::new(format!("{short} {wrong}")),
            Line::new("mend it before anything is restarted").aside(": see the fix"),
        )
        .seen(format!("the next re-execution needs {}", shown(&spot.path)), place)
        .seen(format!("{} {wrong}", shown(&spot.path)), &spot.stat.place)
        .leads_to(match (part, &master.restart.begins) {
            ("program", _) if python::is_by(app) && interpreter.is_none() => format!(
                "{signal} comes to nothing at best; where its Python is gone too, it takes the sockets away."
            ),
            // What it executes first is there, and ends by itself.
            ("program", _) | ("directory", Some(_))
                if interpreter.is_some() =>
            {
                format!("Every {signal} comes to nothing, and the old code serves on.")
            }
            _ => advice::fails_to_execute(app, master),
        });
    match advice::rescue(app, master, &spot.path) {
        Some(lines) => finding.fix = lines,
        None if wrong == CLOSED => {
            finding =
                finding.fix(format!("chmod a+x {}", quote::seen_by(&master.process, &spot.path)));
        }
        None => {
            finding = finding.fix(format!("# put {} back; no {signal} before", shown(&spot.path)));
        }
    }
    look.found(finding.for_good("keep directory and program of the first start out of releases/"));
}
