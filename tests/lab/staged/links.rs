//! Deploy roots that are reached through links: a link is another name of the same place, never another place.

use crate::lab::config::Config;
use crate::lab::program::{FINE, warned};
use crate::lab::site::{App, FIRST, SECOND, Site, Start};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, hold};

/// The name that people, `PWD` and the configuration use.
const NAME: &str = "/var/www/shop";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "links-root",
        tells: "the deploy root is a link to a data disk, and everything is named through it",
        // Whoever asks for the app by the link asks for this app.
        targets: &[NAME, "/srv/data/shop"],
        expect: FINE,
        set: |lab| {
            let site = linked_root(lab, &Config::at(NAME));
            let master = site.start_with(&by_name(&site));
            assert_eq!(lab.link(master, "cwd"), format!("/srv/data/shop/releases/{FIRST}"));
        },
    },
    Stage {
        name: "links-root-stale",
        tells: "the same, where only PWD goes through current: the deploy is there, the upgrade not yet",
        targets: &[],
        expect: warned(&[("release-stale", "warning")]),
        set: |lab| {
            let config = Config { working_directory: None, timeout: 3, ..Config::at(NAME) };
            let site = linked_root(lab, &config);
            let master = site.start_with(&by_name(&site));
            site.release(SECOND, &App::default(), &config);
            site.switch(SECOND);
            site.settle();
            assert_eq!(site.masters(), [master]);
        },
    },
    Stage {
        name: "links-releases",
        tells: "releases/ is a link to another disk, where no current stands beside it",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::new(lab, "shop");
            lab.sh("mkdir -p /srv/disk/releases; chown -R deploy:deploy /srv/disk");
            lab.sh_as(
                site.user,
                "cd /var/www/shop; rmdir releases; ln -s ../../../srv/disk/releases .",
            );
            site.release(FIRST, &App::default(), &Config::at(&site.root));
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert_eq!(lab.link(master, "cwd"), format!("/srv/disk/releases/{FIRST}"));
        },
    },
];

/// A site below `/srv/data` that is called [`NAME`], with a first release that is current.
fn linked_root<'a>(lab: &'a Lab, config: &Config) -> Site<'a> {
    lab.sh("mkdir /srv/data; ln -s ../../srv/data/shop /var/www/shop");
    let site = Site::at(lab, "/srv/data/shop", DEPLOY);
    site.release(FIRST, &App::default(), config);
    site.switched_long_ago(FIRST);
    site
}

/// Started as by a person who knows only the link.
fn by_name(site: &Site<'_>) -> Start {
    Start {
        config: Some(format!("{NAME}/current/config/unicorn.rb")),
        from: format!("{NAME}/current"),
        ..site.usual()
    }
}

#[test]
fn links_root() {
    hold("links-root");
}

#[test]
fn links_root_stale() {
    hold("links-root-stale");
}

#[test]
fn links_releases() {
    hold("links-releases");
}
