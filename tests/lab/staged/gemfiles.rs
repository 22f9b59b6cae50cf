//! The Gemfile that the next generation will see.

use crate::lab::config::Config;
use crate::lab::program::{broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "gemfile-pinned",
        tells: "started by Bundler, and nothing leads BUNDLE_GEMFILE through current",
        targets: &[],
        expect: warned(&[("gemfile-pinned", "warning"), ("config-gemfile-hook", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| config.gemfile = None);
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert_eq!(gemfile(lab, master), site.path(&format!("releases/{FIRST}/Gemfile")));
        },
    },
    Stage {
        name: "gemfile-kept",
        tells: "the config sets BUNDLE_GEMFILE with ||=, which changes nothing: Bundler has set it",
        targets: &[],
        expect: warned(&[("gemfile-pinned", "warning"), ("config-gemfile-hook", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| {
                config.gemfile = None;
                config.more =
                    "ENV[\"BUNDLE_GEMFILE\"] ||= \"/var/www/shop/current/Gemfile\"".to_owned();
            });
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert_eq!(gemfile(lab, master), site.path(&format!("releases/{FIRST}/Gemfile")));
        },
    },
    Stage {
        name: "gemfile-binstub",
        tells: "started by a binstub of the release, which sets BUNDLE_GEMFILE by its own real path",
        targets: &[],
        expect: warned(&[("gemfile-pinned", "warning"), ("config-gemfile-hook", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| config.gemfile = None);
            site.switched_long_ago(FIRST);
            let stub = site.path(&format!("releases/{FIRST}/bin/unicorn"));
            lab.write(
                &stub,
                "#!/usr/bin/ruby\nENV[\"BUNDLE_GEMFILE\"] ||= File.expand_path(\"../Gemfile\", \
                 File.realpath(__dir__))\nrequire \"bundler/setup\"\nload \"/usr/bin/unicorn\"\n",
            );
            lab.sh(&format!("chmod 755 {stub}"));
            let mut start = site.plain();
            start.program = vec![site.path("current/bin/unicorn")];
            let master = site.start_with(&start);
            assert_eq!(gemfile(lab, master), "");
            let new = site.upgrade(master);
            site.wait_gone(master);
            assert_eq!(gemfile(lab, new), site.path(&format!("releases/{FIRST}/Gemfile")));
            lab.signal(new, "QUIT");
            site.wait_gone(new);
            site.start_with(&start);
        },
    },
    Stage {
        name: "gemfile-boot",
        tells: "started without Bundler, and the app that the master loads sets it up, as Rails does",
        targets: &[],
        expect: warned(&[("gemfile-pinned", "warning"), ("config-gemfile-hook", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| config.gemfile = None);
            let release = site.path(&format!("releases/{FIRST}"));
            lab.write(
                format!("{release}/config/boot.rb"),
                "ENV[\"BUNDLE_GEMFILE\"] ||= File.expand_path(\"../Gemfile\", __dir__)\n\
                 require \"bundler/setup\"\n",
            );
            lab.sh(&format!("sed -i '1i require_relative \"config/boot\"' {release}/config.ru"));
            site.switched_long_ago(FIRST);
            let master = site.start_with(&site.plain());
            assert_eq!(gemfile(lab, master), "");
        },
    },
    Stage {
        name: "gemfile-mismatch",
        tells: "upgraded: the new code runs with the old release's gems, which are others",
        targets: &[],
        expect: warned(&[
            ("gemfile-pinned", "warning"),
            ("gemfile-mismatch", "warning"),
            ("config-gemfile-hook", "warning"),
        ]),
        set: |lab| {
            upgraded(lab);
        },
    },
    Stage {
        name: "gemfile-missing",
        tells: "the same, and the old release was cleaned up: no USR2 will ever boot",
        targets: &[],
        expect: broken(&[("gemfile-missing", "critical"), ("reexec-failed", "critical")])
            .besides(&["gemfile-pinned", "config-gemfile-hook"]),
        set: |lab| {
            let (site, master) = upgraded(lab);
            lab.sh(&format!("rm -r {}/releases/{FIRST}", site.root));
            lab.signal(master, "USR2");
            let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
            lab.wait("Bundler finds no Gemfile", || log().contains("Bundler::GemfileNotFound"));
            lab.wait("the master takes its pidfile back", || {
                site.pidfile("shared/pids/unicorn.pid") == master && site.masters() == [master]
            });
        },
    },
];

fn gemfile(lab: &Lab, master: u32) -> String {
    lab.started_with(master, "BUNDLE_GEMFILE").unwrap_or_default()
}

/// The second release serves, with another lock file, under the first one's Gemfile.
fn upgraded(lab: &Lab) -> (Site<'_>, u32) {
    lab.impatient();
    let site = Site::deployed(lab, "shop", |config| (config.gemfile, config.timeout) = (None, 3));
    let old = site.start();
    let app = App { gems: &["kgio"], ..App::default() };
    site.release(SECOND, &app, &Config { gemfile: None, timeout: 3, ..Config::at(&site.root) });
    site.switched_long_ago(SECOND);
    let new = site.upgrade(old);
    site.wait_gone(old);
    site.wait_ready(new);
    assert_eq!(gemfile(lab, new), site.path(&format!("releases/{FIRST}/Gemfile")));
    assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
    lab.outlast_handover(new);
    (site, new)
}

#[test]
fn gemfile_pinned() {
    hold("gemfile-pinned");
}

#[test]
fn gemfile_mismatch() {
    hold("gemfile-mismatch");
}

#[test]
fn gemfile_missing() {
    hold("gemfile-missing");
}

#[test]
fn gemfile_kept() {
    hold("gemfile-kept");
}

#[test]
fn gemfile_binstub() {
    hold("gemfile-binstub");
}

#[test]
fn gemfile_boot() {
    hold("gemfile-boot");
}
