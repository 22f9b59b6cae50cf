//! A recording's looks and the last looks of a machine: one steps through them, and nothing of later stands in them.

use farrier::model::Census;
use farrier::tui::history::Played;
use farrier::tui::state::Rights;
use farrier::tui::update::Effect;
use jiff::SignedDuration;

use super::boxes::{incident, two};
use super::desk::Desk;

fn later(mut census: Census, seconds: i64) -> Census {
    census.taken_at += SignedDuration::from_secs(seconds);
    census.boot_time += seconds * 1_000_000_000;
    census
}

/// A recording of that many looks, of which the first three have been played.
fn played(looks: usize) -> Desk {
    let mut desk = Desk::new((80, 24));
    desk.state.rights = Rights::Recorded;
    desk.state.history.played = Some(Played { looks, unseen: 0, rehearsal: false });
    desk.look(two());
    desk.look(later(incident(), 1));
    desk.look(later(two(), 2));
    desk
}

#[test]
fn a_recording_is_stepped_through() {
    let mut desk = played(90);
    assert!(desk.row(1).contains("23:10:59  FILE 3 of 90"), "{}", desk.row(1));
    desk.press(",");
    assert!(desk.row(1).contains("23:10:58  FILE 2 of 90"), "{}", desk.row(1));
    assert!(desk.screen().contains("9120"), "{}", desk.screen());
    assert_eq!(desk.effects.last(), Some(&Effect::Stand(true)), "it plays no further by itself");
    desk.press(", ,");
    assert!(desk.row(1).contains("FILE 1 of 90"));
    assert!(!desk.screen().contains("9120"), "what ended later is no ghost yet: {}", desk.screen());
    assert!(desk.row(23).contains("the first look"), "{}", desk.row(23));
    desk.press(". .");
    assert!(desk.row(1).contains("FILE 3 of 90"));
}

#[test]
fn behind_the_newest_look_the_next_one_is_asked_for_and_held() {
    let mut desk = played(4);
    desk.press(".");
    assert_eq!(desk.effects.last(), Some(&Effect::LookNow));
    desk.look(later(incident(), 3));
    assert!(desk.row(1).contains("23:11:00  FILE 4 of 4"), "{}", desk.row(1));
    assert!(desk.state.paused.is_some());
    desk.press(".");
    assert!(desk.row(23).contains("the last look"), "{}", desk.row(23));
    desk.press("p");
    assert_eq!(desk.effects.last(), Some(&Effect::Stand(false)), "it plays on");
}

#[test]
fn nothing_is_sent_from_a_recording() {
    let mut desk = played(3);
    desk.press(", a");
    let screen = desk.screen();
    assert!(screen.contains("refused") && !screen.contains("p goes live"), "{screen}");
}

#[test]
fn the_program_s_own_recording_is_a_rehearsal() {
    let mut desk = Desk::new((80, 24));
    desk.state.rights = Rights::Rehearsed;
    desk.state.history.played = Some(Played { looks: 1, unseen: 0, rehearsal: true });
    desk.look(incident());
    assert!(desk.row(1).contains("23:10  REHEARSE "), "{}", desk.row(1));
}

#[test]
fn a_machine_s_last_looks_can_be_gone_back_to() {
    let mut desk = Desk::at(two(), (80, 24));
    let first = desk.screen();
    desk.look(later(incident(), 29));
    desk.press(",");
    assert!(desk.row(1).contains("23:10:57  HISTORY"), "{}", desk.row(1));
    assert!(desk.row(23).contains("29 s before the newest look"), "{}", desk.row(23));
    assert!(!desk.screen().contains("9120"));
    desk.press("a");
    assert!(desk.screen().contains("refused: this is 23:10:57"), "{}", desk.screen());
    desk.press("Esc .");
    assert!(desk.row(1).contains("live 1s") && desk.screen().contains("9120"));
    desk.press(", p");
    assert!(desk.row(1).contains("live 1s"));
    assert_ne!(desk.screen(), first);
}

#[test]
fn the_smallest_screens_say_what_they_show() {
    for size in [(40, 10), (60, 18), (80, 24), (120, 40)] {
        let mut desk = played(90);
        desk.state.size = size;
        desk.press(",");
        let words = if size.0 == 40 { "FILE" } else { "FILE 2 of 90" };
        assert!(desk.row(1).contains(words), "{size:?}: {}", desk.row(1));
    }
}
