//! `config-pid-none`: no pidfile is configured: scripts cannot find the master, and nothing stops a chain of upgrades.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::Master;
use crate::rules::config;

/// The card.
pub const RULE: Rule = Rule {
    name: "config-pid-none",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "No pidfile is configured: scripts cannot find the master, nothing stops a chain of upgrades.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

Neither the configuration nor the arguments name a pidfile. The master writes its number nowhere.

## Why it matters

Unicorn refuses a USR2 while the pidfile's `.oldbin` names a living master. Without a pidfile there is no oldbin:
no hook can find the old master to retire it, and each USR2 to a new one adds a generation to the chain.

## How farrier decides

It reads the `pid` of the configuration that the running master loaded, and `-P` among its arguments.

## When it stays silent

Where nothing shows that USR2 is used here it is only information: a server that a supervisor keeps in the
foreground, in a container for one, needs no pidfile. A `pid` that only Ruby can evaluate is not decided.

## How to fix it

In the configuration: `pid \"/path/to/shared/pids/unicorn.pid\"`, an absolute path outside of the releases. HUP
makes the running master write it.
";

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let given = look.of(master.process.pid, "pidfile", &master.pidfile);
        if given.is_some_and(Option::is_none) {
            report(look, master);
        }
    }
}

fn report(look: &mut Look<'_>, master: &Master) {
    let app = look.app();
    let pid = master.process.pid;
    let used = app.uses_reexec();
    let severity = if used { Severity::Warning } else { Severity::Info };
    let mut finding = look
        .finding(severity, format!("{pid} was given no pidfile"))
        .about(pid)
        .told(
            Line::new(format!("{}: {pid} was given no pidfile", cut(&app.name, 16))),
            if used {
                Line::new("nothing refuses a second USR2")
                    .aside(", and no hook finds the old master")
            } else {
                Line::new("scripts and hooks cannot find the master by it")
            },
            Line::new("set pid to a path below shared or /run"),
        )
        .seen("neither the configuration nor the arguments set a pidfile", &master.pidfile.place)
        .leads_to(if used {
            "Each USR2 adds a generation: several masters serve, until someone ends the old ones."
        } else {
            "Whoever signals it has to find its number elsewhere."
        });
    finding.fix = config::mended(app, master, "", &config::pid_setting(app, "unicorn.pid"));
    look.found(finding);
}
