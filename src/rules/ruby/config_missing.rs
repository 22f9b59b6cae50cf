//! `config-missing`: the configuration file is not where the next re-execution will look for it.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::files::Spot;
use crate::model::{App, Master};
use crate::os::shown;
use crate::rules::advice;

/// The card.
pub const RULE: Rule = Rule {
    name: "config-missing",
    needs: &[Need::Reexec],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The configuration file is not where the next re-execution will look for it.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

The master was given a configuration file with `-c`. The next re-execution will look for it at a path where
nothing is.

## Why it matters

A new master that finds no configuration ends at once: every USR2 comes to nothing. A reload does too: the old
configuration stays in force, and only the log says so.

## How farrier decides

A relative path counts from the directory that the next re-execution changes to, an absolute one as it is. The
file has to be missing there. A path through `current` has to be missing at two looks, since a switch of the
link may leave a short gap.

## When it stays silent

Where no file was given there is no subject. That the running master's own directory is gone says nothing yet:
the next one may start elsewhere. A relative path is only information where nothing shows that USR2 is used
here.

## How to fix it

Put the file back, or, where a deleted release is to blame, link that release to `current`. Then start the
server with the absolute path through `current`.
";

fn check(look: &mut Look<'_>) {
    let mut given = false;
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        let known = look.of(pid, "restart configuration", &master.restart.config);
        given |= known.is_none_or(Option::is_some);
        let Some(Some(spot)) = known else { continue };
        if look.absent("the configuration", spot) != Some(true) {
            continue;
        }
        if look.through_current(&spot.path) {
            let Some(before) = look.before() else { continue };
            let Some(earlier) = before.master(pid) else { continue };
            let earlier = look.of(pid, "restart configuration before", &earlier.restart.config);
            let Some(Some(earlier)) = earlier else { continue };
            if look.absent("the configuration before", earlier) != Some(true) {
                continue;
            }
        }
        report(look, app, master, spot);
    }
    if !given {
        look.not_here();
    }
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, spot: &Spot) {
    let (pid, signal) = (master.process.pid, advice::restart(app));
    let given = crate::servers::server(app.kind)
        .and_then(|server| (server.options)(&master.arguments).config);
    let relative = given.as_ref().is_some_and(|path| path.is_relative());
    let severity = if relative && !app.uses_reexec() { Severity::Info } else { Severity::Critical };
    let mut finding = look
        .finding(
            severity,
            format!("the next {signal} needs {}, gone", tail(&app.short(&spot.path), 28)),
        )
        .about(pid)
        .at_path(&spot.path)
        .told(
            Line::new(format!("{}: the next {signal} finds no configuration", cut(&app.name, 16))),
            Line::new(format!("{} is gone", app.short(&spot.path))),
            Line::new("put it back before anything is restarted or reloaded"),
        )
        .seen(
            format!("the next re-execution reads {}", shown(&spot.path)),
            &master.restart.config.place,
        )
        .seen("nothing stands there", &spot.stat.place)
        .leads_to(advice::fails_to_configure(app, master));
    finding.fix = advice::rescue(app, master, &spot.path)
        .unwrap_or_else(|| vec![format!("# put {} back; no {signal} before", shown(&spot.path))]);
    look.found(finding.for_good("start the server with -c and an absolute path through current"));
}
