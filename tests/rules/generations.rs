//! Several generations of one app: handovers that went wrong, and those that only look so.

use farrier::contract::Severity::{Critical, Info, Warning};
use farrier::facts::environ::Variable;
use farrier::model::*;
use farrier::os::Descriptor;

use super::broken::{Case, case};
use super::sound::LookAlike;
use crate::built::*;

pub fn cases() -> Vec<Case> {
    vec![
        case("masters-chain", Critical, "three serve", |app| chained(app, Phase::Ready)),
        case("masters-chain", Critical, "the third one loads", |app| chained(app, Phase::Loading)),
        case("handover-orphaned", Critical, "the old one is gone", |app| {
            orphaned(app);
            app.masters.remove(0);
            app.masters[0].parent = None;
        })
        .lasting(),
        case("handover-orphaned", Critical, "the old one has closed its sockets", |app| {
            orphaned(app);
            app.masters[0].listens = known("/proc/14740/fd", vec![]);
        })
        .lasting(),
        case("handover-orphaned", Critical, "the old one was drained", |app| {
            orphaned(app);
            app.masters[0].workers.clear();
        })
        .lasting(),
        case("handover-stuck", Warning, "it loads", |app| {
            deployed(app, 700);
            reexecuted(app, 600, Phase::Loading);
        }),
        case("handover-stuck", Warning, "it never came to its program", |app| {
            deployed(app, 700);
            reexecuted(app, 600, Phase::Starting);
        }),
        case("listener-lost", Warning, "a condition came out differently", |app| {
            losing(app);
            let listen = &mut app.masters[1].loaded.value.as_mut().unwrap().listen;
            listen.push(Setting::Unevaluable { line: 4, text: "ENV[\"ADMIN\"]".into() });
        }),
        case("listener-lost", Info, "the address was removed from the configuration", losing),
    ]
}

pub fn look_alikes() -> Vec<LookAlike> {
    vec![
        (
            "masters-chain",
            "the oldest one has closed its sockets and leaves",
            with(|app| {
                chained(app, Phase::Ready);
                app.masters[0].listens = known("/proc/14740/fd", vec![]);
            }),
        ),
        (
            "masters-chain",
            "two units on systemd's sockets, each with a handover",
            with(|app| {
                deployed(app, 40);
                reexecuted(app, 30, Phase::Ready);
                app.masters.push(master(30000, 86_400, LIVE));
                app.masters.push(master(30100, 30, NEW));
                app.masters[3].parent = Some(pid(30000));
            }),
        ),
        (
            "handover-orphaned",
            "a first start",
            with(|app| {
                app.masters = vec![master(14740, 30, LIVE)];
                app.masters[0].phase = Phase::Loading;
                app.masters[0].role = Role::New;
                app.masters[0].workers.clear();
            }),
        ),
        (
            "handover-orphaned",
            "another master on the same sockets serves",
            with(|app| {
                orphaned(app);
                app.masters[0] = master(30000, 86_400, LIVE);
                app.masters[1].parent = None;
            }),
        ),
        (
            "handover-stuck",
            "the one before took as long to boot",
            with(|app| {
                deployed(app, 400);
                reexecuted(app, 300, Phase::Loading);
                for worker in &mut app.masters[0].workers {
                    worker.process.age.value = Ok(2 * 86_400 - 280);
                }
            }),
        ),
        (
            "handover-stuck",
            "a first start",
            with(|app| {
                app.masters = vec![master(14740, 600, LIVE)];
                app.masters[0].phase = Phase::Loading;
                app.masters[0].role = Role::New;
            }),
        ),
        (
            "listener-lost",
            "a socket of the app's own, which is not handed on",
            with(|app| {
                losing(app);
                hand(&mut app.masters[1].process, "8");
            }),
        ),
        (
            "listener-lost",
            "bound anew at the same address",
            with(|app| {
                losing(app);
                let mut anew = app.listeners[1].clone();
                anew.inode = 50001;
                anew.masters = vec![pid(22410)];
                app.listeners.push(anew);
                app.masters[1].listens = known("/proc/22410/fd", vec![48113, 50001]);
            }),
        ),
        (
            "listener-lost",
            "each generation binds a path in its own release",
            with(|app| {
                losing(app);
                let at = |release| Address::Unix(release_path(release).join("tmp/u.sock"));
                let mut anew = app.listeners[1].clone();
                app.listeners[1].address = at(LIVE);
                (anew.inode, anew.address) = (50001, at(NEW));
                app.listeners.push(anew);
                app.masters[1].listens = known("/proc/22410/fd", vec![48113, 50001]);
            }),
        ),
        (
            "listener-lost",
            "the old one is leaving",
            with(|app| {
                losing(app);
                app.masters[0].listens = known("/proc/14740/fd", vec![]);
            }),
        ),
    ]
}

/// 14740 started 22410, which started 30000.
fn chained(app: &mut App, phase: Phase) {
    deployed(app, 40);
    reexecuted(app, 30, Phase::Ready);
    app.masters[1].role = Role::Old;
    let mut newest = master(30000, 10, NEW);
    newest.parent = Some(pid(22410));
    newest.phase = phase;
    if phase != Phase::Ready {
        newest.workers.clear();
    }
    app.masters.push(newest);
}

/// The new master loads, and both copies of its environment say that it was re-executed.
fn orphaned(app: &mut App) {
    deployed(app, 15);
    reexecuted(app, 10, Phase::Loading);
    hand(&mut app.masters[1].process, "8");
}

/// `UNICORN_FD` as it was at the start, and as it is.
fn hand(process: &mut Process, numbers: &str) {
    let facts = &mut *process.facts;
    for environ in [&mut facts.environ, &mut facts.live] {
        let variables = &mut environ.value.as_mut().unwrap().variables;
        variables.retain(|variable| variable.name.bytes() != b"UNICORN_FD");
        variables.push(Variable { name: "UNICORN_FD".into(), value: numbers.into() });
    }
}

/// The old master listens on port 8080 too and handed that on; the new one does not listen there.
fn losing(app: &mut App) {
    deployed(app, 35);
    reexecuted(app, 30, Phase::Ready);
    let mut second = listener(48114, &[14740]);
    second.address = Address::Tcp("127.0.0.1:8080".parse().unwrap());
    second.file = None;
    app.listeners.push(second);
    let old = &mut app.masters[0];
    old.listens = known("/proc/14740/fd", vec![48113, 48114]);
    let socket = |fd, inode| Descriptor { fd, target: format!("socket:[{inode}]").as_str().into() };
    old.process.descriptors =
        known("/proc/14740/fd", vec![socket(8, 48113), socket(9, 48114)]).into();
    let listen = &mut old.loaded.value.as_mut().unwrap().listen;
    listen.push(Setting::Set { value: "127.0.0.1:8080".into(), line: 4 });
    hand(&mut app.masters[1].process, "8,9");
}

#[test]
fn who_left_an_upgrade_is_told_as_long_as_the_old_master_lingers() {
    let census = with(|app| {
        reexecuted(app, 600, Phase::Ready);
        app.left = Some(Left {
            by: "alice".into(),
            at: "1970-01-01T00:00:00Z".parse().unwrap(),
            step: (6, 8),
            why: Some("its terminal went"),
            writer: pid(600),
            old: (pid(14740), 0),
        });
    });
    let verdicts = farrier::rules::judge(&census, None);
    let findings = verdicts.findings();
    let lingers = findings.iter().find(|f| f.rule == "oldbin-lingering").expect("it lingers");
    let told = "an upgrade by alice stopped after step 6 of 8";
    let seen = lingers.evidence.iter().find(|seen| seen.fact.starts_with(told)).expect("told");
    assert!(seen.fact.ends_with(": its terminal went"), "{seen:?}");
}
