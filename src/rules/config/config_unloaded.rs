//! `config-unloaded`: the configuration was written after the master had last read it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::log::Said;
use crate::model::{Config, Master, Phase, PidfileKind};
use crate::os::shown;
use crate::rules::config::Unseen;
use crate::rules::{masters, usr2};
use crate::servers::server;

/// The card.
pub const RULE: Rule = Rule {
    name: "config-unloaded",
    needs: &[Need::StartContext],
    worst: Severity::Info,
    stops_service: false,
    summary: "The configuration was written after the master had last read it: what is written is not what runs.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The file that the master read its configuration from is newer than that reading, at the start or at the last HUP.

## Why it matters

Whoever reads the file believes in settings that nobody serves by: a timeout, a number of workers, a hook that is
to retire the old master. They come into force with the next restart, wanted or not.

## How farrier decides

A HUP replaces all workers. So a file that is newer than the oldest worker was read by nobody. Where all workers are
younger, the log may tell that no HUP was carried out since the start; then the file has to be newer than the pidfile,
which the master writes once it has read its configuration.

## When it stays silent

The copy of another release is not the one that was read: after a deploy the running release's own copy counts, and
nothing is said where that is gone. A new mode or owner is no new text. Where workers are younger than the file and
the log does not reach back to the start, that counts as a reload. A file that was written anew with the same text is
not told from another.

## How to fix it

Look what has changed. Then HUP reads it, unless `current` names another release than the one that runs: then an
upgrade does.
";

/// Times of files, processes and the machine's clock differ by less than this.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

fn check(look: &mut Look<'_>) {
    let mut given = false;
    for master in look.app().upgradable() {
        let options = server(master.kind).map(|server| (server.options)(&master.arguments));
        if options.is_none_or(|options| options.config.is_none()) {
            continue;
        }
        given = true;
        if master.phase != Phase::Ready {
            continue;
        }
        let pid = master.process.pid;
        let Some(loaded) = look.of(pid, "configuration", &master.loaded) else { continue };
        let Some(started) = look.of(pid, "start", &master.process.started_at) else { continue };
        let Some(written) = written(look, master, loaded, *started) else { continue };
        if written <= *started {
            continue;
        }
        let Ok(oldest) = oldest_worker(look, master) else { continue };
        if oldest.is_some_and(|oldest| written > oldest + SLACK) {
            report(look, master, loaded, written, "every worker is older");
        } else if was_not_reloaded(look, master) && is_after_pidfile(look, master, written) {
            report(look, master, loaded, written, "no HUP was carried out since the start");
        }
    }
    if !given {
        look.not_here();
    }
}

/// When the file that the master read was written; `None`: that is another file now, or, and noted, it was not seen.
fn written(
    look: &mut Look<'_>,
    master: &Master,
    loaded: &Config,
    started: Timestamp,
) -> Option<Timestamp> {
    let layout = look.at("the releases", &look.app().layout)?.as_ref();
    if let Some(layout) = layout.filter(|layout| layout.through_current(&loaded.file.path)) {
        // The copy of its own release is gone, or it runs in none: what stands there now was there only if no switch
        // came between.
        look.at("what current is", &layout.current.state)?;
        let own = look.of(master.process.pid, "release", &master.release)?.as_deref();
        let switched =
            look.at("the time when current was switched", &layout.current.switched_at)?;
        if *switched > started || own.is_some_and(|own| layout.current_release() != Some(own)) {
            return None;
        }
    }
    let stat = look.at("the configuration file", &loaded.file.stat)?.as_ref()?;
    // A time that somebody set into the future was set at the change of the inode.
    Timestamp::from_nanosecond(i128::from(stat.mtime.min(stat.ctime))).ok()
}

/// When the oldest of its workers started, of each number the one that serves on: during a reload the others end.
/// `None`: it has none.
fn oldest_worker(look: &mut Look<'_>, master: &Master) -> Result<Option<Timestamp>, Unseen> {
    if !look.knows_children(master) {
        return Err(Unseen);
    }
    let mut by_number: BTreeMap<Option<u32>, Timestamp> = BTreeMap::new();
    let mut others = Vec::new();
    for worker in master.workers_alive() {
        let process = &worker.process;
        let started = *look.of(process.pid, "start", &process.started_at).ok_or(Unseen)?;
        match worker.number {
            Some(_) => {
                let newest = by_number.entry(worker.number).or_insert(started);
                *newest = started.max(*newest);
            }
            None => others.push(started),
        }
    }
    Ok(by_number.into_values().chain(others).min())
}

/// Whether its log reaches back to its start and tells of no reload.
fn was_not_reloaded(look: &mut Look<'_>, master: &Master) -> bool {
    let pid = master.process.pid;
    let Some(Some(log)) = look.of(pid, "log", &master.log) else { return false };
    let Some(status) = look.of(pid, "status", &master.process.status) else { return false };
    let number = status.ns_pids.last().copied();
    let begins = log.entries.iter().any(|e| e.said == Said::Ready && e.writer == number);
    let own = masters::own_entries(log, number);
    begins && !own.iter().any(|entry| entry.said == Said::Reloaded)
}

fn is_after_pidfile(look: &mut Look<'_>, master: &Master, written: Timestamp) -> bool {
    let app = look.app();
    let mine = app.pidfiles.iter().find(|file| {
        file.kind == PidfileKind::Current
            && file.owner == Some(master.process.pid)
            && file.pid == file.owner
    });
    let Some(file) = mine else { return false };
    let Some(Some(stat)) = look.at(shown(&file.path), &file.stat) else { return false };
    Timestamp::from_nanosecond(i128::from(stat.mtime)).is_ok_and(|at| written > at + SLACK)
}

fn report(look: &mut Look<'_>, master: &Master, loaded: &Config, written: Timestamp, why: &str) {
    let app = look.app();
    let pid = master.process.pid;
    let path = app.short(&loaded.file.path);
    let name = loaded.file.path.file_name().map_or_else(|| path.clone(), |n| shown(n.as_ref()));
    let day = look.census().day(written);
    let mut finding = look
        .finding(Severity::Info, format!("{pid} has not read the new {}", cut(&name, 24)))
        .about(pid)
        .at_path(&loaded.file.path)
        .told(
            Line::new(format!("{}: {pid} has not read its new", cut(&app.name, 16)))
                .keep(" configuration"),
            Line::new(format!("{} was written", cut(&name, 24)))
                .time(format!(" at {day}"))
                .keep(", after it was read"),
            Line::new("look what has changed, then reload").aside(" or upgrade"),
        )
        .seen(format!("{path} was written at {day}"), &loaded.file.stat.place);
    if let Some(started) = master.process.started_at.get() {
        finding = finding.seen(
            format!("{pid} started at {}; {why}", look.census().day(*started)),
            &master.process.started_at.place,
        );
    }
    finding = finding
        .leads_to("What is written comes into force with the next restart, whoever asks for it.")
        .fix(format!("# look what has changed in {path}"));
    finding = if usr2::reload_is_harmless(app, master) {
        finding.fix(format!("kill -HUP {pid}"))
    } else {
        finding
            .fix(format!("# no HUP to {pid}: current names another release than it runs; upgrade"))
    };
    look.found(finding.for_good("let whatever writes the configuration reload the server"));
}
