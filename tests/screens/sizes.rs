//! No size of the terminal panics, and none shows nothing.

use super::boxes::{empty, incident};
use super::desk::Desk;
use farrier::tui::update::Event;

/// Every layout, its edges, and what no terminal is.
pub const ODD: &[(u16, u16)] = &[
    (0, 0),
    (1, 1),
    (1, 40),
    (120, 1),
    (39, 9),
    (40, 10),
    (59, 17),
    (60, 18),
    (79, 23),
    (80, 24),
    (109, 29),
    (110, 30),
    (120, 40),
    (139, 40),
    (140, 39),
    (140, 40),
    (160, 45),
    (199, 59),
    (200, 60),
    (1000, 1000),
    (u16::MAX, 1),
];

#[test]
fn the_overview_fits_every_size() {
    let mut desk = Desk::at(incident(), (80, 24));
    for columns in 0..=120 {
        for rows in (0..=40).filter(|rows| *rows < 12 || (rows + columns) % 5 == 0) {
            desk.event(Event::Resize(columns, rows));
            let screen = desk.screen();
            assert!(columns == 0 || rows == 0 || !screen.trim().is_empty(), "{columns}x{rows}");
        }
    }
}

#[test]
fn every_view_fits_odd_sizes() {
    for census in [incident(), empty()] {
        let mut desk = Desk::at(census, (80, 24));
        for key in [
            "1", "2", "Enter", "x", "3", "4", "5", "6", "7", "8", "9", "0", "t", "u", "?", "Esc",
            "m", "G", "d", "4", "s", "Enter", "1", "a", "Enter",
        ] {
            desk.event(Event::Resize(80, 24));
            desk.press(key);
            for &(columns, rows) in ODD {
                desk.event(Event::Resize(columns, rows));
                desk.press("j");
                let buffer = desk.buffer();
                assert_eq!((buffer.area.width, buffer.area.height), (columns, rows));
            }
        }
    }
}

/// The whole way to the question and back, on the smallest screen that shows it.
#[test]
fn the_smallest_screen_asks_before_it_sends_and_a_smaller_one_sends_nothing() {
    let mut desk = Desk::at(incident(), (40, 10));
    insta::assert_snapshot!("tiny_menu", desk.press("j a").screen());
    desk.press("Enter");
    assert!(desk.screen().contains("[ Cancel ]"), "{}", desk.screen());
    insta::assert_snapshot!("tiny_question", desk.screen());
    desk.event(Event::Held);
    desk.press("Tab");
    assert!(desk.screen().contains(">[ Send"), "{}", desk.screen());
    desk.event(Event::Resize(30, 5));
    desk.press("Enter Enter");
    assert!(!format!("{:?}", desk.effects).contains("Send("), "{:?}", desk.effects);
    desk.press("Esc Esc");
    assert!(desk.state.dialogs.is_empty());
    desk.press("a");
    assert!(desk.state.dialogs.is_empty(), "nothing opens that is not drawn");
}

#[test]
fn what_a_small_screen_cannot_show_says_so() {
    let mut desk = Desk::at(incident(), (40, 10));
    for key in ["Enter", "2", "?", "/", ":", "s", "t"] {
        desk.press(key);
        assert!(desk.row(9).contains("a window of 60x18 or more"), "{key}: {}", desk.screen());
        assert!(desk.state.help.is_none() && desk.state.line.is_none());
    }
}

/// Numbers of the box as they may stand on a screen: whole, or not at all.
fn torn(screen: &str) -> Vec<String> {
    let whole: Vec<String> = incident()
        .apps
        .iter()
        .flat_map(farrier::model::App::processes)
        .map(|process| process.pid.to_string())
        .chain(
            ["20261114160544", "20261119093012", "20261121224103", "20261101120000"]
                .map(Into::into),
        )
        .collect();
    let cut = |word: &&str| {
        let number = word.trim_end_matches('…');
        let digits = number.len() > 2 && number.chars().all(|c| c.is_ascii_digit());
        digits && number != *word && whole.iter().any(|w| w.starts_with(number) && w != number)
    };
    let words = screen.split([' ', '\n', '│', '/', ',', ':']);
    words.filter(cut).map(str::to_owned).collect()
}

#[test]
fn no_number_of_the_overview_is_cut_within() {
    for &(columns, rows) in ODD.iter().filter(|size| size.0 >= 80 && size.1 >= 24) {
        let screen = Desk::at(incident(), (columns, rows)).screen();
        assert!(torn(&screen).is_empty(), "{columns}x{rows}: {:?}\n{screen}", torn(&screen));
    }
}

#[test]
fn nothing_is_stretched() {
    let widths = |size| {
        let mut desk = Desk::at(incident(), size);
        desk.press("Tab");
        let parts = farrier::tui::layout::parts(&desk.state);
        let below: Vec<u16> = parts.asides.iter().map(|(_, rect)| rect.width).collect();
        (parts.tree.width, below)
    };
    assert_eq!(widths((110, 30)), (68, vec![]));
    assert_eq!(widths((139, 40)), (68, vec![]));
    assert_eq!(widths((140, 39)), (68, vec![]));
    assert_eq!(widths((140, 40)), (84, vec![52, 52, 36]));
    assert_eq!(widths((199, 59)), (84, vec![52, 52, 95]));
    assert_eq!(widths((200, 60)), (84, vec![52, 52, 96, 84]));
    assert_eq!(widths((400, 60)), (84, vec![52, 52, 296, 84]));
    for size in [(140, 40), (200, 60), (400, 100)] {
        let screen = Desk::at(incident(), size).screen();
        let prose = screen.lines().filter_map(|line| line.split("LEADS TO  ").nth(1));
        assert!(prose.clone().count() > 0 && prose.into_iter().all(|line| line.len() <= 100));
    }
}

#[test]
fn a_view_keeps_its_cursor_while_the_window_is_tiny_for_a_moment() {
    let mut desk = Desk::at(incident(), (80, 24));
    let before = desk.press("4").screen();
    desk.event(Event::Resize(40, 10));
    desk.event(Event::Resize(80, 24));
    let after = desk.screen();
    assert_eq!(before, after);
    assert_ne!(desk.press("j").screen(), after, "the cursor of the open view moves");
}
