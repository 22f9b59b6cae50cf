//! Several recordings: a list of their machines in front, the worst first, and the way between them.

use farrier::rules::judge;
use farrier::tui::hosts::{Hosts, Summary};
use farrier::tui::opening::Wanted;
use farrier::tui::place::{RowKey, View};
use farrier::tui::state::Rights;
use farrier::tui::update::{Effect, Event};

use super::boxes::{empty, incident, two};
use super::desk::Desk;

/// An inspector of four files, the third of which cannot be read; the second is not read yet.
fn several(size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(size);
    desk.state.rights = Rights::Recorded;
    let files = ["/r/web-1.toml", "/r/web-2.toml", "/r/web-3.toml", "/r/web-4.toml"];
    desk.state.hosts = Some(Hosts::new(&files.map(str::to_owned), 0));
    let overview = std::mem::take(&mut desk.state.place);
    desk.state.back.push(overview);
    desk.state.place.view = View::Hosts;
    desk.state.place.focus = farrier::tui::place::Pane::Main;
    let of = |census| Ok(Summary::of(&census, &judge(&census, Some(&census))));
    desk.event(Event::Host(0, of(two())));
    desk.look(two());
    desk.event(Event::Host(2, Err("web-3.toml was not read: it is no recording".into())));
    desk.event(Event::Host(3, of(incident())));
    desk
}

#[test]
fn the_list_is_in_front_and_the_worst_is_first() {
    let mut desk = several((80, 24));
    insta::assert_snapshot!("hosts", desk.screen());
    assert!(desk.row(1).contains("web-1 1 of 4"), "{}", desk.row(1));
    assert_eq!(desk.state.place.main.key, Some(RowKey::Host(3)), "the cursor is on the worst");
    desk.press("Enter");
    assert_eq!(desk.effects.last(), Some(&Effect::Open(Wanted::Host(3))));
    assert_eq!(desk.state.place.view, View::Overview, "it is left where it was before the list");
}

#[test]
fn what_cannot_be_read_says_why_and_is_never_fine() {
    let mut desk = several((80, 24));
    desk.press("j Enter");
    assert!(desk.row(23).contains("web-3.toml was not read"), "{}", desk.screen());
    assert_eq!(desk.effects.iter().filter(|e| matches!(e, Effect::Open(_))).count(), 0);
    assert_eq!(desk.state.place.view, View::Hosts);
    desk.press("G");
    assert!(desk.row(23).contains("web-2.toml: is being read"), "{}", desk.row(23));
    desk.press("/ w e b - 3");
    assert!(desk.row(23).contains("1 of 4 rows"), "{}", desk.row(23));
}

/// Enter on the one that is shown shows it; back from its first screen leads to the list again, and so does the key.
#[test]
fn one_goes_between_the_list_and_a_machine() {
    let mut desk = several((80, 24));
    let number = |desk: &Desk| desk.state.place.main.key.clone();
    desk.press("j j");
    assert_eq!(number(&desk), Some(RowKey::Host(0)));
    desk.press("Enter");
    assert_eq!(desk.state.place.view, View::Overview);
    assert!(desk.screen().contains("14740"), "{}", desk.screen());
    desk.press("b");
    assert_eq!((desk.state.place.view, number(&desk)), (View::Hosts, Some(RowKey::Host(0))));
    desk.press("b 4 @ @");
    assert_eq!(desk.state.place.view, View::Environment, "the same key leads back");
}

#[test]
fn a_single_machine_has_no_list() {
    let mut desk = Desk::at(empty(), (80, 24));
    desk.press("@");
    assert!(desk.row(23).contains("this is the only host"), "{}", desk.row(23));
    desk.press("b");
    assert_eq!(desk.state.place.view, View::Overview);
}

#[test]
fn the_smallest_screen_lists_them_too() {
    let mut desk = several((40, 10));
    assert!(desk.row(2).starts_with(">▲ web-4 "), "{}", desk.screen());
    desk.press("j");
    assert!(desk.row(3).starts_with(">? web-3 "), "{}", desk.screen());
    desk.press("k Enter");
    assert_eq!(desk.effects.last(), Some(&Effect::Open(Wanted::Host(3))));
    assert_eq!(desk.state.place.view, View::Overview);
    desk.press("@");
    assert_eq!(desk.state.place.view, View::Hosts, "{}", desk.screen());
    desk.event(Event::Resize(30, 8));
    assert!(desk.row(1).contains("4 hosts, the worst: web-4"), "{}", desk.screen());
}

/// The views and the menu are of the machine that is shown: from the row of another they would be taken for its own.
#[test]
fn nothing_is_opened_of_another_machine_than_the_chosen_one() {
    let mut desk = several((80, 24));
    for key in ["a", "u", "2", "n"] {
        desk.press(key);
        assert_eq!((desk.state.place.view, desk.state.dialogs.len()), (View::Hosts, 0), "{key}");
        assert!(desk.row(23).contains("web-4 is not open yet: Enter opens it"), "{}", desk.row(23));
    }
    desk.press("j j 2");
    assert_eq!(desk.state.place.view, View::Findings, "the cursor was on the one that is shown");
}
