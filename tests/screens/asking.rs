//! The one door: what it takes to send, and what it does not.

use std::time::Duration;

use super::boxes::incident;
use super::desk::Desk;
use crate::built;
use farrier::plans::{Given, Outcome, Refused};
use farrier::tui::update::{Effect, Event};
use insta::assert_snapshot;

/// Everything that a plan looks at, so that it offers what it would on a real box.
pub fn ready(mut census: farrier::model::Census) -> farrier::model::Census {
    for app in &mut census.apps {
        for master in &mut app.masters {
            let number = master.process.pid.number();
            let status = master.process.status.value.as_mut().unwrap();
            status.tgid = number;
            status.caught = farrier::facts::signals::SignalSet(u64::MAX);
            status.ignored = farrier::facts::signals::SignalSet(0);
            status.blocked = farrier::facts::signals::SignalSet(0);
        }
    }
    census
}

fn sends(desk: &Desk) -> Vec<&Given> {
    desk.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(given) => Some(given),
            _ => None,
        })
        .collect()
}

/// The question about reopening logs, which needs the button alone.
fn reopen() -> Desk {
    let mut desk = Desk::at(ready(built::healthy()), (80, 24));
    desk.press("g a Down Down Down Down Enter");
    assert!(desk.screen().contains("USR1"), "{}", desk.screen());
    desk
}

/// The question about stopping the only master, which needs the app's name.
fn stop() -> Desk {
    let mut desk = Desk::at(ready(built::healthy()), (80, 24));
    desk.press("g a j j j j j j j j j Enter");
    assert!(desk.screen().contains("Stop"), "{}", desk.screen());
    desk.event(Event::Held);
    desk
}

#[test]
fn the_menu_and_the_question() {
    let mut desk = Desk::at(ready(incident()), (80, 24));
    assert_snapshot!("menu", desk.press("a").screen());
    desk.press("Enter");
    desk.event(Event::Held);
    assert_snapshot!("question", desk.screen());
    assert_snapshot!("question_with_a_word", stop().screen());
}

#[test]
fn cancel_has_the_focus_first() {
    let mut desk = reopen();
    desk.event(Event::Held);
    desk.press("Enter");
    assert!(sends(&desk).is_empty());
    assert!(desk.effects.contains(&Effect::LetGo));
}

#[test]
fn the_button_sends_once_the_process_is_held() {
    let mut desk = reopen();
    desk.press("Tab Enter");
    assert!(sends(&desk).is_empty(), "nothing is held yet");
    let mut desk = reopen();
    desk.event(Event::Held);
    desk.press("Tab Enter");
    assert_eq!(sends(&desk), [&Given::Button]);
    desk.event(Event::Came(
        built::now(),
        "Reopen the logs of shop".into(),
        Outcome::Done("14740 took USR1".into()),
    ));
    assert!(desk.row(23).contains("14740 took USR1"));
    assert_eq!(desk.state.sent, ["Reopen the logs of shop: 14740 took USR1"]);
}

#[test]
fn keys_typed_at_another_screen_are_dropped() {
    let mut desk = reopen();
    desk.state.dialogs.clear();
    desk.press("a");
    desk.press_now("Enter");
    assert_eq!(desk.state.dialogs.len(), 1, "the menu did not take it");
}

#[test]
fn a_word_has_to_be_typed_and_to_stand() {
    let mut desk = stop();
    desk.press("Tab Enter");
    assert!(sends(&desk).is_empty() && desk.state.dialogs.len() == 1);
    let mut desk = stop();
    desk.press("s h o p");
    // At once after the word, as a paste would: dropped.
    desk.press_now("Tab");
    desk.press_now("Enter");
    assert!(sends(&desk).is_empty());
    desk.wait(Duration::from_millis(400));
    desk.press("Tab Enter");
    assert_eq!(sends(&desk), [&Given::Word("shop".into())]);
}

#[test]
fn every_letter_goes_into_the_word() {
    let mut desk = stop();
    desk.press("q b y j k");
    assert_eq!(desk.state.dialogs.len(), 2, "none of them acts");
    assert!(desk.screen().contains("qbyjk"));
    desk.press("Esc");
    assert_eq!(desk.state.dialogs.len(), 1);
}

#[test]
fn an_armed_button_disarms_itself() {
    let mut desk = reopen();
    desk.event(Event::Held);
    desk.press("Tab");
    desk.wait(Duration::from_secs(11));
    desk.press("Enter");
    assert!(sends(&desk).is_empty(), "Enter pressed Cancel");
}

#[test]
fn a_plan_that_turns_closes_the_question() {
    let mut desk = reopen();
    desk.event(Event::Held);
    desk.event(Event::Turned(Refused::new(
        "14740 ended meanwhile",
        "farrier tree shows what is left",
    )));
    assert!(!desk.screen().contains("Send USR1"));
    assert!(
        desk.state.message.as_ref().unwrap().words.starts_with("Not sent: 14740 ended meanwhile")
    );
}

#[test]
fn each_look_asks_whether_the_plan_stands() {
    let mut desk = reopen();
    desk.look(ready(built::healthy()));
    assert!(desk.effects.contains(&Effect::Recheck));
}

#[test]
fn looking_only_refuses_every_line() {
    let mut desk = Desk::at(ready(built::healthy()), (80, 24));
    desk.state.rights = farrier::tui::state::Rights::ReadOnly;
    desk.press("g a Enter");
    assert!(desk.screen().contains("farrier was started to look only"), "{}", desk.screen());
    assert!(desk.effects.iter().all(|effect| !matches!(effect, Effect::Hold(_))));
}

#[test]
fn leaving_while_a_signal_is_watched_asks_once() {
    let mut desk = reopen();
    desk.event(Event::Held);
    desk.press("Tab Enter q");
    assert!(!desk.effects.contains(&Effect::Quit));
    desk.press("q");
    assert!(desk.effects.contains(&Effect::Quit));
    assert_eq!(desk.state.sent.len(), 1);
}
