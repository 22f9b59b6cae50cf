//! The boxes that the screens show.

use farrier::facts::opens::{Entry, Opens, Slot};
use farrier::facts::{Fact, Lack, Place};
use farrier::model::{AppId, Census, Role, Searched};
use farrier::os::Refusal;

use crate::built::{
    self, GONE, LIVE, NEW, OLD, deployed, gemfile, layout_of, master, pid, pidfile, with,
};

const DAY: u64 = 86_400;

/// Two healthy apps.
pub fn two() -> Census {
    let mut census = built::healthy();
    let mut api = built::app();
    api.id = AppId("/var/www/api".into());
    api.name = "api".into();
    api.masters = vec![master(3301, 5 * DAY, LIVE)];
    api.listeners[0].masters = vec![pid(3301)];
    api.listeners[0].inode = 50_001;
    api.pidfiles[0] = pidfile(
        farrier::model::PidfileKind::Current,
        3301,
        farrier::model::PidfileState::Live,
        Some(3301),
    );
    census.apps.insert(0, api);
    census
}

/// The night of `screens.md`: an old master that was never retired, a deploy that did not come up, a pinned Gemfile.
pub fn incident() -> Census {
    let mut census = with(|app| {
        let mut old = master(9120, 7 * DAY, OLD);
        old.role = Role::Old;
        old.child = Some(pid(14740));
        let serving = &mut app.masters[0];
        serving.parent = Some(pid(9120));
        serving.restart.gemfile = Fact::known(
            Place::new("/proc/14740/environ"),
            Some(gemfile(&format!("/var/www/shop/releases/{GONE}/Gemfile"), Some(GONE))),
        );
        // Started by bundle exec: the variable is in its memory alone.
        let live = serving.process.live.value.as_mut().unwrap();
        for (name, value) in [
            ("BUNDLE_GEMFILE", format!("/var/www/shop/releases/{GONE}/Gemfile")),
            ("PORT", "8080".to_owned()),
        ] {
            let (name, value) = (name.into(), value.as_str().into());
            live.variables.push(farrier::facts::environ::Variable { name, value });
        }
        app.masters.insert(0, old);
        app.listeners[0].masters.insert(0, pid(9120));
        deployed(app, 1800);
        let pinned = built::release(GONE, 20 * DAY);
        layout_of(app).releases.value.as_mut().unwrap().insert(0, pinned);
        app.pidfiles.push(pidfile(
            farrier::model::PidfileKind::Oldbin,
            9120,
            farrier::model::PidfileState::Live,
            Some(9120),
        ));
    });
    let healthy = two().apps.remove(0);
    census.apps.insert(0, healthy);
    assert_eq!(layout_of(&mut census.apps[1]).current_release(), Some(NEW));
    census
}

/// A box on which nothing serves.
pub fn empty() -> Census {
    let mut census = built::healthy();
    census.apps.clear();
    census.seen.denied = 187;
    census.seen.idle_roots = vec!["/srv/www/blog".into()];
    census.seen.closed = vec![("/home/deploy".into(), Lack::Refused(Refusal::Denied))];
    census.seen.searched = vec![
        Searched { what: "processes", how: "title and program".into(), found: 0 },
        Searched { what: "pidfiles", how: "/run, /var/www/*/shared/pids".into(), found: 0 },
        Searched {
            what: "releases",
            how: "a directory \"releases\" beside a link \"current\"".into(),
            found: 1,
        },
    ];
    census
}

/// A box of which the process's own facts are denied.
pub fn half_read() -> Census {
    let mut census = built::healthy();
    let denied = || Lack::Refused(Refusal::Denied);
    let master = &mut census.apps[0].masters[0];
    master.process.cwd.value = Err(denied());
    master.process.exe.value = Err(denied());
    master.process.environ.value = Err(denied());
    master.process.pss.value = Err(denied());
    master.process.rss.value = Err(denied());
    master.release.value = Err(denied());
    master.restart.gemfile.value = Err(denied());
    census
}

/// Plain files that a process has open to write.
pub fn opens(names: &[(&str, Slot)]) -> Opens {
    let entry = |(name, slot): &(&str, Slot)| Entry {
        slot: *slot,
        kind: Some("REG"),
        mode: Some("w"),
        name: (*name).into(),
        device: None,
        inode: None,
        size: None,
        fate: None,
    };
    Opens { entries: names.iter().map(entry).collect(), lacking: Vec::new() }
}
