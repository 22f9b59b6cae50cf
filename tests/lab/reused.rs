//! A number that goes to a stranger between the look and the signal: nobody is hit, and it is said.

use crate::terminal::Terminal;

use super::config::{Config, Hook};
use super::inspector::{ENTER, TAB, armable, inspector, quits, settle, staged};
use super::site::{App, FIRST, SECOND, Site};
use super::staged::healthy::two_releases;
use super::watched::{beside, ended};
use super::world::{DEPLOY, Lab, Stat};

const OLDBIN: &str = "/var/www/shop/shared/pids/unicorn.pid.oldbin";

/// A stranger that got the number of a process that farrier looked at. Any signal but a few would end it.
struct Stranger<'a> {
    lab: &'a Lab,
    pid: u32,
    was: Stat,
}

impl<'a> Stranger<'a> {
    /// Ends the process and gives its number away.
    fn takes(lab: &'a Lab, pid: u32) -> Self {
        let before = lab.stat(pid).expect("it lives");
        lab.signal(pid, "KILL");
        lab.wait("its number is free", || lab.stat(pid).is_none());
        let line = format!(
            "echo {} > /proc/sys/kernel/ns_last_pid; \
             setsid sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!",
            pid - 1
        );
        lab.wait("the number is given again", || {
            let got: u32 = lab.sh(&line).trim().parse().expect("the shell prints a PID");
            if got != pid {
                lab.signal(got, "KILL");
            }
            got == pid
        });
        let was = lab.stat(pid).expect("the stranger lives");
        assert_ne!(was.started, before.started, "the kernel tells the two apart");
        Self { lab, pid, was }
    }

    /// It is the same process still.
    fn is_untouched(&self) {
        let is = self.lab.stat(self.pid).map(|stat| stat.started);
        assert_eq!(is, Some(self.was.started), "{}", self.lab.picture());
        assert!(self.lab.title(self.pid).starts_with("sleep"), "{}", self.lab.picture());
    }
}

/// farrier in a terminal, which may ask.
fn asking(lab: &Lab, words: &[&str]) -> Terminal {
    inspector(lab, 120, 50, "xterm", words)
}

/// Types the answer that confirms, and sees that farrier says no and sends nothing.
fn is_refused(mut terminal: Terminal, answer: &str, pid: u32) {
    terminal.keys(&format!("{answer}\n"));
    terminal.until_screen("a refusal that names the process", |screen| {
        let after = screen.rsplit("cancel]").next().unwrap_or_default();
        after.contains(&pid.to_string())
    });
    let (status, _) = terminal.end();
    assert_eq!(status.exit_code(), 3);
}

#[test]
fn at_the_question_of_a_signal_or_an_operation() {
    let words: [&[&str]; 2] = [&["signal", "QUIT"], &["do", "retire"]];
    for words in words {
        let lab = staged("oldbin-lingering");
        let site = Site { lab: &lab, root: "/var/www/shop".into(), user: DEPLOY };
        let old: u32 = lab.read(OLDBIN).trim().parse().expect("a number");
        let new = *site.masters().last().expect("two masters");
        let terminal = asking(&lab, &[words, &[&old.to_string()]].concat());
        terminal.until("[send/cancel]");
        let stranger = Stranger::takes(&lab, old);
        is_refused(terminal, "send", old);
        stranger.is_untouched();
        assert!(lab.lives(new) && site.get().is_some(), "{}", lab.picture());
    }
}

#[test]
fn at_the_question_of_an_upgrade() {
    let lab = Lab::new();
    let (site, master) = two_releases(&lab, Hook::None);
    let terminal = asking(&lab, &["upgrade", "shop"]);
    terminal.until("[upgrade/cancel]");
    let stranger = Stranger::takes(&lab, master);
    is_refused(terminal, "upgrade", master);
    stranger.is_untouched();
    assert!(site.masters().is_empty(), "{}", lab.picture());
}

#[test]
fn in_the_middle_of_an_upgrade() {
    let lab = Lab::new();
    let site = Site::new(&lab, "shop");
    let config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switch(FIRST);
    let old = site.start();
    site.release(SECOND, &App { boot: 3.0, ..App::default() }, &config);
    site.switch(SECOND);
    let upgrade = beside(&lab, &["upgrade", "shop", "--yes"]);
    lab.wait("the new master loads", || {
        lab.read("/run/said").contains("has its handlers and loads")
    });
    let stranger = Stranger::takes(&lab, old);
    let run = ended(&lab, upgrade);
    stranger.is_untouched();
    assert!(!run.stdout.contains(&format!("QUIT went to {old}")), "{run:?}");
    lab.wait("the new master serves", || site.get().is_some_and(|a| a.release == SECOND));
}

#[test]
fn in_the_dialog_of_the_inspector() {
    for presses in [false, true] {
        let lab = staged("oldbin-lingering");
        let old: u32 = lab.read(OLDBIN).trim().parse().expect("a number");
        let mut terminal = inspector(&lab, 100, 30, "xterm-256color", &[]);
        terminal.until("oldbin-lingering");
        terminal.keys(ENTER);
        terminal.until("OFFERED");
        terminal.keys("a");
        terminal.until("Act on shop");
        settle();
        terminal.keys(ENTER);
        terminal.until(">[ Cancel ]<");
        armable(&terminal);
        terminal.keys(TAB);
        terminal.until(">[ Send QUIT");
        let stranger = Stranger::takes(&lab, old);
        if presses {
            // Maybe before the next look, maybe after it: no difference to the stranger.
            terminal.keys(ENTER);
        }
        let screen = terminal.until_screen("a closed dialog that says why", |screen| {
            screen.contains("Not sent: ") && !screen.contains("WAY BACK")
        });
        assert!(screen.contains(&old.to_string()), "{screen}");
        stranger.is_untouched();
        quits(terminal);
        stranger.is_untouched();
    }
}
