//! `config-pid-relative`: the pidfile's path is relative: it moves with the working directory.

use std::path::{Path, PathBuf};

use crate::contract::line::{Line, cut, named, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::Place;
use crate::model::Master;
use crate::model::config::oldbin;
use crate::os::shown;
use crate::rules::config;
use crate::servers::server;

/// The card.
pub const RULE: Rule = Rule {
    name: "config-pid-relative",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The pidfile's path is relative: it moves with the working directory.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

`pid` holds a relative path. Unicorn never expands it: wherever the master's working directory is at the moment,
there it looks for its pidfile and the oldbin.

## Why it matters

With `working_directory` set to `current`, a new master changes into the new release and looks for the oldbin
there, while the old master's lies in the old release: the hook retires nobody, scripts find no master.

## How farrier decides

It reads `pid` as it is written in the configuration that the running master loaded (or `-P`), and resolves the
path from the master's working directory. It warns where the file really lies in a release.

## When it stays silent

Where the file really lies in `shared/`, through a linked `tmp/pids`, or outside of any release, it is only
information: the path stays the same file through a deploy. A path that only Ruby can evaluate is not decided.

## How to fix it

Write the absolute path: `pid \"/path/to/shared/pids/unicorn.pid\"`. It takes effect with HUP or the next upgrade.
";

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        if let Some((given, place)) = given(look, master)
            && given.is_relative()
        {
            judge(look, master, &given, &place);
        }
    }
}

/// The pidfile's path as it was given, and where.
fn given(look: &mut Look<'_>, master: &Master) -> Option<(PathBuf, Place)> {
    let pid = master.process.pid;
    let loaded = look.of(pid, "configuration", &master.loaded)?;
    if let Some(path) = config::evaluated(look, master, loaded, "pid", &loaded.pid).ok()? {
        let line = loaded.pid.line().unwrap_or(1);
        return Some((path.clone(), Place::line(&loaded.file.path, line)));
    }
    let options = (server(master.kind)?.options)(&master.arguments);
    Some((options.pid?, Place::new(format!("/proc/{pid}/cmdline"))))
}

fn judge(look: &mut Look<'_>, master: &Master, given: &Path, place: &Place) {
    let pid = master.process.pid;
    let Some(Some(path)) = look.of(pid, "pidfile", &master.pidfile) else { return };
    let Some(layout) = look.at("the releases", &look.app().layout) else { return };
    let Some(layout) = layout else { return report(look, master, given, place, path, None) };
    // During a handover the file bears the oldbin's name for a moment.
    let oldbin = oldbin(path);
    let files = &look.app().pidfiles;
    let mut real = None;
    for file in files.iter().filter(|file| &file.path == path || file.path == oldbin) {
        let Some(found) = look.at(format!("where {} leads", shown(&file.path)), &file.real) else {
            return;
        };
        real = real.or(found.as_ref());
    }
    let release = layout.release_of(real.unwrap_or(path));
    report(look, master, given, place, real.unwrap_or(path), release.as_deref());
}

fn report(
    look: &mut Look<'_>,
    master: &Master,
    given: &Path,
    place: &Place,
    real: &Path,
    release: Option<&str>,
) {
    let app = look.app();
    let pid = master.process.pid;
    let short = tail(&shown(given), 24);
    let severity = if release.is_some() { Severity::Warning } else { Severity::Info };
    let mut finding = look
        .finding(severity, format!("the pidfile of {pid} is relative: {short}"))
        .about(pid)
        .at_path(real)
        .told(
            Line::new(format!("{}: the pidfile's path is relative", cut(&app.name, 16)))
                .aside(format!(": {short}")),
            match release {
                Some(release) => Line::new(format!("it lies in release {}", named(release)))
                    .aside(" now, and in another after a deploy"),
                None => Line::new("it stays one file").aside(", as long as the directory stays"),
            },
            Line::new("write an absolute path below shared or /run"),
        )
        .seen(format!("pid is {}", shown(given)), place.clone())
        .seen(format!("that is {} now", shown(real)), &master.pidfile.place)
        .leads_to(match release {
            Some(_) => {
                "The next generation looks for the oldbin elsewhere: no hook retires the old one."
            }
            None => "Another working directory would be another pidfile.",
        });
    let name = given.file_name().map_or_else(|| "unicorn.pid".into(), |name| shown(name.as_ref()));
    finding.fix = config::mended(app, master, "", &config::pid_setting(app, &name));
    look.found(finding);
}
