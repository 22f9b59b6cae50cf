//! The upgrade: its plan, its steps as they come true, and how it ends.

use farrier::model::history::{self, What};
use farrier::model::log::Said;
use farrier::model::{Census, Phase};
use farrier::os::Text;
use farrier::plans::course::{Act, Course};
use farrier::plans::follow::Stage;
use farrier::plans::{Outcome, runner};
use farrier::tui::place::View;
use farrier::tui::update::{Effect, Event};
use insta::assert_snapshot;
use jiff::{Timestamp, ToSpan as _};

use super::desk::Desk;
use crate::built::{self, pid};

/// A healthy box to which a new release was deployed.
fn box_() -> Census {
    ready(built::with(|app| built::deployed(app, 120)))
}

fn ready(census: Census) -> Census {
    super::asking::ready(census)
}

/// The same so many seconds after it began, with the new master in that phase.
fn under_way(seconds: i64, phase: Phase) -> Census {
    let mut census = built::with(|app| {
        built::deployed(app, 120);
        built::reexecuted(app, 30, phase);
    });
    census.taken_at += seconds.seconds();
    ready(census)
}

/// The plan is open, the question was answered by keys alone.
fn begun(size: (u16, u16)) -> Desk {
    let mut desk = Desk::at(box_(), size);
    desk.press("g u a");
    desk.event(Event::Held);
    desk.press("Tab Enter");
    desk
}

fn course(desk: &Desk) -> Course {
    desk.state.passage.as_ref().unwrap().course.clone()
}

fn at(seconds: i64) -> Timestamp {
    built::now() + seconds.seconds()
}

impl Desk {
    fn step(&mut self, seconds: i64, act: impl Fn(Act) -> bool) {
        let steps = course(self).steps;
        let step = steps.iter().position(|step| act(step.act)).unwrap();
        let words = steps[step].name.clone();
        self.event(Event::Told(at(seconds), runner::Event::Step { at: step, words }));
    }

    fn happens(&mut self, seconds: i64, number: i32, what: What) {
        let event = history::Event {
            at: at(seconds),
            boot_time: 0,
            app: course(self).app,
            pid: Some(pid(number)),
            what,
        };
        self.event(Event::Told(at(seconds), runner::Event::Happened(event)));
    }

    /// As far as the new master loads.
    fn loads(&mut self) {
        self.step(1, |act| matches!(act, Act::Send(..)));
        let sent = runner::Event::Sent("USR2 went to 14740 at 23:10:58".into());
        self.event(Event::Told(at(1), sent));
        self.step(1, |act| act == Act::Await(Stage::Forked));
        self.happens(2, 22410, What::Appeared { parent: Some(pid(14740)) });
        let renamed = What::Renamed { from: "unicorn.pid".into(), to: "unicorn.pid.oldbin".into() };
        self.happens(2, 14740, renamed);
        self.step(2, |act| act == Act::Await(Stage::Loads));
        self.happens(4, 22410, What::Executed("ruby /usr/local/bin/unicorn -D".into()));
        self.happens(5, 22410, What::Loads);
        self.step(5, |act| act == Act::Await(Stage::Ready));
        self.look(under_way(5, Phase::Loading));
        self.wait(std::time::Duration::from_secs(20));
    }
}

#[test]
fn the_plan_comes_first_and_the_dialog_names_every_signal() {
    let mut desk = Desk::at(box_(), (80, 24));
    assert_snapshot!("upgrade_plan", desk.press("g u").screen());
    assert_snapshot!("upgrade_question", desk.press("a").screen());
    assert!(desk.screen().contains("retire 14740"), "QUIT is confirmed with the same button");
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Carry(..))));
}

#[test]
fn a_plan_that_something_stops_says_what() {
    let mut desk = Desk::at(ready(super::boxes::incident()), (80, 24));
    assert_snapshot!("upgrade_refused", desk.press("u").screen());
    // Below the reason stand the findings that explain it: a on one leads to what mends it.
    desk.press("a");
    let menu = desk.screen();
    assert!(menu.contains("Act on shop") && menu.contains(">  retire"), "{menu}");
}

#[test]
fn it_is_shown_step_by_step() {
    let mut desk = begun((80, 24));
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::Carry(..))));
    desk.loads();
    assert_snapshot!("upgrade_under_way", desk.screen());
    let mut wide = begun((160, 45));
    wide.loads();
    assert_snapshot!("upgrade_under_way_wide", wide.screen());
}

#[test]
fn one_that_does_not_boot_says_why_and_who_serves() {
    let mut desk = begun((80, 24));
    desk.loads();
    let error = "config.ru:2: key not found: \"STRIPE_SECRET_KEY\" (KeyError)";
    let words = format!("22410 ended, after 19 s. 14740 serves. log/unicorn.stderr.log:1: {error}");
    desk.event(Event::Came(at(20), course(&desk).title, Outcome::NotSeen(words)));
    let mut after = box_();
    let ended = Said::Ended { pid: 22410, how: "exit 1".into() };
    let said = vec![Said::Error(Text::from(error)), ended];
    after.apps[0].masters[0].log.value = Ok(Some(built::log(said)));
    desk.look(after);
    assert_snapshot!("upgrade_failed", desk.screen());
    assert_eq!(
        desk.state.sent,
        [
            "USR2 went to 14740 at 23:10:58".to_owned(),
            format!(
                "Upgrade shop: 22410 ended, after 19 s. 14740 serves. log/unicorn.stderr.log:1: {error}"
            ),
        ]
    );
    desk.press("u");
    assert!(desk.screen().contains("nothing is sent yet"), "{}", desk.screen());
}

#[test]
fn it_ends_done() {
    let mut desk = begun((80, 24));
    desk.loads();
    desk.step(25, |act| matches!(act, Act::Retire { .. }));
    let quit = runner::Event::Sent("QUIT went to 14740 at 23:11:22".into());
    desk.event(Event::Told(at(25), quit));
    desk.step(27, |act| matches!(act, Act::Verify(_)));
    let done =
        Outcome::Done("22410 serves alone with 2 workers, 20261121224103, after 30 s".into());
    desk.event(Event::Came(at(30), course(&desk).title, done));
    let mut after = under_way(31, Phase::Ready);
    after.apps[0].masters.remove(0);
    after.apps[0].pidfiles.truncate(1);
    desk.look(after);
    assert_snapshot!("upgrade_done", desk.screen());
}

#[test]
fn it_is_stopped_where_it_is_and_both_live() {
    let mut desk = begun((80, 24));
    desk.loads();
    desk.press("a");
    assert_snapshot!("upgrade_stop_here", desk.screen());
    desk.press("Enter");
    assert!(!desk.effects.contains(&Effect::Break), "going on has the focus");
    desk.press("a Tab Enter");
    assert!(desk.effects.contains(&Effect::Break));
    assert!(desk.state.conducts(), "until the hand says that it ended");
    let words = "Broken off. 22410 is ready beside the old master 14740. 14740 and 22410 serve";
    desk.event(Event::Came(at(30), course(&desk).title, Outcome::Interrupted(words.into())));
    desk.look(under_way(31, Phase::Ready));
    assert_snapshot!("upgrade_stopped", desk.screen());
    desk.press("a");
    assert!(desk.screen().contains(">  rollback"), "{}", desk.screen());
}

#[test]
fn leaving_is_asked_for_and_told_afterwards() {
    let mut desk = begun((80, 24));
    desk.loads();
    desk.press("Esc");
    assert_ne!(desk.state.place.view, View::Upgrade);
    assert!(desk.state.conducts(), "leaving the view leaves it running");
    desk.press("Ctrl-z");
    assert!(!desk.effects.contains(&Effect::Suspend));
    desk.press("q");
    assert_snapshot!("upgrade_leave", desk.screen());
    desk.press("q");
    assert!(!desk.effects.contains(&Effect::Quit), "q again stays");
    desk.press("q Tab Enter");
    assert!(desk.effects.ends_with(&[Effect::Break, Effect::Quit]));
    let left = desk.state.sent.last().unwrap();
    assert!(left.contains("left in step 5 of 8, app loads"), "{left}");
}

#[test]
fn it_fits_odd_sizes_while_it_goes_and_after_its_end() {
    let fits = |desk: &mut Desk| {
        for &(columns, rows) in super::sizes::ODD {
            desk.event(Event::Resize(columns, rows));
            desk.press("j");
            let buffer = desk.buffer();
            assert_eq!((buffer.area.width, buffer.area.height), (columns, rows));
        }
        desk.event(Event::Resize(80, 24));
    };
    let mut desk = begun((80, 24));
    desk.loads();
    fits(&mut desk);
    desk.press("a");
    fits(&mut desk);
    desk.press("Esc");
    let words = "22410 still loads after 120 s. 14740 serves";
    desk.event(Event::Came(at(130), course(&desk).title, Outcome::NotSeen(words.into())));
    fits(&mut desk);
}

#[test]
fn the_slower_of_two_looks_does_not_bring_back_what_is_over() {
    let mut desk = begun((80, 24));
    let mut fresh = under_way(5, Phase::Loading);
    fresh.boot_time = 5_000_000_000;
    let verdicts = farrier::rules::judge(&fresh, None);
    desk.event(Event::Looked(fresh.into(), verdicts.into()));
    assert!(desk.screen().contains("22410"), "{}", desk.screen());
    let mut stale = box_();
    stale.boot_time = 4_900_000_000;
    desk.look(stale);
    assert!(desk.screen().contains("22410"), "{}", desk.screen());
}

#[test]
fn a_recording_shows_the_plan_and_sends_nothing() {
    let mut desk = Desk::new((80, 24));
    desk.state.rights = farrier::tui::state::Rights::Recorded;
    desk.look(box_());
    desk.press("g u");
    assert!(desk.screen().contains("nothing is sent: this is a recording"), "{}", desk.screen());
    desk.press("a");
    assert!(desk.screen().contains("upgrade: refused"), "{}", desk.screen());
    desk.press("Esc t");
    assert!(desk.screen().contains("the recording begins"), "{}", desk.screen());
}

#[test]
fn both_live_after_its_time_is_stuck_and_not_failed() {
    let mut desk = begun((80, 24));
    desk.loads();
    let words = "22410 still loads after 120 s. 14740 serves";
    desk.event(Event::Came(at(130), course(&desk).title, Outcome::NotSeen(words.into())));
    desk.look(under_way(131, Phase::Loading));
    let screen = desk.screen();
    assert!(screen.contains("stuck in step 5 of 8: both live"), "{screen}");
    assert!(screen.contains("rollback (QUIT to 22410"), "{screen}");
    let mut desk = begun((80, 24));
    desk.loads();
    let nobody = Outcome::NothingServes("22410 ended. No master of shop serves".into());
    desk.event(Event::Came(at(130), course(&desk).title, nobody));
    let mut none = box_();
    none.apps[0].masters.clear();
    desk.look(none);
    let screen = desk.screen();
    assert!(screen.contains("would exit with 2: failed, and nothing serves"), "{screen}");
    assert!(screen.contains("no master of shop lives"), "{screen}");
}
