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
    (140, 40),
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
