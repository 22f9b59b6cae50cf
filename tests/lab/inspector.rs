//! The inspector in a real terminal, on real servers: it draws, moves, asks, sends, and leaves the terminal as it was found.

use crate::terminal::Terminal;

use super::site::{App, SECOND};
use super::upgraded::{shop, site};
use super::world::{Lab, program};
use super::{stage, world};

/// The keys that a terminal sends for them.
pub const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
pub const TAB: &str = "\t";

/// The inspector, inside a lab.
pub fn inspector(lab: &Lab, columns: u16, rows: u16, term: &str, options: &[&str]) -> Terminal {
    let farrier = program();
    let mut words = lab.entrance();
    words.push(farrier.to_str().unwrap().to_owned());
    words.extend(options.iter().map(|option| (*option).to_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Terminal::start(&words, columns, rows, term)
}

pub fn staged(name: &str) -> Lab {
    let lab = world::Lab::new();
    (stage(name).unwrap().set)(&lab);
    lab
}

/// Esc, until what it closes is off the screen: a key right behind it would make another key of both.
fn escape(terminal: &mut Terminal, closes: &str) {
    while terminal.screen().contains(closes) {
        terminal.keys(ESCAPE);
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
}

/// Keys that were typed at another screen are dropped for a moment after a dialog opens.
pub fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(400));
}

/// The process is held, and the dialog takes keys.
pub fn armable(terminal: &Terminal) {
    terminal.until("[ Send ");
    settle();
}

/// It ends by `q`, with 0, and the terminal is as it was.
pub fn quits(mut terminal: Terminal) {
    terminal.keys("q");
    let (status, left) = terminal.end();
    assert!(status.success(), "{status:?}");
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn every_view_opens_at_every_size() {
    let lab = staged("oldbin-lingering");
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut terminal = inspector(&lab, columns, rows, "xterm-256color", &[]);
        let first = terminal.until("oldbin-lingering");
        assert!(first.contains("WRONG") && first.contains("NEXT"), "{first}");
        for (digit, heading) in [
            ("2", "oldbin-lingering"),
            ("3", "Process"),
            ("4", "Environment"),
            ("5", "Libraries"),
            ("6", "Files and sockets"),
            ("7", "Listeners"),
            ("8", "Releases"),
            ("9", "Pidfiles"),
            ("0", "Blind spots"),
            ("t", "farrier was opened"),
        ] {
            terminal.keys(digit);
            terminal.until_screen(heading, |screen| {
                screen.lines().skip(2).any(|line| line.contains(heading))
            });
        }
        terminal.keys("?");
        terminal.until("CHANGE THE MACHINE");
        escape(&mut terminal, "Help:");
        terminal.keys("1");
        terminal.until("WRONG");
        quits(terminal);
    }
}

#[test]
fn from_the_first_screen_to_the_signal_that_mends_it() {
    let lab = staged("oldbin-lingering");
    let mut terminal = inspector(&lab, 80, 24, "xterm", &[]);
    terminal.until("oldbin-lingering");
    terminal.keys(ENTER);
    let finding = terminal.until("OFFERED");
    assert!(finding.contains("kill -QUIT"), "{finding}");
    terminal.keys("a");
    terminal.until("Act on shop");
    settle();
    terminal.keys(ENTER);
    let asks = terminal.until(">[ Cancel ]<");
    assert!(asks.contains("BY HAND") && asks.contains("WAY BACK"), "{asks}");
    armable(&terminal);
    terminal.keys(TAB);
    terminal.until(">[ Send QUIT");
    terminal.keys(ENTER);
    terminal.until("took QUIT");
    terminal.keys("1");
    // What let it happen stands last, and alone.
    terminal.until("looks for the wrong file");
    assert!(lab.has("/var/www/shop/shared/pids/unicorn.pid"));
    assert!(!lab.has("/var/www/shop/shared/pids/unicorn.pid.oldbin"), "the old master is gone");
    quits(terminal);
}

/// `performance.md`: at most 200 bytes a look, and a healthy box has little to tell.
#[test]
fn a_quiet_box_costs_the_line_next_to_nothing() {
    let lab = staged("healthy");
    for (columns, rows) in [(80, 24), (200, 60)] {
        let terminal = inspector(&lab, columns, rows, "xterm-256color", &[]);
        terminal.until("FINE");
        // What is read deeply comes after the first look, and young ages move.
        std::thread::sleep(std::time::Duration::from_secs(4));
        let before = terminal.written();
        std::thread::sleep(std::time::Duration::from_secs(5));
        let bytes = terminal.written() - before;
        assert!(bytes <= 5 * 200, "{bytes} bytes in 5 looks at {columns}x{rows}");
        quits(terminal);
    }
}

#[test]
fn cancel_has_the_focus_and_sends_nothing() {
    let lab = staged("healthy");
    let master: u32 = lab.read("/var/www/shop/shared/pids/unicorn.pid").trim().parse().unwrap();
    let before = lab.children(master);
    let mut terminal = inspector(&lab, 80, 24, "xterm-256color", &[]);
    terminal.until("FINE");
    terminal.keys("a");
    terminal.until("nothing is sent yet");
    for _ in 0..12 {
        terminal.keys(ENTER);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    escape(&mut terminal, "Esc cancel");
    assert_eq!(lab.children(master), before, "no worker was touched");
    quits(terminal);
}

#[test]
fn a_box_without_servers_is_told_so() {
    let lab = staged("odd-empty");
    let mut terminal = inspector(&lab, 80, 24, "vt100", &[]);
    let screen = terminal.until("NONE");
    assert!(screen.contains("What was looked for"), "{screen}");
    terminal.keys("?");
    terminal.until("Help:");
    escape(&mut terminal, "Help:");
    quits(terminal);
}

#[test]
fn a_box_that_somebody_may_half_read_says_what_was_closed() {
    let lab = Lab::new();
    lab.sh("mkdir -p /srv/locked; chmod 700 /srv/locked");
    let check = |user| {
        let output = lab.command(user, ["farrier", "check"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!check("root").contains("/srv/locked"));
    let told = check(world::DEPLOY);
    assert!(told.contains("?  /srv/locked: permission denied. sudo farrier reads more"), "{told}");
    assert!(told.contains("What was looked for"), "{told}");
    lab.sh("mount -t proc -o hidepid=invisible proc /proc");
    let told = check(world::DEPLOY);
    assert!(told.contains("processes are hidden: permission denied"), "{told}");
}

#[test]
fn it_survives_every_size_and_a_terminal_that_goes() {
    let lab = staged("healthy");
    let mut terminal = inspector(&lab, 80, 24, "xterm-256color", &[]);
    terminal.until("FINE");
    for (columns, rows) in [(40, 10), (20, 3), (1, 1), (200, 60), (60, 18), (110, 30), (80, 24)] {
        terminal.resize(columns, rows);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    terminal.until("FINE");
    terminal.keys("3");
    terminal.until("Process");
    quits(terminal);
}

#[test]
fn a_dumb_terminal_gets_the_text_of_check() {
    let lab = staged("healthy");
    let terminal = inspector(&lab, 80, 24, "dumb", &[]);
    terminal.until("FINE");
    let (status, left) = terminal.end();
    assert!(status.success() && left.is_empty(), "{status:?} {left:?}");
}

#[test]
fn colours_and_signs_are_left_out_where_they_are_not_wanted() {
    let lab = staged("release-stale");
    let terminal = inspector(&lab, 80, 24, "linux", &["--ascii"]);
    let screen = terminal.until("WRONG");
    assert!(screen.is_ascii(), "{screen}");
    quits(terminal);
}

/// From the overview to the button that carries the upgrade out.
pub fn carried_out(terminal: &mut Terminal) {
    terminal.until("Findings");
    terminal.keys("u");
    let plan = terminal.until("nothing is sent yet");
    assert!(plan.contains("preflight") && plan.contains("What would stop it"), "{plan}");
    terminal.keys("a");
    let asks = terminal.until(">[ Cancel ]<");
    assert!(asks.contains("THEN") && asks.contains("QUIT"), "{asks}");
    armable(terminal);
    terminal.keys(TAB);
    terminal.until(">[ Send USR2");
    terminal.keys(ENTER);
}

#[test]
fn an_upgrade_is_carried_out_by_keys_to_its_end() {
    for (columns, rows) in [(80, 24), (160, 45)] {
        let lab = Lab::new();
        let old = site(&lab, |_| {}, &App { boot: 1.5, ..App::default() });
        let mut terminal = inspector(&lab, columns, rows, "xterm-256color", &[]);
        carried_out(&mut terminal);
        let runs = terminal.until("Both masters");
        assert!(runs.contains("NOW") && runs.contains(&format!("{old} serves")), "{runs}");
        let done = terminal.until("\u{2713} done, after");
        assert!(done.contains("would exit with 0: done"), "{done}");
        let site = shop(&lab);
        let after = site.masters();
        assert!(after.len() == 1 && after != [old], "{after:?}");
        assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(SECOND));
        terminal.keys("t");
        terminal.until(&format!("{old} ended"));
        // The newest stand on top: what came first may be below the last row.
        terminal.keys("G");
        let told = terminal.until("farrier was opened");
        assert!(told.contains(&format!("USR2 went to {old}")), "{told}");
        // What was sent stands on the normal screen afterwards.
        terminal.keys("q");
        terminal.until(&format!("QUIT went to {old}"));
        let (status, left) = terminal.end();
        assert!(status.success() && left.is_empty(), "{status:?} {left:?}");
    }
}

#[test]
fn an_upgrade_that_does_not_boot_says_why_and_that_the_old_one_serves() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { fails: true, ..App::default() });
    let mut terminal = inspector(&lab, 80, 24, "xterm-256color", &[]);
    carried_out(&mut terminal);
    let failed = terminal.until("would exit with 1: failed, and the old master serves");
    assert!(failed.contains("failed in step") && failed.contains("does not boot"), "{failed}");
    assert!(failed.contains(&format!("{old} serves as before")), "{failed}");
    assert!(failed.contains("no oldbin"), "{failed}");
    assert_eq!(shop(&lab).masters(), [old]);
    terminal.keys("u");
    terminal.until("nothing is sent yet");
    quits(terminal);
}

/// The menu refuses it as long as the new master loads.
fn opens_the_rollback(terminal: &mut Terminal) {
    loop {
        terminal.keys("a");
        let menu = terminal.until("Act on shop");
        settle();
        if menu.lines().any(|line| line.contains("rollback ") && !line.contains("refused")) {
            terminal.keys(ENTER);
            terminal.until(">[ Cancel ]<");
            return;
        }
        terminal.keys("\x1b");
        terminal.until_screen("the menu closes", |screen| !screen.contains("Act on shop"));
        settle();
    }
}

#[test]
fn an_upgrade_is_stopped_by_keys_and_rolled_back() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { boot: 4.0, ..App::default() });
    let mut terminal = inspector(&lab, 80, 24, "xterm", &[]);
    carried_out(&mut terminal);
    terminal.until("loads, no worker yet");
    terminal.keys("q");
    terminal.until("leave it?");
    settle();
    terminal.keys(ENTER);
    terminal.until_screen("it goes on", |screen| !screen.contains("leave it?"));
    terminal.keys("a");
    terminal.until("stop it here?");
    settle();
    terminal.keys(TAB);
    terminal.until(">[ Stop here ]<");
    terminal.keys(ENTER);
    terminal.until("stopped in step");
    // The new master comes up all the same: the operator takes it back.
    let both = terminal.until("rollback (QUIT to");
    assert!(both.contains(&format!("{old} serves")), "{both}");
    terminal.until(" serves: ");
    opens_the_rollback(&mut terminal);
    armable(&terminal);
    terminal.keys(TAB);
    terminal.until(">[ Send QUIT");
    terminal.keys(ENTER);
    terminal.until("would exit with 0: done");
    assert_eq!(shop(&lab).masters(), [old]);
    quits(terminal);
}

/// A file system that never answers: nobody reads what the kernel asks of it.
#[test]
fn a_file_on_a_dead_mount_holds_no_key_up() {
    let lab = staged("release-stale");
    lab.sh("mkdir /srv/dead");
    let mount = "mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none /srv/dead";
    lab.background("root", &format!("bash -c 'exec 3<>/dev/fuse; {mount}; sleep 300'"));
    lab.wait("it is mounted", || lab.sh("cat /proc/mounts").contains("/srv/dead"));
    let mut terminal = inspector(&lab, 80, 24, "xterm", &[]);
    terminal.until("WRONG");
    terminal.keys(":open-file\r");
    terminal.until("file ");
    terminal.keys("/srv/dead/box.toml\r");
    terminal.until("no answer in time");
    terminal.keys("8");
    terminal.until("Releases");
    quits(terminal);
}
