//! The cursor stays on its process; what ends stays in sight; filters and folds.

use std::time::Duration;

use super::boxes::{incident, two};
use super::desk::Desk;
use crate::built::{self, LIVE, master, pid};
use farrier::tui::place::{RowKey, View};

/// The row that the cursor stands on.
fn chosen(desk: &Desk) -> String {
    desk.screen().lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
}

#[test]
fn the_cursor_stays_on_its_process_while_rows_move() {
    let mut desk = Desk::at(two(), (80, 24));
    desk.press("+ G");
    assert!(chosen(&desk).contains("14744"), "{}", desk.screen());
    let mut more = two();
    more.apps[0].masters.push(master(3302, 60, LIVE));
    desk.look(more);
    assert!(chosen(&desk).contains("14744"), "{}", desk.screen());
}

#[test]
fn what_ended_stays_as_a_ghost_and_the_cursor_on_it() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.press("+ G");
    let mut fewer = built::healthy();
    fewer.apps[0].masters[0].workers.truncate(1);
    desk.look(fewer.clone());
    assert!(chosen(&desk).contains('×') && chosen(&desk).contains("gone"), "{}", desk.screen());
    assert!(desk.row(23).contains("14744 (w1) ended at 23:10:57"), "{}", desk.row(23));
    desk.wait(Duration::from_secs(60));
    desk.look(fewer.clone());
    assert!(chosen(&desk).contains("14744"), "a selected ghost stays");
    desk.press("k");
    desk.wait(Duration::from_secs(1));
    desk.look(fewer);
    assert!(!desk.screen().contains("14744"), "another one goes");
}

#[test]
fn a_view_of_what_ended_stays_open() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.press("+ G 3");
    assert!(desk.row(3).contains("14744 w1"), "{}", desk.screen());
    let mut fewer = built::healthy();
    fewer.apps[0].masters[0].workers.truncate(1);
    desk.look(fewer);
    assert!(desk.row(3).contains("gone since"), "{}", desk.screen());
}

#[test]
fn a_filter_keeps_parents_and_never_the_headline() {
    let mut desk = Desk::at(incident(), (80, 24));
    let headline = desk.row(3);
    desk.press("Tab / 9 1 2 3");
    let screen = desk.screen();
    assert!(screen.contains("w0") && screen.contains("9123"), "{screen}");
    assert!(screen.contains("9120") && !screen.contains("3301"), "{screen}");
    assert_eq!(desk.row(3), headline);
    desk.press("Enter Esc");
    assert!(desk.screen().contains("api"));
}

#[test]
fn the_cursor_stays_when_rows_fold() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.press("Tab / 3 3 0 5 Enter G");
    assert!(chosen(&desk).contains("3305"), "{}", desk.screen());
    desk.press("Esc");
    desk.event(farrier::tui::update::Event::Resize(60, 18));
    assert!(chosen(&desk).contains("3305"), "{}", desk.screen());
    desk.event(farrier::tui::update::Event::Resize(80, 24));
    assert!(chosen(&desk).contains("3305"), "{}", desk.screen());
    desk.press("-");
    assert!(chosen(&desk).contains("api"), "{}", desk.screen());
}

#[test]
fn folding_is_kept() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    assert!(desk.screen().contains("w0"));
    desk.press("g h");
    assert!(!desk.screen().contains("master   "), "{}", desk.screen());
    desk.look(built::healthy());
    assert!(!desk.screen().contains("w0"));
    desk.press("l Space Space");
    assert!(desk.screen().contains("w0"));
}

#[test]
fn evidence_opens_its_view_and_b_returns_to_the_line() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.press("Enter");
    let finding = desk.screen();
    desk.press("Enter");
    assert_ne!(desk.state.place.view, View::Finding);
    desk.press("b");
    assert_eq!(desk.screen(), finding);
}

#[test]
fn text_below_the_last_row_is_read_to_its_end_and_back() {
    for size in [(60, 18), (80, 24)] {
        let mut desk = Desk::at(incident(), size);
        desk.press("Enter x");
        let first = desk.screen();
        let last =
            farrier::tui::widgets::pane::page(&desk.state, farrier::tui::place::Pane::Main, 60)
                .rows
                .last()
                .map(|row| row.line.to_string())
                .unwrap();
        let last = last.split_whitespace().last().unwrap().to_owned();
        for keys in [["j"; 80], ["PgDn"; 80], ["G"; 80]] {
            desk.press(&keys.join(" "));
            assert!(desk.screen().contains(&last), "{last}: {}", desk.screen());
            // Enter shows the row before it opens it.
            desk.press("Enter");
            assert_eq!(desk.state.place.view, View::Rule);
            desk.press("G");
            desk.press(&["k"; 90].join(" "));
            let below = |screen: &str| screen.lines().skip(1).collect::<Vec<_>>().join("\n");
            assert_eq!(below(&desk.screen()), below(&first));
        }
    }
}

#[test]
fn next_and_previous_finding_go_round() {
    let mut desk = Desk::at(incident(), (80, 24));
    let first = desk.state.place.main.key.clone();
    desk.press("n");
    assert_ne!(desk.state.place.main.key, first);
    desk.press("N");
    assert_eq!(desk.state.place.main.key, first);
    assert!(matches!(first, Some(RowKey::Finding(_))));
}

#[test]
fn a_paused_screen_stands_while_looks_go_on() {
    let mut desk = Desk::at(two(), (80, 24));
    desk.press("p");
    desk.wait(Duration::from_secs(11));
    let before = desk.screen();
    desk.look(incident());
    assert_eq!(desk.screen(), before);
    assert!(desk.row(1).contains("PAUSED"));
    desk.press("a");
    assert!(desk.screen().contains("refused: this is 23:10:57"), "{}", desk.screen());
    desk.press("Esc p");
    assert!(desk.screen().contains("9120"));
}

#[test]
fn an_unbound_key_says_so() {
    let mut desk = Desk::at(two(), (80, 24));
    desk.press("o");
    assert_eq!(desk.row(23).trim(), "o does nothing here. ? shows the keys");
}

#[test]
fn the_palette_does_what_it_names() {
    let mut desk = Desk::at(two(), (80, 24));
    desk.press(": p i d f Enter");
    assert_eq!(desk.state.place.view, View::Pidfiles);
    assert!(desk.state.member_of((pid(14740), None)).is_some());
}
