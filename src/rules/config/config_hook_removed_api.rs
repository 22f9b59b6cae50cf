//! `config-hook-removed-api`: the configuration calls what the Ruby of the next re-execution no longer has.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::deploy::ruby;
use crate::facts::{Fact, Lack, Place};
use crate::model::config::RemovedCall;
use crate::model::{Config, Hook, Master};
use crate::rules::config::{at, file_of};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-hook-removed-api",
    needs: &[Need::StartContext],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The configuration calls what the Ruby of the next re-execution no longer has.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

The configuration calls `File.exists?` or `Dir.exists?`. Ruby 3.2 removed both; the Ruby that the next USR2 will run
is 3.2 or newer. Most hooks that retire an old master have been copied from a time when the call was usual.

## Why it matters

The call raises `NoMethodError`. At the top level the new master does not come up. In `before_fork` it ends at the
first fork. In `after_fork` and `after_worker_ready` each worker ends as soon as it starts and is started again for
ever; where a hook has retired the old master by then, nothing serves. In `before_exec` the running master's own
attempt ends before it begins.

## How farrier decides

It reads the configuration that the next re-execution will load, and the version of the interpreter that it will
run: the running one's where it is the same file, else what its path tells (`ruby3.3`, `versions/3.3.0/bin/ruby`).
`before_exec` is run by the master that goes, by the copy that it has loaded and its own Ruby; the other hooks by the
one that comes. A call that may not be reached when the file is loaded (in a definition, behind a condition) is a
warning, and so is one in `before_exec` that will only meet the new Ruby at the USR2 after the next. One that the
running master has survived with such a Ruby is information: something gives it the method back.

## When it stays silent

Before Ruby 3.2 the call only warns. A file that asks (`respond_to?`, `RUBY_VERSION`), brings the method along
(`alias`), or rescues the error is right. Where the version cannot be told (a wrapper or a version manager's shim
chooses it), the rule is undecided.

## How to fix it

Write `File.exist?`, which every Ruby has. The next re-execution reads the file itself, so that no reload is needed,
except for `before_exec`: that one takes a HUP.
";

/// The first Ruby without the calls.
const WITHOUT: (u32, u32) = (3, 2);

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        let now = || master.ruby_version.as_deref().and_then(numbers);
        let loaded = look.of(pid, "loaded configuration", &master.loaded);
        let before_exec = |config: &Config| {
            config.removed_calls.iter().find(|call| call.hook == Some(Hook::BeforeExec)).cloned()
        };
        // What goes runs its own copy of this hook, by its own Ruby.
        let own = loaded.and_then(|config| Some((config, before_exec(config)?)));
        if let Some((config, call)) = own {
            match now() {
                Some(version) if version >= WITHOUT => {
                    let found = Found { severity: Severity::Critical, call: &call, version };
                    report(look, master, config, &found);
                    continue;
                }
                Some(_) => {}
                None => unknown(look, master),
            }
        }
        let Some(config) = look.of(pid, "configuration", &master.config) else { continue };
        if config.removed_calls.is_empty() {
            continue;
        }
        let Some(version) = next_version(look, master) else { continue };
        if version < WITHOUT {
            continue;
        }
        let survived = now().is_some_and(|now| now >= WITHOUT)
            && loaded.is_some_and(|loaded| is_older(loaded, master));
        let of_loaded = loaded.map_or(&[][..], |loaded| &loaded.removed_calls);
        let weighed = config.removed_calls.iter().map(|call| {
            let same = |other: &RemovedCall| (other.hook, other.class) == (call.hook, call.class);
            let severity = match call.hook {
                _ if survived && of_loaded.iter().any(same) => Severity::Info,
                Some(Hook::BeforeExec) => Severity::Warning,
                _ if call.sure => Severity::Critical,
                _ => Severity::Warning,
            };
            Found { severity, call, version }
        });
        if let Some(gravest) = weighed.min_by_key(|found| found.severity) {
            report(look, master, config, &gravest);
        }
    }
}

/// Whether a file has not been changed since a master was started; `false` where that was not seen.
fn is_older(config: &Config, master: &Master) -> bool {
    let Some(Some(stat)) = config.file.stat.get() else { return false };
    master
        .process
        .started_at
        .get()
        .is_some_and(|started| i128::from(stat.mtime.max(stat.ctime)) < started.as_nanosecond())
}

/// The version of the Ruby that the next re-execution runs. `None`, and noted: it cannot be told.
fn next_version(look: &mut Look<'_>, master: &Master) -> Option<(u32, u32)> {
    let pid = master.process.pid;
    let interpreter = look.of(pid, "interpreter", &master.restart.interpreter)?;
    let Some(spot) = interpreter else {
        unknown(look, master);
        return None;
    };
    let real = look.of(pid, "where the interpreter leads", &spot.real)?.as_ref();
    let exe = look.of(pid, "executable", &master.process.exe)?;
    let same = real == Some(&exe.path) && exe.fate() == Ok(crate::facts::files::Fate::Same);
    let version = match real {
        Some(_) if same => master.ruby_version.as_deref().and_then(numbers),
        Some(real) => ruby::version_of_path(real).as_deref().and_then(numbers),
        None => None,
    };
    if version.is_none() {
        unknown(look, master);
    }
    version
}

fn unknown(look: &mut Look<'_>, master: &Master) {
    let place = match master.restart.interpreter.get() {
        Some(Some(spot)) => Place::path(&spot.path),
        _ => master.restart.interpreter.place.clone(),
    };
    let lack = Lack::Depends("which Ruby stands behind it".into());
    look.of(master.process.pid, "Ruby's version", &Fact::<()>::lacking(place, lack));
}

/// `3.1.2` as major and minor.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next()?.parse().ok()?))
}

/// A call, and how grave it is for whom.
struct Found<'a> {
    severity: Severity,
    call: &'a RemovedCall,
    version: (u32, u32),
}

fn report(look: &mut Look<'_>, master: &Master, config: &Config, found: &Found<'_>) {
    let app = look.app();
    let pid = master.process.pid;
    let Found { severity, call, version: (major, minor) } = *found;
    let (place, short) = (at(config, call.line), file_of(app, master));
    let exists = format!("{}.exists?", call.class);
    let file = &config.file.path;
    let which = if call.hook == Some(Hook::BeforeExec) { "running" } else { "next" };
    let (what, leads) = outcome(found, pid.to_string().as_str());
    let mut finding = look
        .finding(severity, format!("{place}: Ruby {major}.{minor} has no {exists}"))
        .about(pid)
        .at_path(file)
        .told(
            Line::new(format!("{}: {what}", cut(&app.name, 16))),
            Line::new(format!("{place} calls {exists}"))
                .aside(format!(", gone in Ruby {major}.{minor}")),
            Line::new(format!("write {}.exist? there, then upgrade", call.class)),
        )
        .seen(
            match call.hook {
                Some(hook) => format!("{} calls {exists}", hook.name()),
                None => format!("it calls {exists}"),
            },
            Place::line(file, call.line),
        )
        .seen(
            format!("the {which} Ruby is {major}.{minor}"),
            match master.restart.interpreter.get() {
                Some(Some(spot)) if which == "next" => Place::path(&spot.path),
                _ => master.process.exe.place.clone(),
            },
        )
        .leads_to(leads)
        .fix(format!("# in {short}, line {}: {}.exist?", call.line, call.class));
    if which == "running" && severity == Severity::Critical {
        finding = finding.fix(format!("# then, so that {pid} knows it: kill -HUP {pid}"));
    }
    look.found(finding.for_good(format!("the same in {short} of every release")));
}

/// What the call makes of the next USR2, short and whole.
fn outcome(found: &Found<'_>, pid: &str) -> (String, String) {
    let (short, whole): (&str, String) = match (found.severity, found.call.hook) {
        (Severity::Info, _) => (
            "a hook calls what Ruby no longer has",
            format!("{pid} has survived it: something gives the method back, or it is not reached."),
        ),
        (_, Some(Hook::BeforeExec)) if found.severity == Severity::Warning => (
            "the USR2 after the next one will fail",
            "The next USR2 comes through; the one after it ends in before_exec.".into(),
        ),
        (_, Some(Hook::BeforeExec)) => (
            "the next USR2 ends before it begins",
            format!("Every USR2 ends in before_exec, and {pid} serves on."),
        ),
        (_, Some(Hook::BeforeFork)) => (
            "the next USR2 ends at its first fork",
            format!("The new master ends with NoMethodError, and {pid} serves on."),
        ),
        (_, Some(_)) => (
            "the next USR2 starts workers that end at once",
            "Each new worker ends with NoMethodError and is started again; once a hook has retired \
             the old master nothing serves."
                .into(),
        ),
        (Severity::Critical, None) => (
            "the next USR2 ends as it reads its file",
            format!("The new master ends with NoMethodError, and {pid} serves on."),
        ),
        (_, None) => (
            "the next USR2 may end in its configuration",
            format!("Where the call is reached the new master ends, and {pid} serves on."),
        ),
    };
    (short.into(), whole)
}
