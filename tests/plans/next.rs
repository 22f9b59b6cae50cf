//! What the next generation starts from: every line of it decided by the facts, or blind.

use farrier::contract::Verdicts;
use farrier::facts::Fact;
use farrier::facts::limits::Limit;
use farrier::facts::sockets::SocketFile;
use farrier::model::*;
use farrier::os::{Access, FileKind, FileStat, Text};
use farrier::plans::CheckState::{Blind, Holds, Stops, Unseen, Warns};
use farrier::plans::{self, CheckState, Next};

use crate::built::{
    CONFIG, GONE, LIVE, OLD, PIDFILE, gemfile, gems, known, layout_of, lock, nothing, pid, pidfile,
    release_path, spot, unit, with,
};
use crate::lost::each_fact;

fn lines(census: &Census) -> Vec<Next> {
    let app = &census.apps[0];
    plans::plan(census, &Verdicts::default(), app, None, Operation::Upgrade).unwrap().next
}

/// An app whose limits are those of a usual box.
fn usual(change: impl FnOnce(&mut App)) -> Census {
    let mut census = with(|app| {
        let limit = |name: &str, soft: Option<u64>, unit: &str| Limit {
            name: name.into(),
            soft,
            hard: soft,
            unit: unit.into(),
        };
        let limits = vec![
            limit("Max processes", Some(63_000), "processes"),
            limit("Max open files", Some(1024), "files"),
        ];
        app.masters[0].process.limits = known("/proc/14740/limits", limits).into();
        app.masters[0].process.command_line = known(
            "/proc/14740/cmdline",
            farrier::facts::process::CommandLine {
                words: [Text::from("unicorn master -c x.rb")].into_iter().collect(),
                ..Default::default()
            },
        );
        change(app);
    });
    census.host = known("/proc", super::shop::host());
    census
}

fn state_of(census: &Census, what: &str) -> (CheckState, String) {
    let lines = lines(census);
    let line = lines.iter().find(|line| line.what == what);
    let line = line.unwrap_or_else(|| panic!("no {what}: {lines:#?}"));
    (line.state, line.value.clone())
}

#[test]
fn a_healthy_app_has_every_line_decided() {
    for line in lines(&usual(|_| {})) {
        assert_eq!(line.state, Holds, "{line:?}");
        assert!(!line.source.is_empty(), "{line:?}");
    }
}

type Case = (&'static str, CheckState, &'static str, Box<dyn FnOnce(&mut App)>);

fn case(
    what: &'static str,
    state: CheckState,
    says: &'static str,
    change: impl FnOnce(&mut Master) + 'static,
) -> Case {
    (what, state, says, Box::new(|app: &mut App| change(&mut app.masters[0])))
}

fn unit_with(change: impl FnOnce(&mut Unit)) -> Fact<Supervisor> {
    let mut unit = unit();
    change(&mut unit);
    known("/proc/14740/cgroup", Supervisor::Unit(unit))
}

fn parent(by: i32, name: &str, does: Follows) -> Supervisor {
    Supervisor::Parent { by: pid(by), name: name.into(), does }
}

fn stat_of(fact: &mut Fact<Option<FileStat>>) -> &mut FileStat {
    fact.value.as_mut().unwrap().as_mut().unwrap()
}

fn access_of(master: &mut Master) -> &mut Access {
    master.outputs[0].access.value.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn a_full_disk_takes_no_pidfile_and_a_recording_that_lacks_it_says_so_once() {
    let full = |full: Option<bool>, user: u32| {
        usual(|app| {
            app.masters[0].process.status.value.as_mut().unwrap().uids = [user; 4];
            let file = app.pidfiles.iter_mut().find(|file| file.kind == PidfileKind::Current);
            let access = &mut file.unwrap().directories[0].access;
            access.value.as_mut().unwrap().as_mut().unwrap().full = full;
        })
    };
    let (state, words) = state_of(&full(Some(true), 1000), "pidfile");
    assert!(state == Stops && words.contains("has no room"), "{words}");
    assert_eq!(state_of(&full(Some(true), 0), "pidfile").0, Blind, "some is kept for root");
    let lacking = full(None, 1000);
    let blind: Vec<_> = lines(&lacking).into_iter().filter(|line| line.state == Blind).collect();
    assert!(matches!(blind.as_slice(), [one] if one.what == "logs"), "{blind:?}");
}

#[test]
fn each_line_says_what_is_not_as_it_should_be() {
    let pinned = |master: &mut Master, name: &str| {
        let path = release_path(name).to_string_lossy().into_owned();
        master.restart.directory = known("mem", spot(&path, FileKind::Directory, &path));
    };
    let exact = |kind: &str, main: Main| {
        let kind = Text::from(kind);
        unit_with(|unit| (unit.kind, unit.pidfile, unit.main) = (Some(kind), None, main))
    };
    let is = |number: i32, name: &str, above: Above| Main::Is {
        pid: pid(number),
        name: name.into(),
        above,
    };
    let own = move || is(14740, "unicorn", Above::No);
    let cases = vec![
        case("directory", Stops, "is gone", |m| {
            m.restart.directory = known("mem", nothing("/var/www/shop/releases/1"));
        }),
        case("directory", Warns, "not the current one", move |m| pinned(m, OLD)),
        case("program", Stops, "is gone", |m| {
            m.restart.program = known("mem", nothing("/x/unicorn"));
        }),
        case("program", Stops, "may not be executed", |m| {
            let stat = m.restart.program.value.as_mut().unwrap().stat.value.as_mut().unwrap();
            stat.as_mut().unwrap().mode = 0o644;
        }),
        case("interpreter", Stops, "is gone", |m| {
            m.restart.interpreter = known("/x", Some(nothing("/opt/ruby/bin/ruby")));
        }),
        case("interpreter", Holds, "none", |m| m.restart.interpreter = known("/x", None)),
        case("Ruby", Blind, "/opt/ruby is not known", |m| {
            m.restart.interpreter =
                known("/x", Some(spot("/opt/ruby", FileKind::Regular, "/opt/ruby")));
        }),
        case("Gemfile", Stops, "is gone", |m| {
            let path = format!("{}/Gemfile", release_path(GONE).display());
            let mut gemfile = gemfile(&path, Some(GONE));
            gemfile.file = nothing(&path);
            m.restart.gemfile = known("env", Some(gemfile));
        }),
        case("Gemfile", Warns, "not the current", |m| {
            let path = format!("{}/Gemfile", release_path(OLD).display());
            m.restart.gemfile = known("env", Some(gemfile(&path, Some(OLD))));
        }),
        case("Gemfile", Holds, "not used", |m| m.restart.gemfile = known("env", None)),
        case("gems", Blind, "stripe 10.1.0 not found", |m| {
            m.restart.gems = known("lock", Some(gems(&["stripe 10.1.0"])));
        }),
        case("config", Stops, "is gone", |m| {
            m.restart.config = known("cmd", Some(nothing(CONFIG)));
        }),
        case("pidfile", Warns, "none", |m| m.pidfile = known(CONFIG, None)),
        case("pidfile", Warns, "from then on", |m| {
            m.config.value.as_mut().unwrap().pid =
                Setting::Set { value: "/run/x.pid".into(), line: 2 };
        }),
        case("logs", Stops, "shared/log is gone (stderr_path, line 7)", |m| {
            m.outputs[0].directories[0].stat = known("x", None);
        }),
        case("logs", Stops, "shared/log is not its user's to write", |m| {
            let output = &mut m.outputs[0];
            (output.file.stat, output.name) = (known("x", None), known("x", None));
            stat_of(&mut output.directories[0].stat).mode = 0o555;
        }),
        case("logs", Stops, "/var/www is not its user's to search", |m| {
            let above = m.outputs[0].directories.iter_mut().find(|at| at.path.ends_with("www"));
            stat_of(&mut above.unwrap().stat).mode = 0o600;
        }),
        case("logs", Stops, "unicorn.log is not its user's to write", |m| {
            stat_of(&mut m.outputs[0].file.stat).uid = 0;
        }),
        case("logs", Stops, "is a directory", |m| {
            stat_of(&mut m.outputs[0].file.stat).kind = FileKind::Directory;
        }),
        case("logs", Stops, "read-only", |m| access_of(m).read_only = true),
        case("logs", Warns, "nothing more is written", |m| access_of(m).full = Some(true)),
        case("logs", Blind, "immutable", |m| access_of(m).fixed = true),
        case("logs", Blind, "leads nowhere", |m| m.outputs[0].file.stat = known("x", None)),
        case("logs", Blind, "may wait", |m| {
            stat_of(&mut m.outputs[0].file.stat).kind = FileKind::Fifo;
        }),
        case("logs", Blind, "sticky", |m| {
            stat_of(&mut m.outputs[0].directories[0].stat).mode = 0o1777;
            stat_of(&mut m.outputs[0].directories[0].stat).uid = 0;
            stat_of(&mut m.outputs[0].file.stat).mode = 0o666;
            stat_of(&mut m.outputs[0].file.stat).uid = 7;
        }),
        case("logs", Blind, "starts is not known", |m| m.outputs[0].directories.clear()),
        case("logs", Blind, "line 9 is an expression", |m| {
            m.config.value.as_mut().unwrap().stdout_path =
                Setting::Unevaluable { line: 9, text: "LOG".into() };
        }),
        case("logs", Holds, "none is set", |m| m.outputs.clear()),
        case("retires", Holds, "farrier, by QUIT to 14740", |m| {
            m.config.value.as_mut().unwrap().retires_old_master = false;
        }),
        case("limits", Warns, "open", |m| {
            let limits = m.process.limits.value.as_mut().unwrap();
            limits[1].soft = Some(0);
        }),
        case("limits", Blind, "was not counted", |m| {
            m.process.limits.value.as_mut().unwrap()[0].soft = Some(100);
        }),
        case("supervisor", Stops, "first process", |m| {
            m.supervisor = known("x", Supervisor::First).into();
        }),
        case("supervisor", Stops, "and the new master with it", move |m| {
            m.supervisor = exact("simple", own()).into();
        }),
        case("supervisor", Warns, "counts as ended with 14740, and starts another", move |m| {
            m.supervisor = unit_with(|unit| {
                (unit.restart, unit.kill_mode) = (Some("always".into()), Some("process".into()));
                unit.main = own();
            })
            .into();
        }),
        case("supervisor", Warns, "none once that has ended", move |m| {
            m.supervisor = unit_with(|unit| (unit.remains, unit.main) = (Some(true), own())).into();
        }),
        case("supervisor", Holds, "follows java 700, which stays", move |m| {
            m.supervisor = exact("exec", is(700, "java", Above::No)).into();
        }),
        case("supervisor", Stops, "ends with sh 700, which waits for 14740", move |m| {
            m.supervisor = exact("exec", is(700, "sh", Above::Waits)).into();
        }),
        case("supervisor", Stops, "it may end the app, or start another, when 14740", move |m| {
            m.supervisor = exact("exec", is(700, "bash", Above::Acts)).into();
        }),
        case("supervisor", Warns, "its main process has ended", move |m| {
            m.supervisor = exact("simple", Main::Ended(Some(pid(700)))).into();
        }),
        case("supervisor", Holds, "none of its processes", move |m| {
            m.supervisor = exact("oneshot", Main::None).into();
        }),
        case("supervisor", Blind, "is not known", move |m| {
            m.supervisor = exact("simple", Main::Unknown).into();
        }),
        case("supervisor", Warns, "another pidfile", |m| {
            let main = Main::Named { file: "/run/other.pid".into(), own: Some(false) };
            m.supervisor = unit_with(|unit| unit.main = main).into();
        }),
        case("supervisor", Blind, "its own pidfile is not known", |m| {
            let main = Main::Named { file: "/run/other.pid".into(), own: None };
            m.supervisor = unit_with(|unit| unit.main = main).into();
        }),
        case("supervisor", Stops, "tini 1 ends with 14740", |m| {
            m.supervisor = known("x", parent(1, "tini", Follows::Acts(vec![]))).into();
        }),
        case("supervisor", Stops, "bash 1 started it: it may end the app", |m| {
            m.supervisor = known("x", parent(1, "bash", Follows::Acts(vec![]))).into();
        }),
        case("supervisor", Stops, "launch-web 700 started it and catches HUP and USR2", |m| {
            let catches = vec![Signal::SIGHUP, Signal::SIGUSR2];
            m.supervisor = known("x", parent(700, "launch-web", Follows::Acts(catches))).into();
        }),
        case("supervisor", Warns, "sudo 700 started it and waits for it", |m| {
            m.supervisor = known("x", parent(700, "sudo", Follows::Waits)).into();
        }),
        case("supervisor", Holds, "ExitType=cgroup", |m| {
            m.supervisor = unit_with(|unit| {
                (unit.kind, unit.exit_type) = (None, Some("cgroup".into()));
            })
            .into();
        }),
        case("supervisor", Blind, "was not found", |m| {
            m.supervisor = unit_with(|unit| unit.file = None).into();
        }),
        case("supervisor", Stops, "starts another master", |m| {
            let by = Supervisor::Service { by: pid(500), name: "runsv".into(), script: None };
            m.supervisor = known("x", by).into();
        }),
    ];
    for (what, state, says, change) in cases {
        let (found, value) = state_of(&usual(change), what);
        assert!(
            found == state && value.contains(says),
            "{what}: {found:?} {value}, not {state:?} {says}"
        );
    }
}

#[test]
fn oldbin_listeners_and_the_ruby_that_is_asked_for() {
    let oldbin = |state: PidfileState| {
        usual(|app| app.pidfiles.push(pidfile(PidfileKind::Oldbin, 700, state, None)))
    };
    assert_eq!(state_of(&oldbin(PidfileState::Dead), "oldbin").0, Holds);
    assert_eq!(state_of(&oldbin(PidfileState::Zombie), "oldbin").0, Stops);
    let (state, words) = state_of(&oldbin(PidfileState::Foreign("cron".into())), "oldbin");
    assert!(state == Stops && words.contains("cron"), "{words}");

    let replaced = usual(|app| {
        app.listeners[0].file = Some(known("x", SocketFile::Missing));
    });
    assert_eq!(state_of(&replaced, "listeners").0, Warns);
    let more = usual(|app| {
        let config = app.masters[0].config.value.as_mut().unwrap();
        config.listen.push(Setting::Set { value: "/run/second.sock".into(), line: 9 });
    });
    let (state, words) = state_of(&more, "listeners");
    assert!(state == Holds && words.contains("/run/second.sock bound besides"), "{words}");

    for (asked, state) in [("ruby 3.1.2p20", Holds), ("ruby 3.3.0p0", Warns)] {
        let census = usual(|app| {
            let releases = layout_of(app).releases.value.as_mut().unwrap();
            let live = releases.iter_mut().find(|release| release.name == LIVE).unwrap();
            let lock = Lock { ruby: Some(asked.into()), ..lock(LIVE, 1) };
            live.lock = known("x", Some(lock));
        });
        assert_eq!(state_of(&census, "Ruby").0, state, "{asked}");
    }
}

#[test]
fn what_is_lacking_makes_its_line_blind_and_none_better() {
    let whole = usual(|_| {});
    let before = lines(&whole);
    for wanted in 0.. {
        let mut lessened = whole.clone();
        let (mut at, mut lost) = (0, None);
        each_fact(&mut lessened, &mut |name, fact| {
            if at == wanted {
                fact.lose();
                lost = Some(name.to_owned());
            }
            at += 1;
        });
        let Some(lost) = lost else { break };
        let app = &lessened.apps[0];
        let plan = plans::plan(&lessened, &Verdicts::default(), app, None, Operation::Upgrade);
        let Ok(plan) = plan else { continue };
        for (was, is) in before.iter().zip(&plan.next) {
            let same = is.state == was.state && is.value == was.value;
            let weaker = matches!(is.state, Blind | Holds) && is.value != was.value
                || matches!(is.state, Blind | Unseen);
            assert!(same || weaker, "without {lost}: {is:?}, was {was:?}");
        }
    }
    let mut blind = whole.clone();
    each_fact(&mut blind, &mut |name, fact| {
        if name.starts_with("restart") || name == "supervisor" {
            fact.lose();
        }
    });
    // What a new master cannot come up without stops it; the rest is said.
    for what in ["directory", "program", "interpreter", "Gemfile", "config", "supervisor"] {
        assert_eq!(state_of(&blind, what).0, Unseen, "{what}");
    }
    assert_eq!(state_of(&blind, "gems").0, Blind);
    assert_eq!(state_of(&whole, "pidfile").1, PIDFILE);
}
