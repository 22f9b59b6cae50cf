//! Each operation carried out on a real Unicorn: what farrier says it saw, and what the machine's own eyes see.

use super::config::Hook;
use super::program::Run;
use super::site::{FIRST, Site};
use super::staged::healthy::{serving, two_releases};
use super::world::Lab;

impl Lab {
    /// `farrier do OPERATION shop --yes`.
    fn do_it(&self, operation: &str) -> Run {
        self.farrier(&["do", operation, "shop", "--yes"])
    }
}

/// It ended with 0 and its last words hold these.
fn done(run: &Run, words: &str) {
    let last = run.stdout.lines().last().unwrap_or_default();
    assert!(run.status == 0 && last.contains(words), "{words}: {run:?}");
}

fn pids(site: &Site<'_>) -> (u32, Vec<u32>) {
    let masters = site.masters();
    assert_eq!(masters.len(), 1, "{masters:?}");
    (masters[0], site.workers(masters[0]))
}

#[test]
fn what_leaves_the_master_in_place_is_seen() {
    let lab = Lab::new();
    let site = serving(&lab);
    let (master, before) = pids(&site);

    done(&lab.do_it("reload"), "all new");
    let (same, replaced) = pids(&site);
    assert_eq!(same, master);
    assert!(replaced.iter().all(|worker| !before.contains(worker)), "{replaced:?}");

    done(&lab.do_it("reopen-logs"), "does not wait for it any more");
    done(&lab.do_it("add-worker"), "has 3 workers");
    assert_eq!(site.workers(master).len(), 3);
    done(&lab.do_it("remove-worker"), "has 2 workers");
    assert_eq!(site.workers(master).len(), 2);

    assert_eq!(lab.do_it("drain").status, 3, "it ends service");
    done(&lab.farrier(&["signal", "WINCH", "shop", "--yes", "--force"]), "has no workers");
    assert_eq!(site.workers(master).len(), 0);
    done(&lab.do_it("add-worker"), "has 1 worker");
    assert!(site.get().is_some(), "it answers again");
}

#[test]
fn an_upgrade_is_seen_and_its_old_master_retired() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    done(&lab.farrier(&["signal", "USR2", "shop", "--yes"]), "serves beside it");
    let new = site.masters().into_iter().find(|pid| *pid != old).expect("a new master");

    let again = lab.farrier(&["signal", "USR2", &new.to_string(), "--yes"]);
    assert_eq!(again.status, 3, "{again:?}");
    assert!(again.stderr.contains(&format!("old master {old} still lives")), "{again:?}");
    let vague = lab.farrier(&["signal", "QUIT", "shop", "--yes", "--force"]);
    assert_eq!(vague.status, 3, "{vague:?}");

    done(&lab.do_it("retire"), &format!("{new} serves alone"));
    assert_eq!(site.masters(), [new]);
    let stop = lab.farrier(&["do", "stop", "shop", "--yes", "--force"]);
    done(&stop, "No master of shop serves");
    assert!(site.masters().is_empty());
}

#[test]
fn a_rollback_leaves_the_old_master() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    done(&lab.farrier(&["signal", "USR2", "shop", "--yes"]), "serves beside it");
    done(&lab.do_it("rollback"), &format!("{old} serves alone"));
    assert_eq!(site.masters(), [old]);
    lab.wait("it has its pidfile back", || site.pidfile("shared/pids/unicorn.pid") == old);
}

#[test]
fn an_upgrade_that_fails_is_told_with_who_serves() {
    let lab = Lab::new();
    let site = serving(&lab);
    let (master, _) = pids(&site);
    lab.write(site.path(&format!("releases/{FIRST}/config.ru")), "raise 'no database'\n");
    let run = lab.do_it("upgrade");
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stderr.contains(&format!("{master} serves")), "{run:?}");
    assert_eq!(site.masters(), [master]);
}

#[test]
fn a_stopped_master_takes_cont_and_nothing_else() {
    let lab = Lab::new();
    let site = serving(&lab);
    let (master, workers) = pids(&site);
    lab.signal(master, "STOP");
    lab.wait("it is stopped", || lab.stat(master).is_some_and(|stat| stat.state == 'T'));
    let run = lab.do_it("reload");
    assert_eq!(run.status, 3, "{run:?}");
    done(&lab.do_it("continue"), &format!("{master} runs again"));
    let worker = workers[0].to_string();
    let run = lab.farrier(&["signal", "HUP", &worker, "--yes"]);
    assert!(run.status == 3 && run.stderr.contains("and ignores HUP"), "{run:?}");
}

#[test]
fn a_stranger_may_not_signal_and_a_rehearsal_does_not() {
    let lab = Lab::new();
    let site = serving(&lab);
    let (master, workers) = pids(&site);
    let target = master.to_string();
    let run = lab.farrier_as("www-data", &["signal", "HUP", &target, "--yes"]);
    assert_eq!(run.status, 3, "{run:?}");
    let run = lab.farrier(&["signal", "HUP", "shop", "--dry-run"]);
    assert!(run.stdout.contains(&format!("kill -HUP {master}")), "{run:?}");
    let run = lab.farrier(&["signal", "HUP", "shop", "--yes", "--read-only"]);
    assert_eq!(run.status, 3, "{run:?}");
    assert_eq!(pids(&site), (master, workers));
}
