//! Whole handovers with a slow boot, looked at five times a second by farrier's own defaults: healthy at every moment.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::config::{Config, Hook};
use super::renewed;
use super::site::{App, FIRST, SECOND, Site};
use super::world::Lab;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(200);
/// How many looks may go on at once: each takes a second look after a second.
const AT_ONCE: usize = 3;
/// Seconds that the app takes to load.
const BOOT: f32 = 8.0;

/// Looks at the box while something is done; what was found amiss, with the moment.
fn amiss_while(lab: &Lab, work: impl FnOnce()) -> Vec<String> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let (began, mut all): (_, Vec<(Duration, Child)>) = (Instant::now(), Vec::new());
            while !over.load(Ordering::Relaxed) {
                let mut check = lab.command("root", ["farrier", "check", "--format", "json"]);
                let child = check.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
                all.push((began.elapsed(), child.expect("nsenter starts")));
                thread::sleep(EVERY);
                // A busy machine gets no more looks at a time than it can take.
                while all
                    .iter_mut()
                    .filter_map(|(_, c)| c.try_wait().ok())
                    .filter(Option::is_none)
                    .count()
                    > AT_ONCE
                {
                    thread::sleep(EVERY);
                }
            }
            all.into_iter().filter_map(|(at, child)| amiss(at, child)).collect::<Vec<_>>()
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        let found = looks.join().expect("it looks");
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
        found
    })
}

/// What one look says that is no state of a healthy app.
fn amiss(at: Duration, child: Child) -> Option<String> {
    let output = child.wait_with_output().expect("it ends");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let empty = Vec::new();
    let findings = json["findings"].as_array().unwrap_or(&empty);
    let graver: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] != "info")
        .map(|finding| format!("{} {}", finding["rule"], finding["summary"]))
        .collect();
    // Nothing is there before the first start.
    let apps = json["apps"].as_array().map_or(0, Vec::len);
    let status = output.status.code();
    // On a busy machine a reader may be given too little time: what it did not read is said, and is no fault of the box.
    let is_late = |unknown: &Value| {
        let why = unknown["why"].as_str().unwrap_or_default();
        unknown["kind"] != "unreadable" || why == "not read" || why.contains("reader")
    };
    let late = json["unknowns"].as_array().is_some_and(|all| all.iter().all(is_late));
    if status == Some(3) && late && graver.is_empty() {
        return None;
    }
    (status != Some(0) && apps > 0 || !graver.is_empty() || apps > 1)
        .then(|| format!("{at:?}: status {status:?}, {apps} apps, {graver:?} {}", json["unknowns"]))
}

/// A cold start, a deploy, USR2, the end of the old master, and a while after.
fn handover(preload: bool, hook: Hook, wrapped: bool) {
    let lab = Lab::new();
    let site = Site::new(&lab, "shop");
    let root = &site.root;
    let app = App { boot: BOOT, ..App::default() };
    let mut config = Config { preload, hook, ..Config::at(root) };
    if wrapped {
        config.more = format!("Unicorn::HttpServer::START_CTX[0] = \"{root}/current/bin/web\"");
    }
    let release = |id: &str| {
        site.release(id, &app, &config);
        let directory = format!("{root}/releases/{id}/bin");
        lab.write(
            format!("{directory}/unicorn"),
            "#!/usr/bin/env ruby\nload \"/usr/bin/unicorn\"\n",
        );
        let web =
            format!("#!/bin/bash\nsleep 1\nexec bundle exec {root}/current/bin/unicorn \"$@\"\n");
        lab.write(format!("{directory}/web"), web);
        lab.sh(&format!("chmod +x {directory}/*; chown -R deploy: {directory}"));
    };
    release(FIRST);
    site.switched_long_ago(FIRST);
    let mut start = site.usual();
    if wrapped {
        start.program = vec!["bin/web".to_owned()];
    }
    let found = amiss_while(&lab, || {
        site.launch(&start);
        let old = site.masters()[0];
        site.wait_ready(old);
        release(SECOND);
        site.switch(SECOND);
        thread::sleep(Duration::from_secs(1));
        lab.signal(old, "USR2");
        let new = || site.masters().into_iter().find(|pid| *pid != old);
        lab.wait("a new master is ready", || new().is_some());
        if hook == Hook::None {
            let new = new().expect("waited for");
            let serves =
                || site.get().is_some_and(|answer| site.workers(new).contains(&answer.pid));
            lab.wait("it serves", serves);
            lab.signal(old, "QUIT");
        }
        site.wait_gone(old);
        site.wait_ready(new().expect("it serves on"));
        thread::sleep(Duration::from_secs(3));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn preloading_with_a_hook() {
    handover(true, Hook::BeforeFork, false);
}

#[test]
fn preloading_without_a_hook() {
    handover(true, Hook::None, false);
}

#[test]
fn lazy_with_a_hook() {
    handover(false, Hook::WhenReady, false);
}

#[test]
fn lazy_without_a_hook() {
    handover(false, Hook::None, false);
}

#[test]
fn by_a_wrapper_under_one_word() {
    handover(true, Hook::BeforeFork, true);
}

/// A cold start of Puma, a deploy, the signal for it, and a while after.
fn renewal(settings: &str, signal: &str) {
    let lab = Lab::new();
    let site = Site::new(&lab, "api");
    let app = App { boot: BOOT, ..App::default() };
    let settings = format!("workers 2\n{settings}");
    renewed::release(&site, FIRST, &app, &settings);
    site.switched_long_ago(FIRST);
    let of = |release: &str| {
        let directory = site.path(&format!("releases/{release}"));
        let serving = renewed::serving(&lab);
        serving.len() == 2 && serving.iter().all(|pid| lab.link(*pid, "cwd") == directory)
    };
    let found = amiss_while(&lab, || {
        renewed::launch(&site);
        lab.wait("Puma serves", || of(FIRST));
        renewed::release(&site, SECOND, &app, &settings);
        site.switch(SECOND);
        thread::sleep(Duration::from_secs(1));
        lab.signal(renewed::master(&lab).expect("it serves"), signal);
        if signal == "USR2" {
            let told = |check: String| check.contains("MOVING") && check.contains("nobody serves");
            lab.wait("that nobody serves is told", || told(lab.farrier(&["check"]).stdout));
        }
        lab.wait("Puma serves the second", || of(SECOND));
        thread::sleep(Duration::from_secs(3));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn puma_in_place_preloading() {
    renewal("preload_app!\n", "USR2");
}

#[test]
fn puma_in_place_lazy() {
    renewal("", "USR2");
}

#[test]
fn puma_worker_by_worker() {
    renewal("", "USR1");
}
