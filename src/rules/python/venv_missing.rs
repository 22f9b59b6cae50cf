//! `venv-missing`: Python's interpreter, by the name that the next re-execution executes, is gone or cannot run.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::facts::files::Spot;
use crate::model::{App, Master};
use crate::os::shown;
use crate::rules::advice;
use crate::rules::python::interpreter;
use crate::rules::ruby::reexec_missing::{CLOSED, cannot_run};

/// The card.
pub const RULE: Rule = Rule {
    name: "venv-missing",
    needs: &[Need::Interpreter],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The Python that the next re-execution executes, mostly a virtual environment's, is gone or cannot run.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The master was started by the interpreter of a virtual environment, and nothing that can be executed stands at
that path any more: the environment was deleted with its release, made anew elsewhere, or its link leads to a
Python that was removed.

## Why it matters

gunicorn forks before it executes. Where the interpreter is gone, the fork that could not execute stops the
workers as if it were the master and takes the files of the Unix sockets away: nobody can connect from then on,
whatever lives. A reload is no way around: new workers, and any that replaces one that ended, load the app from
an environment that is not there, and the master ends when they cannot.

## How farrier decides

The interpreter is the one that the kernel was given at the start, or the one in the first line of the script
that it was given. It is looked up by that name, links followed. Below `current` it has to be missing at two
looks.

## When it stays silent

When the file is there and may be executed. Where the name that was executed cannot be read it is unknown. A
directory or a script that is gone is another rule's (`reexec-missing`).

## How to fix it

Make the environment again at the same path, with the packages that the app needs, before any signal but TERM.
Or stop the server and start it by another environment.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        look.of_restart(pid, "restart program", &master.restart.program);
        look.of_restart(pid, "restart interpreter", &master.restart.interpreter);
        let Some(spot) = interpreter(app, &master.restart) else { continue };
        let Some(stat) = look.at(shown(&spot.path), &spot.stat) else { continue };
        let Some(wrong) = cannot_run(stat.as_ref()) else { continue };
        if look.through_current(&spot.path) {
            let Some(before) = look.before() else { continue };
            if let Some(earlier) = before.master(pid) {
                look.of(pid, "restart program before", &earlier.restart.program);
                look.of(pid, "restart interpreter before", &earlier.restart.interpreter);
            }
            let earlier = before.master(pid).and_then(|earlier| interpreter(app, &earlier.restart));
            let was = earlier
                .and_then(|spot| look.at(format!("{} before", shown(&spot.path)), &spot.stat));
            if was.is_none_or(|stat| cannot_run(stat.as_ref()).is_none()) {
                continue;
            }
        }
        report(look, app, master, spot, wrong);
    }
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, spot: &Spot, wrong: &str) {
    let pid = master.process.pid;
    let (short, signal) = (app.short(&spot.path), advice::restart(app));
    let place = match master.restart.interpreter.get() {
        Some(Some(_)) => &master.restart.interpreter.place,
        _ => &master.restart.program.place,
    };
    let room = 32_usize.saturating_sub(wrong.len());
    let finding = look
        .finding(
            Severity::Critical,
            format!("the next {signal} needs {}: {wrong}", tail(&short, room)),
        )
        .about(pid)
        .at_path(&spot.path)
        .told(
            Line::new(format!("{}: {signal} would fail, its Python", cut(&app.name, 16)))
                .keep(format!(" {wrong}")),
            Line::new(format!("{short} {wrong}")),
            Line::new(format!("no {signal} and no reload before it is back"))
                .aside(": see the fix"),
        )
        .seen(format!("the next re-execution runs {}", shown(&spot.path)), place)
        .seen(format!("{} {wrong}", shown(&spot.path)), &spot.stat.place)
        .leads_to(advice::fails_to_execute(app, master));
    let finding = if wrong == CLOSED {
        finding.fix(format!("chmod a+x {}", quote::seen_by(&master.process, &spot.path)))
    } else {
        finding
            .fix(format!("# put {} back, with the app's packages", shown(&spot.path)))
            .fix(format!("# no {signal} and no reload of {pid} before that"))
    };
    look.found(finding.for_good("keep the environment as long as a master runs by it"));
}
