//! The program, its interpreter, its libraries and its config: replaced, deleted, or not where the next restart looks.

use crate::lab::config::Config;
use crate::lab::program::{broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

/// An interpreter of the lab's own: Debian's is not to be touched.
const RUBY: &str = "/usr/local/bin/ruby";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "exe-replaced",
        tells: "the interpreter was upgraded under the running master",
        targets: &[],
        expect: warned(&[("exe-replaced", "warning")]),
        set: |lab| {
            own_ruby(lab);
            lab.sh(&format!("cp /usr/bin/ruby3.1 {RUBY}.new; mv {RUBY}.new {RUBY}"));
        },
    },
    Stage {
        name: "exe-deleted",
        tells: "the interpreter was removed under the running master, which restarts with another",
        targets: &[],
        expect: warned(&[("exe-replaced", "warning")]),
        set: |lab| {
            let master = own_ruby(lab);
            lab.sh(&format!("rm {RUBY}"));
            assert_eq!(lab.link(master, "exe"), format!("{RUBY} (deleted)"));
        },
    },
    Stage {
        name: "libs-replaced",
        tells: "a gem's native extension was installed anew under the running master",
        targets: &[],
        expect: warned(&[("libs-replaced", "warning")]),
        set: |lab| {
            let (master, library) = own_extension(lab);
            lab.sh(&format!("cp {library} {library}.new; mv {library}.new {library}"));
            let deleted = format!("{library} (deleted)");
            assert!(lab.read(format!("/proc/{master}/maps")).contains(&deleted));
        },
    },
    Stage {
        name: "libs-deleted",
        tells: "a gem's native extension was removed by `bundle clean` under the running master",
        targets: &[],
        expect: warned(&[("libs-replaced", "warning")]),
        set: |lab| {
            let (_, library) = own_extension(lab);
            lab.sh(&format!("rm -r $(dirname {library})"));
        },
    },
    Stage {
        name: "reexec-missing",
        tells: "the master was started by a release's own program, and that release was cleaned up",
        targets: &[],
        expect: broken(&[("reexec-missing", "critical"), ("reexec-failed", "critical")])
            .besides(&["release-deleted", "release-stale"]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            let program = site.path(&format!("releases/{FIRST}/bin/unicorn"));
            binstub(&site, &program, "/usr/bin/ruby");
            site.start_with(&program_of(&site, &program));
            site.release(SECOND, &App::default(), &Config::at(&site.root));
            site.switched_long_ago(SECOND);
            lab.sh(&format!("rm -r {}/releases/{FIRST}", site.root));
            fails(&site, "No such file or directory");
        },
    },
    Stage {
        name: "reexec-interpreter",
        tells: "the interpreter that the program's first line names is gone",
        targets: &[],
        expect: broken(&[("reexec-missing", "critical"), ("reexec-failed", "critical")])
            .besides(&["exe-replaced"]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            lab.sh(&format!("cp /usr/bin/ruby3.1 {RUBY}"));
            let program = site.path("shared/bin/unicorn");
            binstub(&site, &program, RUBY);
            site.start_with(&program_of(&site, &program));
            lab.sh(&format!("rm {RUBY}"));
            fails(&site, "No such file or directory");
        },
    },
    Stage {
        name: "reexec-forbidden",
        tells: "the program may not be executed any more",
        targets: &[],
        expect: broken(&[("reexec-missing", "critical"), ("reexec-failed", "critical")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let program = site.path("shared/bin/unicorn");
            binstub(&site, &program, "/usr/bin/ruby");
            site.start_with(&program_of(&site, &program));
            lab.sh(&format!("chmod -x {program}"));
            fails(&site, "Permission denied");
        },
    },
    Stage {
        name: "config-missing",
        tells: "the config file was moved away: USR2 and HUP find none",
        targets: &[],
        expect: broken(&[("config-missing", "critical")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let config = site.path("shared/unicorn.rb");
            lab.write(&config, Config { gemfile: None, ..Config::at(&site.root) }.text());
            let mut start = site.plain();
            start.config = Some(config.clone());
            site.start_with(&start);
            lab.sh(&format!("rm {config}"));
        },
    },
];

/// A site whose master runs on an interpreter of the lab's own.
fn own_ruby(lab: &Lab) -> u32 {
    let site = Site::deployed(lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    lab.sh(&format!("cp /usr/bin/ruby3.1 {RUBY}"));
    let mut start = site.plain();
    start.program = [RUBY, "/usr/bin/unicorn"].map(str::to_owned).to_vec();
    let master = site.start_with(&start);
    assert_eq!(lab.link(master, "exe"), RUBY);
    master
}

/// A site whose master has mapped a native extension from `shared/bundle`; gives the master and the file.
fn own_extension(lab: &Lab) -> (u32, String) {
    let site = Site::deployed(lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    let directory = site.path("shared/bundle/ruby/3.1.0/gems/kgio-2.11.0/lib");
    let debian = lab.sh(
        "ruby -e 'puts $LOAD_PATH.map { |d| d + \"/kgio_ext.so\" }.find { |f| File.file?(f) }'",
    );
    lab.sh_as(site.user, &format!("mkdir -p {directory}; cp {} {directory}/", debian.trim()));
    let mut start = site.plain();
    start.env = vec![format!("RUBYLIB={directory}")];
    let master = site.start_with(&start);
    let library = format!("{directory}/kgio_ext.so");
    assert!(lab.read(format!("/proc/{master}/maps")).contains(&library));
    (master, library)
}

/// Writes a program that runs Unicorn, as `bundle binstubs` does.
fn binstub(site: &Site<'_>, program: &str, interpreter: &str) {
    site.lab.write(program, format!("#!{interpreter}\nload \"/usr/bin/unicorn\"\n"));
    site.lab.sh(&format!("chmod 755 {program}"));
}

fn program_of(site: &Site<'_>, program: &str) -> crate::lab::site::Start {
    let mut start = site.plain();
    start.program = vec![program.to_owned()];
    start
}

/// Shows that an upgrade comes to nothing, with those words in the log.
fn fails(site: &Site<'_>, words: &str) {
    let master = site.masters()[0];
    site.lab.signal(master, "USR2");
    let log = || site.lab.read(site.path("shared/log/unicorn.stderr.log"));
    site.lab.wait("the log says why the upgrade failed", || {
        log().contains(words) && log().contains("exec()-ed")
    });
    site.lab.wait("the master takes its pidfile back", || {
        site.pidfile("shared/pids/unicorn.pid") == master && site.masters() == [master]
    });
}

#[test]
fn exe_replaced() {
    hold("exe-replaced");
}

#[test]
fn exe_deleted() {
    hold("exe-deleted");
}

#[test]
fn libs_replaced() {
    hold("libs-replaced");
}

#[test]
fn libs_deleted() {
    hold("libs-deleted");
}

#[test]
fn reexec_missing() {
    hold("reexec-missing");
}

#[test]
fn reexec_interpreter() {
    hold("reexec-interpreter");
}

#[test]
fn reexec_forbidden() {
    hold("reexec-forbidden");
}

#[test]
fn config_missing() {
    hold("config-missing");
}
