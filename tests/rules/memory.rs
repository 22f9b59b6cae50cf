//! Whether two generations fit in: the machine, a control group, sizes of both kinds.

use farrier::contract::Severity::{Info, Warning};
use farrier::contract::Verdict;
use farrier::facts::room::Room;
use farrier::model::config::{HookBody, Kill};
use farrier::model::*;

use super::broken::{Case, case};
use super::sound::LookAlike;
use crate::built::*;

const RULE: &str = "memory-headroom";
const MEGABYTE: u64 = 1 << 20;

/// Every process of the app holds so much, alone and with what it shares.
fn holds(app: &mut App, proportional: Option<u64>, resident: u64) {
    let of = |process: &mut Process| {
        process.rss = known("/proc/PID/stat", resident * MEGABYTE);
        process.pss = match proportional {
            Some(size) => known("/proc/PID/smaps_rollup", size * MEGABYTE),
            None => farrier::facts::Fact::lacking(
                farrier::facts::Place::new("/proc/PID/smaps_rollup"),
                farrier::facts::Lack::NotAsked,
            ),
        };
    };
    for master in &mut app.masters {
        of(&mut master.process);
        master.workers.iter_mut().for_each(|worker| of(&mut worker.process));
    }
}

/// Its control group leaves so much.
fn room(app: &mut App, left: u64) {
    let room = Room {
        group: "/sys/fs/cgroup/system.slice/shop.service".into(),
        limit: 2048 * MEGABYTE,
        left: left * MEGABYTE,
    };
    app.masters[0].room = known("/proc/14740/cgroup", Some(room));
}

/// The configuration that is loaded next lets the old master end a worker for each new one.
fn ladder(app: &mut App) {
    let signals = vec!["QUIT".to_owned(), "TTOU".to_owned()];
    app.masters[0].config.value.as_mut().unwrap().hooks = vec![HookBody {
        hook: Hook::BeforeFork,
        line: 10,
        kills: vec![Kill { line: 13, signals }],
        old_paths: vec![],
        tells_workers_apart: true,
        names_oldbin: true,
        sleeps: false,
    }];
}

pub fn cases() -> Vec<Case> {
    vec![
        case(RULE, Warning, "more than the machine has", |app| holds(app, Some(1100), 1200)),
        case(RULE, Warning, "more than the control group leaves", |app| {
            holds(app, Some(300), 400);
            room(app, 800);
        }),
        case(RULE, Warning, "one process alone is more", |app| {
            let process = &mut app.masters[0].workers[0].process;
            process.pss = known("/proc/14743/smaps_rollup", 4 << 30);
            process.rss = known("/proc/14743/stat", 5 << 30);
        }),
        case(RULE, Info, "the hook ends old workers one by one", |app| {
            holds(app, Some(1100), 1200);
            ladder(app);
        }),
    ]
}

pub fn look_alikes() -> Vec<LookAlike> {
    let looks = |why, change: fn(&mut App)| (RULE, why, with(change));
    vec![
        looks("resident sizes count shared pages often", |app| holds(app, Some(600), 2000)),
        looks("resident sizes are enough to see that it fits", |app| holds(app, None, 900)),
        looks("only one generation ever lives", |app| {
            app.masters[0].config.value = Ok(plain_config());
            holds(app, Some(3000), 3000);
        }),
        looks("what the old master holds comes free first", |app| {
            deployed(app, 1800);
            reexecuted(app, 1700, Phase::Ready);
            holds(app, Some(1100), 1200);
        }),
        looks("a handover is under way", |app| {
            deployed(app, 20);
            reexecuted(app, 10, Phase::Loading);
            holds(app, Some(2000), 2000);
        }),
        looks("the control group leaves enough", |app| {
            holds(app, Some(300), 400);
            room(app, 1000);
        }),
    ]
}

/// What resident sizes alone do not tell is open, not fine.
#[test]
fn without_proportional_sizes_it_is_open() {
    let census = with(|app| holds(app, None, 2000));
    let verdict = super::verdict(&census, Some(&census), RULE);
    assert!(matches!(verdict, Verdict::Blind(_)), "{verdict:#?}");
}
