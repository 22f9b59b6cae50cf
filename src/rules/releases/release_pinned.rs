//! `release-pinned`: the next re-execution changes to one release's own directory, not through `current`.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{CurrentState, Layout, Master};
use crate::os::shown;
use crate::rules::advice;
use crate::servers::server;

/// The card.
pub const RULE: Rule = Rule {
    name: "release-pinned",
    needs: &[Need::Reexec],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The next re-execution starts one release's own directory, whatever `current` names.",
    meaning: MEANING,
    offers: None,
    causes: &["release-stale", "release-prune-risk", "config-missing"],
    check,
};

const MEANING: &str = "\
## What it means

A master remembers the directory that it was first started in and changes to it at every USR2. Here that is one
release's own path instead of the path through `current`.

## Why it matters

Every USR2 seems to work and starts the same code again. Once a later deploy deletes that release, every USR2
fails.

## How farrier decides

It takes the directory of the next re-execution (read from the master, from its log, or inferred:
`working_directory`, then `PWD` where that is the working directory, then the working directory itself) and
looks whether its path, links not resolved, goes through `releases/`. It is critical when that path is gone.

## When it stays silent

A path through `current` is right, however old the process's own directory is. An entry of `releases/` that is
itself a link to the live release is a rescue and harmless. Where nothing shows that USR2 is used here it is
only information.

## How to fix it

Set `working_directory \"/path/to/current\"`, absolute and not resolved, in the configuration. The next USR2
reads it before it loads the app, so no reload is needed. Where the pinned release is gone, first link it to
`current`.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        let Some(spot) = look.of_restart(pid, "restart directory", &master.restart.directory)
        else {
            continue;
        };
        let Some(release) = layout.release_of(&spot.path) else { continue };
        let Some(gone) = look.absent("the restart directory", spot) else { continue };
        let Some(real) = look.at(format!("where {} leads", shown(&spot.path)), &spot.real) else {
            continue;
        };
        let leads = real.as_ref().and_then(|real| layout.release_of(real));
        if !gone && leads.as_deref() != Some(release.as_str()) {
            // The entry is a link: a rescue if it leads to the live release (or out of `releases/`).
            let Some(state) = look.at("what current is", &layout.current.state) else { continue };
            if leads.is_none()
                || matches!(state, CurrentState::Release(now) if Some(now) == leads.as_ref())
            {
                continue;
            }
        }
        report(look, layout, master, &release, gone);
    }
}

fn report(look: &mut Look<'_>, layout: &Layout, master: &Master, release: &str, gone: bool) {
    let app = look.app();
    let pid = master.process.pid;
    let severity = match (app.uses_reexec(), gone) {
        (false, _) => Severity::Info,
        (true, true) => Severity::Critical,
        (true, false) => Severity::Warning,
    };
    let Some(spot) = master.restart.directory.get() else { return };
    let (short, signal) = (named(release), advice::restart(app));
    let server = server(app.kind);
    let name = server.map_or("working_directory", |server| server.directory_setting);
    let renew = advice::renew(app);
    let fails = server.is_some_and(|server| server.beside.is_none());
    let takes =
        master.restart.begins.is_none() && master.beside.is_some_and(|beside| beside.takes_sockets);
    let summary = if gone {
        format!("the next {signal} needs {short}, which is gone")
    } else {
        format!("every {signal} to {pid} starts {short} again")
    };
    let mut finding = look
        .finding(severity, summary)
        .about(pid)
        .at_path(&spot.path)
        .told(
            if gone {
                Line::new(format!(
                    "{}: the next {signal} fails, {short} is gone",
                    cut(&app.name, 16)
                ))
            } else {
                Line::new(format!("{}: every {signal} starts {short} again", cut(&app.name, 16)))
            },
            Line::new(format!("{pid} restarts in that release's own directory"))
                .aside(", not through current"),
            if gone {
                Line::new(format!("link that release to current, then {renew}"))
            } else {
                Line::new(format!("set {name} to current, then {renew}"))
            },
        )
        .seen(
            format!("the next re-execution changes to {}", shown(&spot.path)),
            &master.restart.directory.place,
        )
        .leads_to(match (gone, fails) {
            (true, false) if takes => advice::fails_to_execute(app, master),
            (true, false) => {
                format!("Every {signal} comes to nothing: chdir finds no such directory.")
            }
            (true, true) => format!("{signal} ends {pid}: chdir finds no such directory."),
            (false, _) => {
                format!("Deploys change nothing; once a clean-up deletes it, every {signal} fails.")
            }
        });
    if gone {
        finding = finding.seen("nothing stands there", &spot.stat.place);
    }
    let setting = format!("{name} \"{}\"", shown(&layout.current.path));
    let file = master
        .config
        .get()
        .map_or_else(|| "the configuration".to_owned(), |config| app.short(&config.file.path));
    if gone && let Some(lines) = advice::rescue(app, master, &spot.path) {
        finding.fix = lines;
    } else if gone {
        finding = finding.fix("# first mend current (current-broken)");
    } else {
        finding = finding.fix(format!("# in {file}: {setting}"));
        finding.fix.extend(advice::new_code(app, master));
    }
    look.found(finding.for_good(format!("{setting} in {file} of every release")));
}
