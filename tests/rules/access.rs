//! Who may write where the pidfile lies: masters that may not, and everyone who may.

use farrier::contract::Severity::{Critical, Info, Warning};
use farrier::facts::process::Status;
use farrier::model::*;
use farrier::os::{Access, FileKind, FileStat};

use super::broken::{Case, case};
use super::sound::LookAlike;
use crate::built::*;

const UNWRITABLE: &str = "pidfile-unwritable";
const WRITABLE: &str = "pidfile-world-writable";

/// One of the directories on the way to the pidfile, by the end of its path.
fn directory<'a>(app: &'a mut App, end: &str) -> &'a mut Directory {
    let all = &mut app.pidfiles[0].directories;
    all.iter_mut().find(|directory| directory.path.ends_with(end)).unwrap()
}

fn stat_of<'a>(app: &'a mut App, end: &str) -> &'a mut FileStat {
    directory(app, end).stat.value.as_mut().unwrap().as_mut().unwrap()
}

fn access_of<'a>(app: &'a mut App, end: &str) -> &'a mut Access {
    directory(app, end).access.value.as_mut().unwrap().as_mut().unwrap()
}

fn file(app: &mut App) -> &mut FileStat {
    app.pidfiles[0].stat.value.as_mut().unwrap().as_mut().unwrap()
}

fn status(app: &mut App) -> &mut Status {
    app.masters[0].process.status.value.as_mut().unwrap()
}

/// The directory of the pidfile is root's, with that mode.
fn of_root(app: &mut App, mode: u32) {
    let stat = stat_of(app, "pids");
    (stat.uid, stat.gid, stat.mode) = (0, 0, mode);
}

fn pid_through_current(app: &mut App) {
    let path = format!("{ROOT}/current/tmp/pids/unicorn.pid");
    let mut file = pidfile(PidfileKind::Current, 14740, PidfileState::Missing, Some(14740));
    file.path = path.clone().into();
    file.directories[0].path = format!("{ROOT}/current/tmp/pids").into();
    file.directories[0].stat.value = Ok(None);
    file.directories[0].access.value = Ok(None);
    app.pidfiles = vec![file].into();
    app.masters[0].pidfile = known(CONFIG, Some(path.into()));
}

pub fn cases() -> Vec<Case> {
    let mut all = unwritable();
    all.extend(writable());
    all
}

fn unwritable() -> Vec<Case> {
    let is = |name, change: fn(&mut App)| case(UNWRITABLE, Critical, name, change);
    vec![
        is("the directory is root's", |app| of_root(app, 0o755)),
        is("the group of the directory may, and the master is not in it", |app| {
            of_root(app, 0o775);
        }),
        is("root's number without root's capability", |app| {
            (status(app).uids, status(app).gids) = ([0; 4], [0; 4]);
        }),
        is("the parent may be searched by root only", |app| {
            let stat = stat_of(app, "shop");
            (stat.uid, stat.gid, stat.mode) = (0, 0, 0o700);
        }),
        is("mounted read-only, for root too", |app| {
            status(app).capabilities = Some(u64::MAX);
            access_of(app, "pids").read_only = true;
        }),
        is("immutable, for root too", |app| {
            status(app).capabilities = Some(u64::MAX);
            access_of(app, "pids").fixed = true;
        }),
        is("a list cannot give what its mask takes", |app| {
            of_root(app, 0o750);
            access_of(app, "pids").listed = true;
        }),
        is("the file is root's in a sticky directory", |app| {
            of_root(app, 0o1777);
            file(app).uid = 0;
        }),
        is("a stale oldbin is root's in a sticky directory", |app| {
            of_root(app, 0o1777);
            let mut oldbin = pidfile(PidfileKind::Oldbin, 9, PidfileState::Dead, None);
            oldbin.stat.value.as_mut().unwrap().as_mut().unwrap().uid = 0;
            app.pidfiles.push(oldbin);
        }),
        is("the directory is gone", |app| {
            directory(app, "pids").stat.value = Ok(None);
            directory(app, "pids").access.value = Ok(None);
        }),
        is("the new release has no such directory", pid_through_current).lasting(),
        case(UNWRITABLE, Info, "nobody prepared it for USR2", |app| {
            app.masters[0].config.value = Ok(plain_config());
            of_root(app, 0o755);
        }),
    ]
}

fn writable() -> Vec<Case> {
    let is = |name, change: fn(&mut App)| case(WRITABLE, Warning, name, change);
    vec![
        is("the directory", |app| stat_of(app, "pids").mode = 0o777),
        is("a directory above it", |app| stat_of(app, "shop").mode = 0o777),
        is("the file", |app| file(app).mode = 0o666),
        is("the file, in a sticky directory", |app| {
            of_root(app, 0o1777);
            file(app).mode = 0o666;
        }),
    ]
}

pub fn look_alikes() -> Vec<LookAlike> {
    let looks = |rule, why, change: fn(&mut App)| (rule, why, with(change));
    vec![
        looks(UNWRITABLE, "root may always", |app| {
            status(app).uids = [0; 4];
            status(app).capabilities = Some(1 << 1);
            stat_of(app, "pids").mode = 0o500;
        }),
        looks(UNWRITABLE, "one of its groups may", |app| {
            of_root(app, 0o775);
            stat_of(app, "pids").gid = 33;
            status(app).groups = vec![4, 33];
        }),
        looks(UNWRITABLE, "the file's own mode does not matter", |app| {
            (file(app).uid, file(app).mode) = (0, 0o400);
        }),
        looks(UNWRITABLE, "its own file in /tmp", |app| of_root(app, 0o1777)),
        looks(UNWRITABLE, "parents may be searched and not listed", |app| {
            let stat = stat_of(app, "shop");
            (stat.uid, stat.gid, stat.mode) = (0, 0, 0o711);
        }),
        looks(UNWRITABLE, "a relative path starts at the directory that it holds", |app| {
            let config = app.masters[0].loaded.value.as_mut().unwrap();
            config.pid = Setting::Set { value: "pids/unicorn.pid".into(), line: 2 };
            app.masters[0].process.cwd = known(
                "/proc/14740/cwd",
                linked("/proc/14740/cwd", format!("{ROOT}/shared").as_ref(), 20),
            );
            let stat = stat_of(app, "shop");
            (stat.uid, stat.mode) = (0, 0o700);
        }),
        looks(UNWRITABLE, "no pidfile is configured", |app| {
            app.masters[0].pidfile = known(CONFIG, None);
            of_root(app, 0o755);
        }),
        looks(WRITABLE, "a sticky directory", |app| stat_of(app, "pids").mode = 0o1777),
        looks(WRITABLE, "the group of those who deploy", |app| stat_of(app, "pids").mode = 0o2775),
        looks(WRITABLE, "nobody else gets there", |app| {
            stat_of(app, "pids").mode = 0o777;
            file(app).mode = 0o666;
            stat_of(app, "shop").mode = 0o750;
        }),
        looks(WRITABLE, "it is mounted read-only", |app| {
            stat_of(app, "pids").mode = 0o777;
            access_of(app, "pids").read_only = true;
        }),
        looks(WRITABLE, "what stands there is no file", |app| {
            file(app).mode = 0o777;
            file(app).kind = FileKind::Directory;
        }),
    ]
}

/// What permissions alone do not decide is never called fine.
#[test]
fn a_list_and_another_user_namespace_leave_it_open() {
    let listed: fn(&mut App) = |app| {
        of_root(app, 0o770);
        access_of(app, "pids").listed = true;
    };
    let namespaced: fn(&mut App) = |app| {
        of_root(app, 0o755);
        status(app).capabilities = Some(u64::MAX);
        app.masters[0].process.shares_users.value = Ok(false);
    };
    for change in [listed, namespaced] {
        let census = with(change);
        let verdict = super::verdict(&census, Some(&census), UNWRITABLE);
        assert!(matches!(verdict, farrier::contract::Verdict::Blind(_)), "{verdict:#?}");
    }
}
