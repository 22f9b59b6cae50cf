//! `m` at one look and `d` at another: what differs between them.

use farrier::tui::place::{Subject, View};

use super::desk::Desk;
use super::past::upgrade;

fn all(desk: &mut Desk) {
    for look in upgrade() {
        desk.look(look);
    }
}

/// After an upgrade, gone back to the first look and marked there.
fn marked(size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(size);
    all(&mut desk);
    desk.press(", , , , , m");
    desk
}

#[test]
fn a_look_that_stands_is_marked_and_another_compared_with_it() {
    let mut desk = marked((80, 24));
    let said = desk.row(23);
    assert!(said.contains("14740 and the look of 23:10:57"), "{said}");
    desk.press("d");
    assert!(desk.row(23).contains("choose another, or go to another look"), "{}", desk.row(23));
    desk.press("p d");
    assert_eq!((desk.state.place.view, &desk.state.place.subject), (View::Diff, &Subject::Looks));
    let screen = desk.screen();
    insta::assert_snapshot!("between", screen);
    assert!(screen.contains("master 22410 current is new") && screen.contains("14740, which was"));
    assert!(!screen.contains("as before"), "only what differs: {screen}");
    let last = desk.press("G").screen();
    desk.press("Enter");
    assert_ne!(desk.state.place.view, View::Diff, "a line leads to what it is about");
    desk.press("b");
    assert_eq!(desk.screen(), last, "and the way back is kept");
}

/// Whichever of the two was marked, the earlier one is told first; what is the same comes with `f`.
#[test]
fn the_earlier_look_stands_first_and_f_shows_all() {
    let mut desk = Desk::new((80, 24));
    all(&mut desk);
    desk.press(", m , , d");
    let screen = desk.screen();
    let at = |words: &str| screen.find(words).unwrap_or_else(|| panic!("no {words}: {screen}"));
    assert!(at("23:11:09 ›") < at("23:11:33"), "{screen}");
    assert!(screen.contains("master 22410 current is the same process"), "{screen}");
    desk.press("b , , d");
    assert!(desk.row(3).contains("23:10:57 › 23:11:33"), "{}", desk.row(3));
    desk.press("b p , , m . d");
    let same = |desk: &Desk| desk.screen().contains("is as it was");
    assert!(!same(&desk), "{}", desk.screen());
    desk.press("f");
    assert!(same(&desk), "{}", desk.screen());
}

/// Without a look that stands there is nothing to mark but a process.
#[test]
fn live_a_process_is_marked_alone() {
    let mut desk = Desk::new((80, 24));
    all(&mut desk);
    desk.press("m");
    assert!(desk.row(23).contains("22410 is marked; d on another process"), "{}", desk.row(23));
    assert!(desk.state.marked_look.is_none());
    desk.press("m");
    assert!(desk.row(23).contains("22410 is not marked any more"), "{}", desk.row(23));
    desk.press("p m m");
    assert!(desk.state.marked_look.is_none() && desk.state.mark.is_none());
}
