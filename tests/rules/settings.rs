//! The configuration, and what a master hands on: each fault of them, and what only looks like one.

use farrier::contract::Severity::{Info, Warning};
use farrier::facts::environ::{Environ, Variable};
use farrier::model::log::Said;
use farrier::model::*;
use farrier::os::{FileKind, Text};

use super::broken::{Case, case, logged, unprepared};
use super::sound::LookAlike;
use crate::built::*;

/// It was started with these variables and hands them on.
fn hands_on(app: &mut App, variables: &[(&str, &str)]) {
    let process = &mut app.masters[0].process;
    let all = variables
        .iter()
        .map(|(name, value)| Variable { name: Text::from(*name), value: Text::from(*value) });
    let environ = Environ { variables: all.collect(), size: 900 };
    process.environ.value = Ok(environ.clone());
    process.live.value = Ok(environ);
}

fn runs(app: &mut App, program: &str) {
    app.masters[0].restart.program.value = Ok(spot(program, FileKind::Regular, program));
}

/// The live release's lock file asks for this Ruby.
fn asks_for(app: &mut App, version: &str) {
    for release in layout_of(app).releases.value.as_mut().unwrap() {
        release.lock.value.as_mut().unwrap().as_mut().unwrap().ruby =
            Some(format!("ruby {version}p20"));
    }
}

fn loaded(app: &mut App) -> &mut Config {
    app.masters[0].loaded.value.as_mut().unwrap()
}

fn without_pidfile(app: &mut App) {
    loaded(app).pid = Setting::NotSet;
    app.masters[0].pidfile.value = Ok(None);
    app.pidfiles.clear();
}

/// `pid "tmp/pids/unicorn.pid"`, where that really is.
fn relative(app: &mut App, real: &str) {
    let given = "tmp/pids/unicorn.pid";
    loaded(app).pid = Setting::Set { value: given.into(), line: 2 };
    let path = release_path(LIVE).join(given);
    app.masters[0].pidfile.value = Ok(Some(path.clone()));
    app.pidfiles[0].real.value = Ok(Some(real.into()));
    app.pidfiles[0].path = path;
}

pub fn cases() -> Vec<Case> {
    let mut all = environments();
    all.extend(programs());
    all.extend(pidfiles());
    all.extend(reloads());
    all.extend(connections());
    all.extend(writings());
    all
}

fn environments() -> Vec<Case> {
    vec![
        case("env-overgrown", Warning, "a directory stands in PATH again and again", |app| {
            let path = "/opt/shop/bin:/opt/shop/bin:/usr/bin:/opt/shop/bin:/bin";
            hands_on(app, &[("PATH", path)]);
        }),
        case("env-overgrown", Warning, "Bundler's setup is required twice", |app| {
            let options = "-W0 -r/usr/lib/ruby/3.1.0/bundler/setup -rbundler/setup";
            hands_on(app, &[("RUBYOPT", options)]);
        }),
        case("env-overgrown", Warning, "a release that is gone", |app| {
            let path = format!("{ROOT}/releases/{GONE}/vendor/bundle/ruby/3.1.0/bin:/usr/bin");
            hands_on(app, &[("PATH", &path)]);
        }),
        case("env-overgrown", Warning, "over 64 KiB", |app| {
            hands_on(app, &[("PATH", "/usr/bin")]);
            let process = &mut app.masters[0].process;
            process.environ.value.as_mut().unwrap().size = 80_000;
            process.live.value.as_mut().unwrap().size = 80_000;
        }),
        case("env-overgrown", Info, "USR2 is not used", |app| {
            unprepared(app);
            hands_on(app, &[("PATH", "/opt/bin:/opt/bin:/opt/bin:/bin")]);
        }),
    ]
}

fn programs() -> Vec<Case> {
    vec![
        case("reexec-versioned", Warning, "of a release that is not current", |app| {
            runs(app, &format!("{ROOT}/releases/{OLD}/bin/unicorn"));
        }),
        case("reexec-versioned", Info, "of the live release", |app| {
            runs(app, &format!("{ROOT}/releases/{LIVE}/bin/unicorn"));
        }),
        case("reexec-versioned", Info, "of a version manager's Ruby", |app| {
            runs(app, "/home/deploy/.rbenv/versions/3.1.2/bin/unicorn");
            asks_for(app, "3.1.2");
        }),
        case("reexec-versioned", Warning, "the live release asks for another Ruby", |app| {
            runs(app, "/home/deploy/.rbenv/versions/3.1.2/bin/unicorn");
            asks_for(app, "3.2.4");
        }),
        case("reexec-versioned", Warning, "Bundler's directory of another Ruby", |app| {
            runs(app, &format!("{ROOT}/shared/bundle/ruby/3.1.0/bin/unicorn"));
            asks_for(app, "3.3.1");
        }),
        case("reexec-versioned", Warning, "the app without releases asks for another", |app| {
            app.layout = known("/srv/app", None).into();
            runs(app, "/opt/rubies/ruby-2.7.4/bin/unicorn");
            let gemfile = app.masters[0].restart.gemfile.value.as_mut().unwrap();
            let lock = &mut gemfile.as_mut().unwrap().lock.value;
            lock.as_mut().unwrap().as_mut().unwrap().ruby = Some("ruby 3.1.2p20".into());
        }),
        case("reexec-versioned", Info, "USR2 is not used", |app| {
            unprepared(app);
            runs(app, &format!("{ROOT}/releases/{OLD}/bin/unicorn"));
        }),
    ]
}

fn pidfiles() -> Vec<Case> {
    vec![
        case("config-pid-none", Warning, "USR2 is used", without_pidfile),
        case("config-pid-none", Info, "USR2 is not used", |app| {
            unprepared(app);
            without_pidfile(app);
        }),
        case("config-pid-none", Info, "there is no configuration at all", |app| {
            unprepared(app);
            without_pidfile(app);
            app.masters[0].restart.config.value = Ok(None);
            let config = app.masters[0].config.value.as_mut().unwrap();
            config.file.path = std::path::PathBuf::new();
        }),
        case("config-pid-relative", Warning, "it lies in the release", |app| {
            relative(app, &format!("{ROOT}/releases/{LIVE}/tmp/pids/unicorn.pid"));
        }),
        case("config-pid-relative", Info, "it lies in shared", |app| relative(app, PIDFILE)),
        case("config-pid-relative", Info, "there are no releases", |app| {
            relative(app, "/srv/app/tmp/pids/unicorn.pid");
            app.layout = known("/srv/app", None).into();
        }),
    ]
}

fn reloads() -> Vec<Case> {
    vec![
        case("config-reload-preload", Info, "new code waits", |app| deployed(app, 1800)),
        case("config-reload-preload", Info, "a HUP was carried out", |app| {
            logged(app, vec![Said::Ready, Said::Reloaded]);
        }),
    ]
}

/// The master preloads an adapter; the running release's lock file has this Active Record.
fn preloads(app: &mut App, active_record: Option<&str>) {
    let master = &mut app.masters[0];
    let adapter = "/var/www/shop/shared/bundle/ruby/3.1.0/gems/pg-1.1.4/lib/pg_ext.so";
    master.process.maps.value = Ok(vec![farrier::facts::maps::Mapped {
        path: adapter.into(),
        marked_deleted: false,
        device: 1,
        inode: 41,
        executable: true,
        start: 0x7f00_0000_0000,
        size: 4096,
    }]);
    for release in layout_of(app).releases.value.as_mut().unwrap() {
        let lock = release.lock.value.as_mut().unwrap().as_mut().unwrap();
        lock.gems.extend(active_record.map(|version| ("activerecord".into(), version.into())));
    }
}

fn connected(app: &mut App) {
    let place = farrier::facts::Place::new("/proc/14740/fd/12");
    let to = "10.0.0.5:5432".to_owned();
    app.masters[0].databases.value = Ok(vec![Connection { place, to }]);
}

fn connections() -> Vec<Case> {
    vec![
        case("config-after-fork", Warning, "an old Active Record", |app| {
            preloads(app, Some("5.1.7"));
        }),
        case("config-after-fork", Warning, "another library, and the master is connected", |app| {
            preloads(app, None);
            connected(app);
        }),
        case("config-after-fork", Warning, "an app without releases", |app| {
            preloads(app, None);
            app.layout = known("/srv/app", None).into();
            app.masters[0].release.value = Ok(None);
            let gemfile = app.masters[0].restart.gemfile.value.as_mut().unwrap();
            let lock = gemfile.as_mut().unwrap().lock.value.as_mut().unwrap();
            lock.as_mut().unwrap().gems.insert("activerecord".into(), "4.2.11".into());
        }),
    ]
}

/// The file that the master read was written so many seconds ago.
fn written(app: &mut App, seconds: u64) {
    let when = i64::try_from(ago(seconds).as_nanosecond()).unwrap();
    let stat = loaded(app).file.stat.value.as_mut().unwrap().as_mut().unwrap();
    (stat.mtime, stat.ctime) = (when, when);
}

/// Every worker is so many seconds old.
fn workers_of(app: &mut App, seconds: u64) {
    for worker in &mut app.masters[0].workers {
        worker.process.started_at.value = Ok(ago(seconds));
        worker.process.age.value = Ok(seconds);
    }
}

fn writings() -> Vec<Case> {
    vec![
        case("config-unloaded", Info, "no worker has been replaced since", |app| {
            written(app, 600);
        }),
        case("config-unloaded", Info, "workers were replaced, the log tells of no HUP", |app| {
            written(app, 600);
            workers_of(app, 60);
            logged(app, vec![Said::Ready, Said::WorkerReady]);
            app.pidfiles[0].stat.value.as_mut().unwrap().as_mut().unwrap().mtime =
                i64::try_from(ago(172_000).as_nanosecond()).unwrap();
        }),
    ]
}

pub fn look_alikes() -> Vec<LookAlike> {
    let mut all = vec![
        (
            "env-overgrown",
            "harmless doubles, one bundler/setup, a release that is there",
            with(|app| {
                let path = format!("/usr/bin:/bin:/usr/bin:{ROOT}/releases/{OLD}/bin");
                let options = "-r/usr/lib/ruby/3.1.0/bundler/setup -W0";
                hands_on(app, &[("PATH", &path), ("RUBYOPT", options)]);
            }),
        ),
        (
            "reexec-versioned",
            "a rescue: the entry is a link to the live release",
            with(|app| {
                runs(app, &format!("{ROOT}/releases/{GONE}/bin/unicorn"));
                let mut rescue = release(GONE, 600);
                rescue.link_to = Some(release_path(LIVE));
                layout_of(app).releases.value.as_mut().unwrap().push(rescue);
            }),
        ),
        (
            "reexec-versioned",
            "the same ABI, another patch level",
            with(|app| {
                runs(app, &format!("{ROOT}/shared/bundle/ruby/3.1.0/bin/unicorn"));
                asks_for(app, "3.1.6");
            }),
        ),
        (
            "config-pid-relative",
            "during a handover the file bears the oldbin's name",
            with(|app| {
                relative(app, PIDFILE);
                let mut old = app.pidfiles[0].clone();
                app.pidfiles[0].real.value = Ok(None);
                app.pidfiles[0].state.value = Ok(PidfileState::Missing);
                old.path = format!("{}.oldbin", old.path.display()).into();
                old.kind = PidfileKind::Oldbin;
                app.pidfiles.push(old);
            }),
        ),
    ];
    all.extend(of_nothing().into_iter().map(|(rule, why, change)| (rule, why, with(change))));
    all
}

type Change = fn(&mut App);

/// Where not even information is given.
fn of_nothing() -> Vec<(&'static str, &'static str, Change)> {
    vec![
        ("env-overgrown", "an empty environment", |app| hands_on(app, &[])),
        ("reexec-versioned", "a path through current", |app| {
            runs(app, &format!("{ROOT}/current/bin/unicorn"));
        }),
        ("reexec-versioned", "a shim of a version manager", |app| {
            runs(app, "/home/deploy/.rbenv/shims/unicorn");
        }),
        ("config-pid-none", "the arguments name one", |app| loaded(app).pid = Setting::NotSet),
        ("config-reload-preload", "the app is loaded by each worker", |app| {
            deployed(app, 1800);
            loaded(app).preload_app = Setting::NotSet;
        }),
        ("config-reload-preload", "a new master takes over", |app| {
            deployed(app, 35);
            reexecuted(app, 30, Phase::Loading);
        }),
        ("config-reload-preload", "it was started anew since", |app| {
            logged(app, vec![Said::Reloaded, Said::Ready]);
        }),
        ("config-after-fork", "an Active Record that does it by itself", |app| {
            preloads(app, Some("5.2.0"));
            connected(app);
        }),
        ("config-after-fork", "a hook connects anew", |app| {
            preloads(app, Some("4.2.11"));
            loaded(app).reconnects = Setting::Set { value: Hook::AfterFork, line: 9 };
        }),
        ("config-after-fork", "another library, and the master is not connected", |app| {
            preloads(app, None);
        }),
        ("config-after-fork", "workers load the app", |app| {
            preloads(app, Some("4.2.11"));
            loaded(app).preload_app = Setting::NotSet;
        }),
        ("config-unloaded", "read by a HUP since", |app| {
            written(app, 600);
            workers_of(app, 500);
            logged(app, vec![Said::Ready, Said::Reloaded]);
        }),
        ("config-unloaded", "read by a HUP since, an old worker ends its last request", |app| {
            written(app, 600);
            workers_of(app, 500);
            let mut ends = app.masters[0].workers[0].clone();
            ends.process.started_at.value = Ok(ago(172_800));
            app.masters[0].workers.push(ends);
            logged(app, vec![Said::Ready, Said::Reloaded]);
        }),
        ("config-unloaded", "written while the master booted", |app| {
            written(app, 172_790);
            workers_of(app, 172_780);
            logged(app, vec![Said::Ready]);
            app.pidfiles[0].stat.value.as_mut().unwrap().as_mut().unwrap().mtime =
                i64::try_from(ago(172_785).as_nanosecond()).unwrap();
        }),
        ("config-unloaded", "only its owner changed", |app| {
            written(app, 600);
            let stat = loaded(app).file.stat.value.as_mut().unwrap().as_mut().unwrap();
            stat.mtime = i64::try_from(ago(2_000_000).as_nanosecond()).unwrap();
        }),
        ("config-unloaded", "its own copy is gone, and current has been switched", |app| {
            deployed(app, 600);
            written(app, 660);
        }),
        ("config-unloaded", "the next release's copy is newer", |app| {
            deployed(app, 600);
            let next = app.masters[0].config.value.as_mut().unwrap();
            let stat = next.file.stat.value.as_mut().unwrap().as_mut().unwrap();
            stat.mtime = i64::try_from(ago(660).as_nanosecond()).unwrap();
        }),
    ]
}

#[test]
fn these_say_nothing() {
    for (rule, why, change) in of_nothing() {
        let census = with(change);
        let verdict = super::verdict(&census, Some(&census), rule);
        assert_eq!(verdict, farrier::contract::Verdict::Fine, "{rule}: {why}");
    }
}

#[test]
fn what_only_ruby_can_evaluate_is_not_decided() {
    for rule in ["config-pid-relative", "config-reload-preload", "config-after-fork"] {
        let census = with(|app| {
            deployed(app, 1800);
            let text = Text::from("ENV.fetch(\"X\")");
            preloads(app, Some("5.1.7"));
            loaded(app).pid = Setting::Unevaluable { line: 2, text: text.clone() };
            loaded(app).preload_app = Setting::Unevaluable { line: 5, text };
        });
        let verdict = super::verdict(&census, Some(&census), rule);
        assert!(matches!(verdict, farrier::contract::Verdict::Blind(_)), "{rule}: {verdict:?}");
    }
}
