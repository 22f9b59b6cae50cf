//! The time line: what was seen, sent and read, the newest on top.

use farrier::model::log::Said;
use farrier::model::{Census, Phase};
use farrier::os::Text;
use farrier::plans::{Outcome, runner};
use farrier::tui::place::View;
use farrier::tui::update::Event;
use insta::assert_snapshot;
use jiff::ToSpan as _;

use super::boxes::incident;
use super::desk::Desk;
use crate::built;

/// The box so many seconds later.
fn later(mut census: Census, seconds: i64) -> Census {
    census.taken_at += seconds.seconds();
    census.boot_time += seconds * 1_000_000_000;
    census
}

fn words(desk: &Desk) -> Vec<String> {
    desk.state.chronicle.moments().iter().map(|moment| moment.words.clone()).collect()
}

/// A box whose log tells of a refusal before farrier was opened.
fn told() -> Census {
    let mut census = incident();
    let log = built::log(vec![
        Said::Ready,
        Said::Error(Text::from("config.ru:2: this (RuntimeError)")),
        Said::Refused(Text::from("old PID:9120 running, refusing rexec")),
    ]);
    for app in census.apps.iter_mut().filter(|app| app.name == "shop") {
        for master in &mut app.masters {
            let mut log = log.clone();
            log.entries[1].time = None;
            master.log.value = Ok(Some(log));
        }
    }
    census
}

#[test]
fn it_holds_what_was_read_before_anything_was_seen() {
    let mut desk = Desk::at(told(), (80, 24));
    assert_snapshot!("timeline_read", desk.press("t").screen());
    desk.look(later(told(), 1));
    desk.look(later(told(), 2));
    let told = words(&desk);
    let switched = "current now names 20261121224103";
    for once in
        ["USR2 to 14740 refused: 9120 lives", "\"config.ru:2: this", switched, "9120 started"]
    {
        assert_eq!(told.iter().filter(|words| words.contains(once)).count(), 1, "{once}");
    }
}

#[test]
fn it_follows_an_upgrade_look_by_look() {
    let stage = |seconds: i64, phase| {
        later(built::with(|app| built::reexecuted(app, 30, phase)), 10 + seconds)
    };
    let mut desk = Desk::at(built::healthy(), (120, 40));
    desk.look(stage(1, Phase::Starting));
    desk.look(stage(2, Phase::Loading));
    desk.look(stage(20, Phase::Ready));
    let mut after = stage(25, Phase::Ready);
    after.apps[0].masters.remove(0);
    // Missing in one look may be about to execute; in two it is gone.
    desk.look(after.clone());
    assert!(!words(&desk).iter().any(|words| words == "14740 ended"));
    desk.look(later(after, 1));
    assert_snapshot!("timeline_upgrade", desk.press("t").screen());
}

#[test]
fn what_farrier_sent_stands_in_it_with_its_result() {
    let mut desk = Desk::at(super::asking::ready(incident()), (80, 24));
    desk.press("a Enter");
    desk.event(Event::Held);
    desk.press("Tab Enter");
    let at = built::now() + 2.seconds();
    let sent = runner::Event::Sent("QUIT went to 9120 at 23:10:59".into());
    desk.event(Event::Told(at, sent));
    let done = Outcome::Done("9120 ended at 23:11:03. 14740 serves alone".into());
    desk.event(Event::Came(at + 4.seconds(), "Retire the old master of shop".into(), done));
    assert_snapshot!("timeline_sent", desk.press("t").screen());
}

#[test]
fn it_filters_and_leads_to_its_subject() {
    let mut desk = Desk::at(told(), (80, 24));
    desk.press("t / s r c : s t a r t Enter");
    let screen = desk.screen();
    assert!(screen.contains("9120 started") && !screen.contains("refused USR2"), "{screen}");
    desk.press("G Enter");
    assert_eq!(desk.state.place.view, View::Process);
    assert!(desk.screen().contains("9120"), "{}", desk.screen());
    desk.press("b");
    assert_eq!(desk.state.place.view, View::Timeline);
}

#[test]
fn it_keeps_the_last_nine_hundred() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    for step in 1..1200 {
        let mut census = later(built::healthy(), step);
        let worker = &mut census.apps[0].masters[0].workers[0].process;
        worker.stat.value.as_mut().unwrap().started += u64::try_from(step).unwrap();
        desk.look(census);
    }
    assert_eq!(desk.state.chronicle.moments().len(), 900);
    assert!(!words(&desk).iter().any(|words| words == "farrier was opened"));
}

#[test]
fn a_paused_screen_holds_nothing_of_later() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.press("p t");
    let before = desk.screen();
    desk.look(later(built::with(|app| built::reexecuted(app, 1, Phase::Loading)), 5));
    desk.wait(std::time::Duration::from_secs(11));
    assert!(!desk.screen().contains("22410"), "{before}\n{}", desk.screen());
    desk.press("p");
    assert!(desk.screen().contains("22410"), "{}", desk.screen());
}
