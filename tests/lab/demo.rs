//! The incident of `farrier demo`, staged with a real Unicorn and recorded: `FARRIER_BLESS=1` writes it anew.

use std::thread::sleep;
use std::time::Duration;

use farrier::os::replay::Replay;
use farrier::rules::judge;
use farrier::survey::{Surveyor, Wish};

use super::config::{Config, Hook};
use super::site::{App, FIRST, SECOND, Site};
use super::world::{Lab, program};
use crate::terminal::Terminal;

/// The release that is deployed last.
const THIRD: &str = "20261115120000";

/// Where the program takes it from.
const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/demo.deflate");

/// Larger than this, the program grows for nobody's good.
const LARGEST: usize = 60 * 1024;

fn shipped() -> Replay {
    let bytes = std::fs::read(PLACE).unwrap();
    assert!(bytes.len() < LARGEST, "{} bytes", bytes.len());
    let text = miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap();
    Replay::read(std::str::from_utf8(&text).unwrap()).unwrap()
}

/// The rules that fire, look by look.
fn told(replay: &Replay) -> Vec<Vec<&'static str>> {
    let mut settings = farrier::settings::Settings::default();
    settings.read(&replay.asked().settings).unwrap();
    let wish = Wish { limits: settings.limits, ..Wish::default() };
    let (mut surveyor, mut before, mut all) = (Surveyor::default(), None, Vec::new());
    for look in 0..replay.looks() {
        replay.go_to(look);
        let census = surveyor.look(replay, &wish);
        let verdicts = judge(&census, before.as_ref());
        all.push(verdicts.findings().iter().map(|finding| finding.rule).collect());
        before = Some(census);
    }
    all
}

/// It begins with all of the trouble, and ends mended.
fn tells_the_story(replay: &Replay) {
    let told = told(replay);
    for rule in ["oldbin-lingering", "release-stale", "gemfile-pinned"] {
        assert!(told[0].contains(&rule), "{rule}: {told:?}");
    }
    assert!(told.len() >= 10, "{told:?}");
    let grave = ["oldbin-lingering", "release-stale", "gemfile-pinned", "release-mixed"];
    assert!(told[told.len() - 1].iter().all(|rule| !grave.contains(rule)), "{told:?}");
}

#[test]
fn the_demo_is_staged_as_it_is_told() {
    let lab = Lab::new();
    lab.write("/etc/farrier.toml", "handover_grace = 8\n");
    let site = Site::new(&lab, "shop");
    let forgetful =
        Config { gemfile: None, hook: Hook::WrongPath, timeout: 3, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &forgetful);
    site.switch(FIRST);
    let first = site.start();
    site.release(SECOND, &App::default(), &forgetful);
    site.switch(SECOND);
    let second = site.upgrade(first);
    site.wait_ready(second);
    let careful = Config { timeout: 3, ..Config::at(&site.root) };
    site.release(THIRD, &App { boot: 3.0, ..App::default() }, &careful);
    site.switched_long_ago(THIRD);
    lab.signal(second, "USR2");
    sleep(Duration::from_secs(10));
    let recording = lab.background("root", "farrier record -o /srv/demo.toml");
    sleep(Duration::from_secs(4));
    lab.signal(first, "QUIT");
    site.wait_gone(first);
    sleep(Duration::from_secs(3));
    lab.sh(&format!("cd {0}/releases; rm -r {FIRST}; ln -s {0}/current {FIRST}", site.root));
    sleep(Duration::from_secs(3));
    let third = site.upgrade(second);
    site.wait_ready(third);
    site.wait_gone(second);
    sleep(Duration::from_secs(4));
    lab.signal(recording, "TERM");
    lab.wait("the recording is written", || lab.read("/srv/demo.toml").contains("[[frame]]"));
    let text = lab.read("/srv/demo.toml");
    tells_the_story(&Replay::read(&text).unwrap_or_else(|why| panic!("{why}: {}", lab.picture())));
    if std::env::var_os("FARRIER_BLESS").is_some() {
        std::fs::write(PLACE, miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 10)).unwrap();
    }
}

#[test]
fn the_demo_that_ships_tells_it() {
    tells_the_story(&shipped());
}

#[test]
fn the_demo_plays_and_sends_nothing() {
    let mut session = Terminal::start(
        &[program().to_str().unwrap(), "demo", "--refresh", "0.1"],
        80,
        24,
        "xterm-256color",
    );
    session.until("REHEARSE 1");
    let last = format!("{0} of {0}", shipped().looks());
    session.until(&last);
    session.keys(",");
    session.until(&format!("{} of", shipped().looks() - 1));
    session.keys("a");
    session.until("refused");
}
