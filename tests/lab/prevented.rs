//! What farrier does not send: a signal whose whole effect would take the app down, or cannot be seen.

use super::config::Hook;
use super::freezer::Freezer;
use super::program::Run;
use super::site::{App, SECOND, Site};
use super::staged::masters::{frozen, workers_frozen};
use super::upgraded::{shop, site};
use super::world::Lab;

use std::time::{Duration, Instant};

/// The hook that most configurations have: it signals whatever the file names, and an empty one names 0.
const CLASSIC: &str = "before_fork do |server, worker|
  old = \"#{server.config[:pid]}.oldbin\"
  if File.exist?(old) && server.pid != old
    begin
      Process.kill(:QUIT, File.read(old).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
    end
  end
end";

const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

/// A site that has the classic hook, with a second release to upgrade to; and its master.
fn classic(lab: &Lab) -> u32 {
    let master = site(
        lab,
        |config| (config.hook, config.more) = (Hook::None, CLASSIC.into()),
        &App::default(),
    );
    shop(lab).settle();
    master
}

/// Tries it by every way, and proves that nothing was sent.
fn refuses(lab: &Lab, what: &str, says: &str) -> Run {
    let site = shop(lab);
    let before = site.masters();
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 3, "{what}: {plan:?}");
    assert!(plan.stdout.contains(says), "{what}: {says}: {}", plan.stdout);
    for words in [["upgrade", "shop"], ["signal", "USR2"]] {
        let target = if words[0] == "signal" { Some("shop") } else { None };
        let words: Vec<&str> = words.into_iter().chain(target).chain(["--yes"]).collect();
        let run = lab.farrier(&words);
        assert_eq!(run.status, 3, "{what}: {words:?}: {run:?}");
        assert!(run.stderr.contains("Not sent"), "{what}: {words:?}: {run:?}");
    }
    assert_eq!(site.masters(), before, "{what}");
    plan
}

/// Upgrades, and proves that it took.
fn upgrades(lab: &Lab, site: &Site<'_>) {
    let before = site.masters();
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}\n{}", lab.picture());
    let after = site.masters();
    assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
    assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(SECOND));
}

#[test]
fn a_pidfile_that_does_not_name_its_master_is_not_handed_to_the_hook() {
    let lab = Lab::new();
    let master = classic(&lab);
    let site = shop(&lab);
    let stranger = lab.background(site.user, "sleep 1000");
    let (gone, zombie) = (lab.gone(), lab.zombie(site.user));
    for (content, rule) in [
        (String::new(), "pidfile-garbled"),
        ("12abc\n".into(), "pidfile-garbled"),
        (format!("{master}; x\n"), "pidfile-garbled"),
        ("-1\n".into(), "pidfile-garbled"),
        ("0\n".into(), "pidfile-garbled"),
        (format!("\n{master}\n"), "pidfile-garbled"),
        (format!("{master}\n{stranger}\n"), "pidfile-garbled"),
        (format!("{gone}\n"), "pidfile-stale"),
        (format!("{zombie}\n"), "pidfile-stale"),
        (format!("{stranger}\n"), "pidfile-foreign"),
        (format!("{}\n", site.workers(master)[0]), "pidfile-foreign"),
    ] {
        lab.write(PIDFILE, &content);
        let plan = refuses(&lab, &content, "shared/pids/unicorn.pid");
        let first = format!("first, as its user: echo {master} > {PIDFILE}");
        assert!(plan.stdout.contains(&first), "{content:?}: {}", plan.stdout);
        let check = lab.check(&[]);
        assert!(check.status == 2 && check.stdout.contains(rule), "{content:?}: {check:?}");
    }
    lab.sh(&format!("rm {PIDFILE}"));
    refuses(&lab, "none", "unicorn.pid is not there");
    lab.sh_as(site.user, &format!("echo {master} > {PIDFILE}"));
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    let holds = format!("holds {master}, the number of the receiver");
    assert!(plan.status == 0 && plan.stdout.contains(&holds), "{plan:?}");
    upgrades(&lab, &site);
}

#[test]
fn an_empty_oldbin_that_was_left_is_met_by_no_fork() {
    let lab = Lab::new();
    let master = classic(&lab);
    lab.write(format!("{PIDFILE}.oldbin"), "");
    for words in [&["do", "reload", "shop", "--yes"][..], &["signal", "TTIN", "shop", "--yes"]] {
        let run = lab.farrier(words);
        assert_eq!(run.status, 3, "{run:?}");
        assert!(run.stdout.contains("a hook would signal that when a worker is forked"), "{run:?}");
    }
    assert_eq!(shop(&lab).masters(), [master]);
    lab.sh(&format!("rm {PIDFILE}.oldbin"));
    let run = lab.farrier(&["do", "reload", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}");
}

/// Nothing is queued for what is frozen, and the fix thaws it to the letter.
fn holds_still(lab: &Lab, freezer: &Freezer, below: &str) {
    let site = frozen(lab, freezer, below);
    let masters = site.masters();
    let pending = || lab.read(format!("/proc/{}/status", masters[0]));
    let waits = |text: &str| text.lines().any(|l| l.starts_with("ShdPnd") && !l.ends_with("0000"));
    for words in [
        &["upgrade", "shop", "--yes"][..],
        &["do", "reload", "shop", "--yes"],
        &["do", "stop", "shop", "--yes", "--force"],
        &["signal", "USR1", "shop", "--yes"],
    ] {
        let run = lab.farrier(words);
        assert!(run.status == 3 && run.stderr.contains("is frozen with "), "{words:?}: {run:?}");
        assert!(run.stderr.contains(freezer.name()), "{words:?}: {run:?}");
    }
    assert!(!waits(&pending()), "nothing was queued: {}", pending());
    let check = lab.farrier(&["check"]);
    assert!(check.status == 2 && check.stdout.contains("DOWN"), "{check:?}");
    assert!(check.stdout.contains(freezer.name()), "the group is named: {check:?}");
    let json = lab.check(&[]).json();
    let fix = json["findings"][0]["fix"].as_array().expect("it has a fix").clone();
    for line in fix {
        lab.sh(line.as_str().expect("a line"));
    }
    lab.wait("it answers again", || site.get().is_some());
    assert_eq!(lab.farrier(&["check"]).status, 0);
    assert_eq!(site.masters(), masters);
}

#[test]
fn what_is_frozen_gets_no_signal_and_is_down() {
    for below in ["", "/shop.service"] {
        let lab = Lab::new();
        holds_still(&lab, &Freezer::unified(&lab), below);
        let lab = Lab::new();
        if let Some(freezer) = Freezer::old(&lab) {
            holds_still(&lab, &freezer, below);
        }
    }
}

/// What needs workers to act is not sent to a master whose workers are frozen without it; the fix thaws them to the letter.
fn holds_for_workers(lab: &Lab, freezer: &Freezer, count: usize) {
    let site = workers_frozen(lab, freezer, count);
    let masters = site.masters();
    for words in [
        &["upgrade", "shop", "--yes"][..],
        &["do", "reload", "shop", "--yes"],
        &["do", "reopen-logs", "shop", "--yes"],
        &["do", "stop", "shop", "--yes", "--force"],
        &["signal", "USR1", "shop", "--yes"],
    ] {
        let run = lab.farrier(words);
        assert!(run.status == 3 && run.stderr.contains("frozen with "), "{words:?}: {run:?}");
        assert!(run.stderr.contains(freezer.name()), "{words:?}: {run:?}");
    }
    let check = lab.farrier(&["check"]);
    let (status, word) = if count == 2 { (2, "DOWN") } else { (1, "WRONG") };
    assert!(check.status == status && check.stdout.contains(word), "{check:?}");
    let json = lab.check(&[]).json();
    for line in json["findings"][0]["fix"].as_array().expect("it has a fix") {
        lab.sh(line.as_str().expect("a line"));
    }
    lab.wait("it answers again", || site.get().is_some());
    assert_eq!(lab.farrier(&["check"]).status, 0);
    assert_eq!(site.masters(), masters);
}

#[test]
fn what_needs_workers_is_not_sent_while_they_are_frozen() {
    for count in [2, 1] {
        let lab = Lab::new();
        holds_for_workers(&lab, &Freezer::unified(&lab), count);
        let lab = Lab::new();
        if let Some(freezer) = Freezer::old(&lab) {
            holds_for_workers(&lab, &freezer, count);
        }
    }
}

/// Mounts a file system there whose server never answers: a FUSE connection that nobody reads.
fn hang(lab: &Lab, place: &str) {
    let options = "fd=9,rootmode=40000,user_id=0,group_id=0,allow_other";
    let mount = format!("mount -i -n -t fuse -o {options} hung {place}");
    lab.background("root", &format!("bash -c \"exec 9<>/dev/fuse; {mount}; exec sleep 1000\""));
    lab.wait("it is mounted", || lab.sh("cat /proc/mounts").contains("hung "));
}

/// No signal goes where what the next generation needs was not seen.
fn sends_nothing_unseen(place: &str, unseen: &[&str]) {
    let lab = Lab::new();
    let master = classic(&lab);
    hang(&lab, place);
    let masters = || {
        let title = lab.title(master);
        (title, lab.children(master))
    };
    let before = masters();
    let plan = lab.farrier(&["plan", "upgrade", &master.to_string()]);
    assert_eq!(plan.status, 3, "{plan:?}");
    assert!(plan.stdout.contains(" not seen, "), "{}", plan.stdout);
    for what in unseen {
        let line = plan.stdout.lines().find(|line| line.contains(&format!(" {what} ")));
        assert!(line.is_some_and(|line| line.contains('✗')), "{what}: {}", plan.stdout);
    }
    for words in [
        &["upgrade"][..],
        &["do", "reload"],
        &["signal", "USR2"],
        &["signal", "USR1"],
        &["signal", "TTIN"],
    ] {
        let number = master.to_string();
        let words: Vec<&str> = words.iter().copied().chain([&*number, "--yes"]).collect();
        let begun = Instant::now();
        let run = lab.farrier(&words);
        assert_eq!(run.status, 3, "{words:?}: {run:?}");
        assert!(run.stderr.contains("Not sent"), "{words:?}: {run:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{words:?}");
    }
    assert_eq!(masters(), before);
}

#[test]
fn a_deploy_root_on_a_dead_mount_gets_no_signal() {
    sends_nothing_unseen("/var/www/shop", &["directory", "Gemfile", "config", "retires"]);
}

#[test]
fn shared_directories_on_a_dead_mount_get_no_signal() {
    sends_nothing_unseen("/var/www/shop/shared", &["logs"]);
}
