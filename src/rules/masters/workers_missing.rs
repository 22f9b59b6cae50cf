//! `workers-missing`: a ready master has fewer workers than its configuration says.

use crate::contract::line::{Line, count, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::facts::Fact;
use crate::model::{Config, Master, Operation, Phase, Role, Setting};
use crate::rules::advice;
use crate::rules::masters::lacking::{Lacking, lacking};
use crate::rules::masters::{self, earlier};

/// The card.
pub const RULE: Rule = Rule {
    name: "workers-missing",
    needs: &[Need::Workers],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A ready master has fewer workers than its configuration says.",
    meaning: MEANING,
    offers: Some(Operation::AddWorker),
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The configuration says how many workers a master has, and fewer live. TTOU took some away and nobody brought
them back, or they end as soon as they start.

## Why it matters

The app serves with less than it was sized for: at the next peak connections wait.

## How farrier decides

Living workers of a ready master are counted at two looks, outside a young handover, and compared with
`worker_processes` where that is a plain number (without it, the server's default). The file must not have
changed, nor `current` been switched, since the master started. A master starts a lost worker by itself as soon as it
has reaped it: where the highest numbers lack while it idles, the number that it wants was lowered.

## When it stays silent

A master without any worker is `master-hollow`. A superseded master may have fewer. A number that only Ruby can
work out is not decided. A configuration that is newer than the master may not be loaded yet. A master
that has closed its listeners is ending. While workers come one after the other, after a start or a reload, the
newest is under 4 s old, or under 10 s where `before_fork` sleeps or is not known; the log must not tell of one that
ended twice. Where `before_fork` sleeps, a worker that ended in the last 10 s is on its way.

## How to fix it

Where the number was lowered, send TTIN once for each worker that lacks, and look whether there is memory for them.
TTIN raises the number for good: where workers end by themselves, it would leave more than are configured. There the
log says why they end.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters() {
        if master.phase != Phase::Ready || !matches!(master.role, Role::Current | Role::Duplicate) {
            continue;
        }
        if masters::forks(look, master) != Some(true) {
            continue;
        }
        let Some(alive @ 1..) = masters::alive(look, master) else { continue };
        let Some(wanted) = wanted(look, master) else { continue };
        if alive >= wanted || look.young() != Some(false) || is_newer(look, master) != Some(false) {
            continue;
        }
        if masters::is_ending(look, master) != Some(false) {
            continue;
        }
        let Some(before) = look.before() else { continue };
        let Some(earlier) = earlier(look, before, master) else { continue };
        let then = masters::alive(look, earlier);
        if then.is_none_or(|then| then >= wanted) {
            continue;
        }
        match lacking(look, earlier, master, wanted) {
            Lacking::Filling | Lacking::Unclear => {}
            why @ (Lacking::Lowered | Lacking::Lost) => report(look, master, alive, wanted, why),
        }
    }
}

/// How many it should have.
fn wanted(look: &mut Look<'_>, master: &Master) -> Option<usize> {
    let pid = master.process.pid;
    let config = look.of(pid, "configuration", &master.loaded)?;
    let number = match &config.worker_processes {
        Setting::Set { value, .. } => *value,
        Setting::NotSet => crate::servers::server(master.kind)?.default_workers,
        Setting::Unevaluable { text, .. } => {
            let lack = crate::facts::Lack::Unevaluable(format!("worker_processes {text}"));
            let lacking = Fact::<()>::lacking(master.loaded.place.clone(), lack);
            look.of(pid, "number of workers", &lacking);
            return None;
        }
    };
    usize::try_from(number).ok()
}

/// Whether what is written may not be what runs: the file changed, or `current` was switched, since the start.
fn is_newer(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    let pid = master.process.pid;
    let started = look.of(pid, "start", &master.process.started_at)?;
    let config: &Config = look.of(pid, "configuration", &master.loaded)?;
    if !config.file_counts_workers() {
        return Some(false);
    }
    let stat = look.of(pid, "configuration file", &config.file.stat)?;
    let Some(stat) = stat else { return Some(true) };
    let changed = i128::from(stat.mtime.max(stat.ctime)) > started.as_nanosecond();
    let layout = look.at("the releases", &look.app().layout)?.as_ref();
    let switched = match layout {
        Some(layout) if layout.through_current(&config.file.path) => {
            look.at("the time when current was switched", &layout.current.switched_at)? > started
        }
        _ => false,
    };
    Some(changed || switched)
}

fn report(look: &mut Look<'_>, master: &Master, alive: usize, wanted: usize, why: Lacking) {
    let app = look.app();
    let pid = master.process.pid;
    let lacking = u32::try_from(wanted.saturating_sub(alive)).unwrap_or(1).min(64);
    let line =
        master.loaded.get().and_then(|c| Some((c.file.path.clone(), c.worker_processes.line()?)));
    let mut finding = look
        .finding(Severity::Warning, format!("{pid} has {alive} of {}", count(wanted, "worker")))
        .about(pid)
        .told(
            Line::new(format!("{}: {pid} has {alive} of", cut(&app.name, 16)))
                .keep(format!(" {}", count(wanted, "worker"))),
            Line::new("seen so at two looks").aside(match why {
                Lacking::Lowered => ": a signal lowered the number",
                _ => ": they end, or are not started again",
            }),
            match why {
                Lacking::Lowered => {
                    Line::new(advice::add_workers_in_short(app, master, "the rest"))
                        .aside(", if there is memory")
                }
                _ => Line::new(format!("read in the log of {pid} why they end")),
            },
        )
        .seen(format!("{pid} has {}", count(alive, "worker")), &master.process.stat.place)
        .leads_to("The app serves with less than it was sized for.")
        .fix(match (why, &master.log.value) {
            (Lacking::Lowered, _) => advice::add_workers(app, master, lacking),
            (_, Ok(Some(log))) => format!("tail -n 40 {}", quote::of_app(app, &log.path)),
            (_, _) => format!("# read what {pid} writes to its standard error"),
        });
    if why != Lacking::Lowered {
        finding = finding
            .fix("# add none: that raises the number for good, and these come back by themselves");
    }
    if let Some((path, line)) = line {
        let place = crate::facts::Place::line(&path, line);
        finding = finding.seen(format!("worker_processes {wanted}"), place);
    }
    look.found(finding);
}
