//! The pictures of the design, cell for cell, trailing blanks included: `pictures/*.txt` hold them, drawn of the box of
//! [`super::night`].

use super::desk::Desk;
use super::night;

/// Compares a screen with a picture.
pub(super) fn exact(name: &str, picture: &str, desk: &Desk) {
    let wide = usize::from(desk.state.size.0);
    let cells = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| format!("{line}{}", " ".repeat(wide.saturating_sub(line.chars().count()))))
            .collect()
    };
    let (drawn, wanted) = (cells(&desk.screen()), cells(picture));
    for (row, (drawn, wanted)) in drawn.iter().zip(&wanted).enumerate() {
        assert_eq!(drawn, wanted, "row {} of {name}:\n{}", row + 1, desk.screen());
    }
    assert_eq!(drawn.len(), wanted.len(), "rows of {name}");
}

macro_rules! picture {
    ($name:literal, $desk:expr) => {
        exact($name, include_str!(concat!("pictures/", $name, ".txt")), $desk)
    };
}

pub(super) fn night(time: &str, size: (u16, u16)) -> Desk {
    Desk::at(night::incident(time), size)
}

#[test]
fn overview_of_the_morning_after() {
    picture!("2.1", &Desk::at(night::healthy("10:02:11"), (80, 24)));
}

#[test]
fn overview_of_the_incident() {
    picture!("2.2", &night("23:10:02", (80, 24)));
}

#[test]
fn finding() {
    let mut desk = night("23:11:04", (80, 24));
    desk.press("Enter");
    picture!("2.3", &desk);
}
