//! The incident of `farrier demo`, staged with real servers and recorded while it is mended: `FARRIER_BLESS=1` writes
//! it anew.

use std::thread::sleep;
use std::time::Duration;

use farrier::model::Signal;
use farrier::os::replay::Replay;
use farrier::os::{Mark, Pid};
use farrier::plans;
use farrier::rules::judge;
use farrier::survey::{Surveyor, Wish};
use jiff::Timestamp;

use super::config::{Config, Hook};
use super::site::{App, Site, Start};
use super::staged::others::{cluster, passing};
use super::world::{Lab, program};
use crate::film::Film;
use crate::terminal::Terminal;

/// What BUNDLE_GEMFILE is pinned to, and the generations that follow each other.
const PINNED: &str = "20261101120000";
const OLDEST: &str = "20261114160544";
const SECOND: &str = "20261119093012";
const BROKEN: &str = "20261121224103";
const MENDED: &str = "20261121232148";

/// Where the program takes it from.
const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/demo.deflate");

/// Larger than this, the program grows for nobody's good.
const LARGEST: usize = 60 * 1024;

/// What the app does that knows no key of its payment service.
const NEEDS_KEY: &str = "key = ENV.fetch(\"STRIPE_SECRET_KEY\")\n";

/// The box as the night finds it, and those whom it is about.
struct Night<'a> {
    lab: &'a Lab,
    site: Site<'a>,
    old: u32,
    current: u32,
}

/// What was done to it, and when.
struct Deed {
    at: Timestamp,
    mark: Mark,
}

fn shop(lab: &Lab) -> Config {
    let root = "/var/www/shop";
    lab.write("/etc/farrier.toml", "handover_grace = 8\n");
    Config { gemfile: None, hook: Hook::WrongPath, timeout: 5, workers: 4, ..Config::at(root) }
}

/// Deploys a release with a revision of its own.
fn release(site: &Site<'_>, id: &str, app: &App, config: &Config) {
    site.release(id, app, config);
    let number: u128 = id.parse().unwrap();
    let revision = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let place = site.path(&format!("releases/{id}/REVISION"));
    site.lab.write(place, format!("{revision:032x}{:08x}\n", revision >> 96));
}

/// nginx before a sound api on Puma and a shop on Unicorn, of which two generations serve an old release each.
fn incident(lab: &Lab) -> Night<'_> {
    let forgetful = shop(lab);
    let site = Site::new(lab, "shop");
    for id in [PINNED, OLDEST] {
        release(&site, id, &App::default(), &forgetful);
    }
    site.switch(OLDEST);
    let gemfile = format!("BUNDLE_GEMFILE={}", site.path(&format!("releases/{PINNED}/Gemfile")));
    site.launch(&Start { env: vec![gemfile], ..site.usual() });
    lab.wait("the first master", || site.masters().len() == 1);
    let old = site.masters()[0];
    site.wait_ready_with(old, 4);
    release(&site, SECOND, &App::default(), &forgetful);
    site.switch(SECOND);
    let current = site.upgrade(old);
    site.wait_ready_with(current, 4);
    cluster(lab, "");
    let sockets = [
        ("shop", &*site.path("shared/sockets/unicorn.sock")),
        ("api", "/var/www/api/shared/sockets/puma.sock"),
    ];
    passing(lab, &sockets);
    let code = NEEDS_KEY.to_owned();
    let app = App { boot: 2.0, gems: &["puma"], code, ..App::default() };
    release(&site, BROKEN, &app, &forgetful);
    site.switched_long_ago(BROKEN);
    lab.signal(current, "USR2");
    sleep(Duration::from_secs(14));
    Night { lab, site, old, current }
}

impl Night<'_> {
    fn signal(&self, pid: u32, signal: &str, deeds: &mut Vec<Deed>) {
        let (at, to) = (Timestamp::now(), Pid::new(pid.try_into().unwrap()).expect("no PID is 0"));
        self.lab.signal(pid, signal);
        let said = String::new();
        deeds.push(Deed { at, mark: Mark { look: 0, signal: signal.into(), pid: Some(to), said } });
    }

    fn by_hand(&self, line: &str, said: &str, deeds: &mut Vec<Deed>) {
        let at = Timestamp::now();
        self.lab.sh(line);
        let (signal, said) = (String::new(), said.to_owned());
        deeds.push(Deed { at, mark: Mark { look: 0, signal, pid: None, said } });
    }

    /// What a person does about it, recorded.
    fn mended(&self) -> (String, Vec<Deed>) {
        let Self { lab, site, old, current } = self;
        let mut deeds = Vec::new();
        let recording = lab.background("root", "farrier record -o /srv/demo.toml");
        sleep(Duration::from_secs(4));
        self.signal(*old, "QUIT", &mut deeds);
        site.wait_gone(*old);
        sleep(Duration::from_secs(3));
        let link = format!(
            "cd {0}/releases; rm -r {PINNED}; ln -s {0}/current {PINNED}; chown -h deploy: {PINNED}",
            site.root
        );
        let said = format!("the pinned release {PINNED} was made a link to current");
        self.by_hand(&link, &said, &mut deeds);
        sleep(Duration::from_secs(4));
        self.signal(*current, "USR2", &mut deeds);
        lab.wait("the new master fails", || {
            lab.read(site.path("shared/log/unicorn.stderr.log")).contains("key not found")
                && site.pidfile("shared/pids/unicorn.pid") == *current
        });
        sleep(Duration::from_secs(4));
        let at = Timestamp::now();
        let careful = Config { timeout: 5, workers: 4, ..Config::at(&site.root) };
        let app = App { boot: 2.0, gems: &["puma"], ..App::default() };
        release(site, MENDED, &app, &careful);
        site.switched_long_ago(MENDED);
        let said =
            format!("release {MENDED} was deployed: it asks for no key, and its hooks are mended");
        deeds.push(Deed { at, mark: Mark { look: 0, signal: String::new(), pid: None, said } });
        sleep(Duration::from_secs(4));
        self.signal(*current, "USR2", &mut deeds);
        site.wait_gone(*current);
        let new = *site.masters().last().expect("the new master serves");
        site.wait_ready_with(new, 4);
        sleep(Duration::from_secs(7));
        lab.signal(recording, "TERM");
        site.wait_gone(recording);
        (lab.read("/srv/demo.toml"), deeds)
    }
}

fn shipped() -> Replay {
    let bytes = std::fs::read(PLACE).unwrap();
    assert!(bytes.len() < LARGEST, "{} bytes", bytes.len());
    let text = miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap();
    Replay::read(std::str::from_utf8(&text).unwrap()).unwrap()
}

/// What one look says.
struct Told {
    taken_at: Timestamp,
    /// The rules that fire.
    rules: Vec<&'static str>,
    /// What was done after it is refused, and why.
    refused: Option<String>,
}

/// What each look says.
fn told(replay: &Replay) -> Vec<Told> {
    let mut settings = farrier::settings::Settings::default();
    settings.read(&replay.asked().settings).unwrap();
    let wish = Wish { limits: settings.limits, ..Wish::default() };
    let (mut surveyor, mut before, mut all) = (Surveyor::default(), None, Vec::new());
    for look in 0..replay.looks() {
        replay.go_to(look);
        let census = surveyor.look(replay, &wish);
        let verdicts = judge(&census, before.as_ref());
        let rules = verdicts.findings().iter().map(|finding| finding.rule).collect();
        let sent = replay.marks().iter().filter(|mark| mark.look == look);
        let refused = sent.filter_map(|mark| mark.pid.zip(Some(&mark.signal))).find_map(|sent| {
            let signal: Signal = format!("SIG{}", sent.1).parse().unwrap();
            plans::signal(&census, &verdicts, sent.0, signal).err().map(|why| why.reason)
        });
        all.push(Told { taken_at: census.taken_at, rules, refused });
        before = Some(census);
    }
    all
}

/// The recording with a mark before everything that was done.
fn marked(text: &str, deeds: &[Deed]) -> String {
    let looks = told(&Replay::read(text).unwrap());
    deeds.iter().fold(text.to_owned(), |text, Deed { at, mark }| {
        // A look that began just before may have seen the beginning of what followed.
        let before = *at - Duration::from_millis(1500);
        let look = looks.iter().rposition(|look| look.taken_at < before).unwrap();
        let mark = toml::to_string(&Mark { look, ..mark.clone() }).unwrap();
        format!("{text}\n[[mark]]\n{mark}")
    })
}

/// It begins with all of the trouble, and ends mended.
fn tells_the_story(replay: &Replay) {
    let looks = told(replay);
    for (look, told) in looks.iter().enumerate() {
        assert_eq!(told.refused, None, "what was done after look {look}");
    }
    let told: Vec<_> = looks.into_iter().map(|look| look.rules).collect();
    for rule in ["oldbin-lingering", "release-stale", "gemfile-pinned"] {
        assert!(told[0].contains(&rule), "{rule}: {told:?}");
    }
    assert!(told.len() >= 20, "{told:?}");
    assert!(told[told.len() - 1].is_empty(), "{told:?}");
    let signals: Vec<&str> = replay.marks().iter().map(|mark| &*mark.signal).collect();
    assert_eq!(signals, ["QUIT", "", "USR2", "", "USR2"]);
}

#[test]
fn the_demo_is_staged_as_it_is_told() {
    let lab = Lab::new();
    let (text, deeds) = incident(&lab).mended();
    let text = marked(&text, &deeds);
    if let Some(place) = std::env::var_os("FARRIER_KEEP") {
        std::fs::write(place, &text).unwrap();
    }
    tells_the_story(&Replay::read(&text).unwrap_or_else(|why| panic!("{why}: {}", lab.picture())));
    if std::env::var_os("FARRIER_BLESS").is_some() {
        std::fs::write(PLACE, miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 10)).unwrap();
    }
}

#[test]
fn the_demo_that_ships_tells_it() {
    tells_the_story(&shipped());
}

/// What the screen says when the recording waits at its nth mark.
fn waits_at(session: &Terminal, mark: usize) {
    let replay = shipped();
    session.until(&format!("REHEARSE {} of {}", replay.marks()[mark].look + 1, replay.looks()));
}

/// Presses the button of the question that is open.
fn press_the_button(session: &mut Terminal, button: &str) {
    let screen = session.until(&format!("[ {button} ]"));
    assert!(screen.contains("REHEARSAL: nothing is sent"), "{screen}");
    sleep(Duration::from_millis(300));
    session.keys("\t");
    session.until(&format!(">[ {button} ]<"));
    session.keys("\r");
}

#[test]
fn a_box_without_servers_leads_into_the_demo_and_back() {
    let empty = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/odd-empty.toml");
    let farrier = program();
    let mut film = Film::new();
    let refresh = if film.is_drawn() { "1.5" } else { "0.2" };
    let words = ["env", "TZ=UTC", farrier.to_str().unwrap(), "--from", empty, "--refresh", refresh];
    let mut session = Terminal::start(&words, 80, 24, "xterm-256color");
    session.until("Explore a recorded incident");
    session.keys("\r");
    session.until("tour 1/8: what is wrong");
    waits_at(&session, 0);
    film.frame(&session, "tour 1/8");
    let replay = shipped();
    let pid = |mark: usize| replay.marks()[mark].pid.unwrap();
    let (old, current) = (pid(0), pid(2));
    let shown = [
        "tour 2/8: what follows from a cause",
        "shop › oldbin-lingering",
        "old › Process",
        "current › Environment",
        "REHEARSAL: nothing is sent   Retire the old master of shop",
        "shop › Upgrade to",
        "tour 8/8: your turn",
    ];
    for (at, words) in shown.iter().enumerate() {
        session.keys("\r");
        session.until(&format!("tour {}/8", at + 2));
        session.until(words);
        film.frame(&session, words);
    }
    // Any other key does what it does, and the tour says that it waits.
    session.keys("8");
    session.until("tour 8/8 waits: Enter goes on with it");
    session.keys("\x1b");
    session.until("the tour has ended");
    session.keys("1");

    // Another operation than the one that was carried out.
    session.keys("a");
    session.until("Act on shop");
    sleep(Duration::from_millis(300));
    session.keys("jjjj\r");
    press_the_button(&mut session, &format!("Rehearse USR1 to {current}"));
    session.until(&format!(
        "rehearsed: USR1 to {current} would go now; the recording has another: retire {old}"
    ));
    session.keys("a");
    session.until("Act on shop");
    sleep(Duration::from_millis(300));
    session.keys("\r");
    press_the_button(&mut session, &format!("Rehearse QUIT to {old}"));
    session.until(&format!("rehearsed: {old} took QUIT"));
    film.frame(&session, "took QUIT");
    waits_at(&session, 1);
    session.keys("p");
    waits_at(&session, 2);
    for (mark, ends) in [(2, "failed in step 5"), (4, "done, after")] {
        session.keys("u");
        session.until("the plan: nothing is sent yet");
        session.keys("a");
        press_the_button(&mut session, &format!("Rehearse USR2 to {}", pid(mark)));
        film.frame(&session, "step 5 of 8");
        if mark == 4 {
            film.still("under-way");
        }
        session.until(ends);
        film.frame(&session, ends);
        let screen = session.until("rehearsed: USR2 went to");
        assert!(screen.contains("Nothing was sent"), "{screen}");
        if mark == 2 {
            waits_at(&session, 3);
            session.keys("p");
            waits_at(&session, 4);
        }
    }
    session.keys("1");
    session.until("✓ FINE");
    film.frame(&session, "✓ FINE");
    film.end("rehearsal");
    session.until("the recording ends here: , and < step back through it");
    for _ in 0..20 {
        session.keys("b");
        sleep(Duration::from_millis(100));
        if session.screen().contains("NONE") {
            break;
        }
    }
    session.until("Explore a recorded incident");
    session.keys("j\r");
    session.keys("/nowhere/at-all.toml\r");
    session.until("/nowhere/at-all.toml was not read: No such file");
    session.keys("q");
    let left = session.until_screen("the normal screen", |screen| !screen.contains("Overview"));
    assert!(!left.contains("QUIT") && !left.contains("rehearsed"), "{left}");
}
