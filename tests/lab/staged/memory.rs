//! Control groups that hold one generation, and a second one or none.

use crate::lab::config::{Config, Hook};
use crate::lab::program::{Expect, FINE, warned};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

/// Megabytes that the app holds, shared by its master and workers.
const BALLAST: u32 = 60;

/// What ends an old worker for each new one, and the old master with the last.
const LADDER: &str = "before_fork do |server, worker|
  old = \"#{server.config[:pid]}.oldbin\"
  if File.exist?(old) && server.pid != old
    signal = worker.nr + 1 >= server.worker_processes ? :QUIT : :TTOU
    begin
      Process.kill(signal, File.read(old).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
      nil
    end
  end
end
";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "memory-headroom",
        tells: "the control group of the service leaves less than a second generation takes",
        targets: &[],
        expect: warned(&[("memory-headroom", "warning")]),
        set: |lab| {
            bounded(lab, BALLAST, |config| config.hook = Hook::BeforeFork);
        },
    },
    Stage {
        name: "memory-headroom-ladder",
        tells: "the same, and a hook ends an old worker for each new one",
        targets: &[],
        expect: Expect { found: &[("memory-headroom", "info")], ..FINE },
        set: |lab| {
            bounded(lab, BALLAST, |config| {
                (config.hook, config.more) = (Hook::None, LADDER.to_owned());
            });
        },
    },
    Stage {
        name: "memory-shared",
        tells: "three processes share most of what they hold: their resident sizes would not fit in, they themselves do",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = bounded(lab, 3 * BALLAST, |config| config.hook = Hook::BeforeFork);
            let resident: u32 = members(&site).iter().map(|pid| resident(lab, *pid)).sum();
            assert!(resident > 3 * BALLAST, "{resident} MB");
        },
    },
];

/// A site whose master and workers live in a control group of so many megabytes, which has nothing else in it.
fn bounded(lab: &Lab, megabytes: u32, change: impl FnOnce(&mut Config)) -> Site<'_> {
    let site = Site::new(lab, "shop");
    let code = format!("$ballast = \"x\" * {}", BALLAST << 20);
    let mut config = Config::at(&site.root);
    change(&mut config);
    site.release(FIRST, &App { code, ..App::default() }, &config);
    site.switched_long_ago(FIRST);
    site.start();
    let groups = group(lab, megabytes);
    for pid in members(&site) {
        lab.sh(&format!("echo {pid} > {groups}/cgroup.procs"));
    }
    site
}

/// A control group with a limit, of whichever hierarchy there is; gives its directory.
fn group(lab: &Lab, megabytes: u32) -> String {
    let line = format!(
        "cd /sys/fs/cgroup; limit=memory.max
        if [ -d memory ]; then cd memory; limit=memory.limit_in_bytes
        else echo +memory > cgroup.subtree_control; fi
        # Those of labs that are long gone are empty, and nobody else removes them.
        find . -maxdepth 1 -name 'farrier-lab-*' -mmin +10 -exec rmdir {{}} + 2> /dev/null || true
        cd $(mktemp -d farrier-lab-XXXXXX); chmod 755 .; echo {megabytes}M > $limit; pwd"
    );
    lab.sh(&line).trim().to_owned()
}

/// The master and its workers.
fn members(site: &Site<'_>) -> Vec<u32> {
    let master = site.masters()[0];
    [vec![master], site.workers(master)].concat()
}

/// What a process holds resident, in megabytes.
fn resident(lab: &Lab, pid: u32) -> u32 {
    let status = lab.read(format!("/proc/{pid}/status"));
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let kilobytes: u32 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes / 1024
}

#[test]
fn memory_headroom() {
    hold("memory-headroom");
}

#[test]
fn memory_headroom_ladder() {
    hold("memory-headroom-ladder");
}

#[test]
fn memory_shared() {
    hold("memory-shared");
}
