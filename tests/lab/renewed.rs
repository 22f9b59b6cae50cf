//! `farrier upgrade` on a real Puma, which has no second master: in place, worker by worker, and what breaks.

use super::program::{FINE, Run};
use super::site::{App, FIRST, SECOND, Site};
use super::upgraded::under_clients;
use super::world::{DEPLOY, Lab};

const SOCKET: &str = "shared/sockets/puma.sock";

/// Words that are Unicorn's ways alone.
const FOREIGN: [&str; 4] = ["QUIT", "oldbin", "hook", "new master"];

pub fn api(lab: &Lab) -> Site<'_> {
    Site { lab, root: "/var/www/api".into(), user: DEPLOY }
}

/// Puts a release with Puma's configuration into `releases/`.
pub fn release(site: &Site<'_>, id: &str, app: &App, settings: &str) {
    let directory = site.path(&format!("releases/{id}"));
    let app = App { gems: &["puma"], ..app.clone() };
    site.unpack(&directory, id, &app, "");
    let shared = site.path("shared");
    let config = format!(
        "shared = \"{shared}\"\ndirectory \"{}\"\nthreads 1, 2\nenvironment \"production\"\n\
         pidfile \"#{{shared}}/pids/puma.pid\"\nstate_path \"#{{shared}}/pids/puma.state\"\n\
         bind \"unix://#{{shared}}/sockets/puma.sock\"\n{settings}",
        site.path("current")
    );
    site.lab.write(format!("{directory}/config/puma.rb"), config);
    site.lab.sh(&format!("rm {directory}/config/unicorn.rb; chown -R {DEPLOY}: {directory}"));
}

pub fn launch(site: &Site<'_>) {
    let line = format!("env -C {0} PWD={0} bundle exec puma", site.path("current"));
    site.lab.background(DEPLOY, &line);
}

/// The process that is titled as Puma's own, once the app answers and `workers` serve.
fn ready(site: &Site<'_>, workers: usize) -> u32 {
    site.lab.wait("Puma answers", || site.ask(SOCKET).is_some());
    site.lab.wait("its workers serve", || serving(site.lab).len() == workers);
    master(site.lab).expect("a title")
}

pub fn master(lab: &Lab) -> Option<u32> {
    lab.pids().into_iter().find(|pid| lab.title(*pid).starts_with("puma 5"))
}

/// Workers that have begun to serve.
pub fn serving(lab: &Lab) -> Vec<u32> {
    let serves = |pid: &u32| {
        lab.title(*pid).starts_with("puma: cluster worker")
            && lab
                .sh(&format!("cat /proc/{pid}/task/*/comm 2>/dev/null || true"))
                .contains("puma srv")
    };
    lab.pids().into_iter().filter(serves).collect()
}

/// A first release that is served with these settings, and a second one that `current` names now.
fn site<'a>(lab: &'a Lab, workers: usize, settings: &str, second: &App) -> (Site<'a>, u32) {
    let site = Site::new(lab, "api");
    let settings = format!("workers {workers}\n{settings}");
    release(&site, FIRST, &App::default(), &settings);
    site.switched_long_ago(FIRST);
    launch(&site);
    let master = ready(&site, workers);
    release(&site, SECOND, second, &settings);
    site.switched_long_ago(SECOND);
    (site, master)
}

fn said(run: &Run) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

/// The release that answers.
fn answers(site: &Site<'_>) -> Option<String> {
    site.ask(SOCKET).map(|answer| answer.release)
}

/// Upgrades under clients, to the second release and back to the first: the same process, no request lost.
fn upgraded(workers: usize, settings: &str, way: &str, signal: &str) {
    let lab = Lab::new();
    let (site, old) = site(&lab, workers, settings, &App { boot: 1.0, ..App::default() });
    let (asked, lost) = under_clients(
        || api(&lab).ask(SOCKET).is_some(),
        || {
            for (time, to) in [SECOND, FIRST].into_iter().enumerate() {
                if time > 0 {
                    site.switched_long_ago(to);
                }
                let plan = lab.farrier(&["plan", "upgrade", "api"]);
                assert_eq!(plan.status, 0, "{}", said(&plan));
                assert!(plan.stdout.contains("no second master"), "{}", said(&plan));
                let run = lab.farrier(&["upgrade", "api", "--yes"]);
                assert_eq!(run.status, 0, "{way}: {}\n{}", said(&run), lab.picture());
                assert!(run.stdout.contains(&format!("{signal} went to {old}")), "{}", said(&run));
                for text in [&plan, &run] {
                    let foreign = FOREIGN.iter().find(|word| said(text).contains(**word));
                    assert_eq!(foreign, None, "{}", said(text));
                }
                assert_eq!(master(&lab), Some(old), "{}", said(&run));
                assert_eq!(answers(&site).as_deref(), Some(to), "{}", said(&run));
            }
        },
    );
    println!("{way}: {lost} of {asked} requests were lost");
    // A worker of Puma that is replaced may drop a connection that it accepts in that very moment.
    let most = if signal == "USR1" { asked / 1000 } else { 0 };
    assert!(asked > 10 && lost <= most, "{lost} of {asked} requests were lost");
    lab.judge("after both", &[], &FINE);
}

#[test]
fn in_place_with_preloading_loses_no_request() {
    upgraded(2, "preload_app!\n", "in place", "USR2");
}

#[test]
fn worker_by_worker_loses_hardly_a_request() {
    upgraded(2, "", "rolling", "USR1");
}

#[test]
fn a_single_one_in_place_loses_no_request() {
    upgraded(0, "", "in place", "USR2");
}

/// The line after `Way back: `, up to its second command.
fn way_back(run: &Run) -> (String, String) {
    let (_, back) = run.stderr.split_once("Way back: ").unwrap_or_else(|| panic!("{}", said(run)));
    let (switch, then) = back.trim().split_once("; then ").expect("two commands");
    (switch.to_owned(), then.lines().next().unwrap_or_default().to_owned())
}

/// Carries out what a printed line says, as a person pastes it.
fn pasted(lab: &Lab, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    lab.farrier(&[&words[..], &["--yes"]].concat())
}

const BROKEN: App = App { boot: 0.0, fails: true, gems: &[], code: String::new() };

#[test]
fn a_broken_release_in_place_ends_a_master_that_preloads() {
    let lab = Lab::new();
    let (site, old) = site(&lab, 2, "preload_app!\n", &BROKEN);
    let run = lab.farrier(&["upgrade", "api", "--yes"]);
    assert_eq!(run.status, 2, "{}\n{}", said(&run), lab.picture());
    assert!(run.stderr.contains(&format!("{old} ended")), "{}", said(&run));
    let (switch, then) = way_back(&run);
    assert!(then.contains("start it by"), "{}", said(&run));
    lab.sh_as(DEPLOY, &switch);
    launch(&site);
    ready(&site, 2);
    assert_eq!(answers(&site).as_deref(), Some(FIRST));
}

#[test]
fn a_broken_release_in_place_leaves_a_lazy_master_that_the_way_back_brings_to_serve() {
    let lab = Lab::new();
    let (site, old) = site(&lab, 2, "", &BROKEN);
    let run = lab.farrier(&["upgrade", "api", "--way", "in-place", "--yes"]);
    assert_eq!(run.status, 2, "{}\n{}", said(&run), lab.picture());
    assert!(run.stderr.contains("again and again"), "{}", said(&run));
    let (switch, then) = way_back(&run);
    lab.sh_as(DEPLOY, &switch);
    let run = pasted(&lab, &then);
    assert_eq!(run.status, 0, "{then}: {}\n{}", said(&run), lab.picture());
    assert_eq!((master(&lab), answers(&site).as_deref()), (Some(old), Some(FIRST)));
}

#[test]
fn a_broken_release_worker_by_worker_leaves_the_others() {
    let lab = Lab::new();
    let (site, old) = site(&lab, 3, "", &BROKEN);
    let run = lab.farrier(&["upgrade", "api", "--yes"]);
    assert_eq!(run.status, 1, "{}\n{}", said(&run), lab.picture());
    assert!(run.stderr.contains("2 of 3 workers of before are left"), "{}", said(&run));
    assert_eq!(answers(&site).as_deref(), Some(FIRST));
    let (switch, then) = way_back(&run);
    lab.sh_as(DEPLOY, &switch);
    let run = pasted(&lab, &then);
    assert_eq!(run.status, 0, "{then}: {}\n{}", said(&run), lab.picture());
    assert_eq!((master(&lab), answers(&site).as_deref()), (Some(old), Some(FIRST)));
    assert_eq!(serving(&lab).len(), 3);
}

/// It is refused with these words, and everything is as it was.
fn refused(lab: &Lab, words: &[&str], why: &str) {
    let run = lab.farrier(words);
    assert_eq!(run.status, 3, "{words:?}: {}", said(&run));
    assert!(said(&run).contains(why), "{words:?}: {why}: {}", said(&run));
}

#[test]
fn what_would_end_it_is_refused() {
    let lab = Lab::new();
    let (site, old) = site(&lab, 2, "", &App::default());
    let pid = old.to_string();
    refused(
        &lab,
        &["signal", "QUIT", &pid, "--yes", "--force"],
        "ends at once and cuts its requests",
    );
    refused(&lab, &["signal", "QUIT", &pid, "--yes", "--force"], "farrier signal TERM");
    refused(&lab, &["signal", "HUP", &pid, "--yes", "--force"], "the app is down");
    refused(&lab, &["do", "reopen-logs", "api", "--yes", "--force"], "stdout_redirect");
    refused(&lab, &["do", "reload", "api", "--yes"], "has no reload");
    refused(&lab, &["rollback", "api", "--yes"], "witch current back");
    refused(
        &lab,
        &["upgrade", "api", "--way", "beside", "--yes"],
        "--way takes rolling or in-place",
    );
    refused(&lab, &["upgrade", "api", "--canary", "--yes"], "only one here");
    lab.sh_as(DEPLOY, &format!("mv {0} {0}.away", site.path("current")));
    refused(&lab, &["upgrade", "api", "--yes"], "is gone");
    refused(&lab, &["upgrade", "api", "--way", "in-place", "--yes"], "is gone");
    lab.sh_as(DEPLOY, &format!("mv {0}.away {0}", site.path("current")));
    assert!(lab.lives(old) && serving(&lab).len() == 2);
}

#[test]
fn a_program_that_is_gone_is_refused() {
    let lab = Lab::new();
    let site = Site::new(&lab, "api");
    release(&site, FIRST, &App::default(), "workers 2\npreload_app!\n");
    site.switched_long_ago(FIRST);
    // A program of the lab's own: what lies below /usr is the machine's.
    lab.write("/srv/bin/puma", "#!/usr/bin/ruby\nload \"/usr/bin/puma\"\n");
    lab.sh("chmod +x /srv/bin/puma");
    lab.background(DEPLOY, &format!("env -C {0} PWD={0} /srv/bin/puma", site.path("current")));
    let old = ready(&site, 2);
    lab.sh("rm /srv/bin/puma");
    refused(&lab, &["upgrade", "api", "--yes"], "/srv/bin/puma is gone");
    assert!(lab.lives(old) && serving(&lab).len() == 2);
}

#[test]
fn another_release_than_that_of_current_is_refused() {
    let lab = Lab::new();
    let site = Site::new(&lab, "api");
    let pinned = format!("directory \"{}\"\nworkers 2\n", site.path(&format!("releases/{FIRST}")));
    release(&site, FIRST, &App::default(), &pinned);
    site.switched_long_ago(FIRST);
    launch(&site);
    ready(&site, 2);
    release(&site, SECOND, &App::default(), &pinned);
    site.switched_long_ago(SECOND);
    refused(&lab, &["upgrade", "api", "--yes"], &format!("current names {SECOND}"));
}

#[test]
fn workers_logs_and_the_end() {
    let lab = Lab::new();
    let logs = "stdout_redirect \"#{shared}/log/out.log\", \"#{shared}/log/err.log\", true\n";
    let (site, old) = site(&lab, 2, logs, &App::default());
    let run = lab.farrier(&["do", "add-worker", "api", "--yes"]);
    assert_eq!((run.status, serving(&lab).len()), (0, 3), "{}", said(&run));
    for left in [2, 1] {
        let run = lab.farrier(&["do", "remove-worker", "api", "--yes"]);
        assert_eq!((run.status, serving(&lab).len()), (0, left), "{}", said(&run));
        assert!(!said(&run).contains("HUP"), "{}", said(&run));
    }
    refused(&lab, &["do", "remove-worker", "api", "--yes"], "keeps at least 1");
    lab.sh_as(DEPLOY, &format!("cd {}; mv out.log out.log.1", site.path("shared/log")));
    let run = lab.farrier(&["do", "reopen-logs", "api", "--yes"]);
    assert_eq!(run.status, 0, "{}", said(&run));
    lab.wait("the log is opened anew", || lab.has(site.path("shared/log/out.log")));
    assert_eq!(master(&lab), Some(old));
    let run = lab.farrier(&["do", "stop", "api", "--yes", "--force"]);
    assert_eq!(run.status, 0, "{}", said(&run));
    assert!(run.stdout.contains("TERM") && !said(&run).contains("QUIT"), "{}", said(&run));
    assert!(!lab.lives(old));
}

#[test]
fn the_fix_of_a_stale_release_ends_in_fine() {
    for settings in ["preload_app!\n", ""] {
        let lab = Lab::new();
        let (site, old) = site(&lab, 2, settings, &App::default());
        let check = lab.farrier(&["check"]);
        assert_eq!(check.status, 1, "{}", said(&check));
        let line = check.stdout.lines().find_map(|line| line.split_once("farrier upgrade "));
        let (_, target) = line.unwrap_or_else(|| panic!("{}", said(&check)));
        let target = target.split_whitespace().next().expect("a target");
        let run = lab.farrier(&["upgrade", target, "--yes"]);
        assert_eq!(run.status, 0, "{}", said(&run));
        lab.judge("after its fix", &[], &FINE);
        assert_eq!((master(&lab), answers(&site).as_deref()), (Some(old), Some(SECOND)));
    }
}

#[test]
fn no_workers_are_added_to_a_single_one() {
    let lab = Lab::new();
    let (_site, old) = site(&lab, 0, "", &App::default());
    refused(&lab, &["do", "add-worker", "api", "--yes"], "has no workers");
    refused(&lab, &["upgrade", "api", "--way", "rolling", "--yes"], "--way in-place");
    assert!(lab.lives(old));
}
