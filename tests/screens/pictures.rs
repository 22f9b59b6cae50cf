//! The pictures of the design, cell for cell, trailing blanks included: `pictures/*.txt` hold them, drawn of the box of
//! [`super::night`].

use farrier::tui::update::Event;

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

/// The same after a minute of looks, in which some clients waited.
pub(super) fn minute(time: &str, size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(size);
    let whole = night::incident(time);
    for back in (0..30).rev() {
        let mut census = whole.clone();
        census.taken_at -= jiff::SignedDuration::from_secs(2 * back);
        census.boot_time -= 2 * back * 1_000_000_000;
        let shop = census.apps.iter_mut().find(|app| app.name == "shop").unwrap();
        shop.listeners[0].queued.value = Ok(match back {
            10 => 3,
            17 | 25 => 1,
            _ => 0,
        });
        desk.look(census);
    }
    desk
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

#[test]
fn environment() {
    let mut desk = night("23:12:04", (80, 24));
    desk.state.show = vec!["Z_*".into(), "XDG_*".into(), "GEM_HOME".into()];
    desk.state.reveal = farrier::tui::state::Reveal::OnKey;
    desk.press("Tab j 4");
    picture!("2.4", &desk);
}

#[test]
fn releases() {
    let mut desk = night("23:12:04", (80, 24));
    desk.press("8 G");
    picture!("2.5", &desk);
}

#[test]
fn listeners() {
    let mut desk = minute("23:12:04", (80, 24));
    desk.press("7 G k k");
    picture!("2.6", &desk);
}

#[test]
fn tiny() {
    picture!("2.13", &night("23:10:02", (40, 10)));
}

#[test]
fn act_on_a_subject() {
    let mut desk = night("23:13:04", (80, 24));
    desk.press("a");
    // The picture is of the menu alone.
    let screen = desk.screen();
    let menu = include_str!("pictures/2.7.txt").trim_end();
    assert!(screen.contains(menu), "{screen}");
    desk.press("Enter");
    desk.event(Event::Held);
    picture!("2.7b", &desk);
    let mut desk = Desk::at(night::healthy("10:04:11"), (80, 24));
    desk.press("a j j j j j j j j Enter");
    desk.event(Event::Held);
    desk.press("s h");
    picture!("2.7c", &desk);
}

/// Not as in the design: since when is not said, as farrier may have come later; a place that does not answer is named
/// as it was asked for, since its mount is not known; no rule asks for what the proxy hides, so it is no cause; and how
/// many rules there are is what is asked of this box.
#[test]
fn blind_spots() {
    let mut desk = Desk::at(night::half_read("23:40:00"), (80, 24));
    desk.press("0");
    picture!("2.10", &desk);
    desk.press("Enter");
    assert!(!desk.screen().contains(", and "), "Enter tells all rules: {}", desk.screen());
    desk.press("y");
    assert!(format!("{:?}", desk.effects).contains("sudo farrier"), "{:?}", desk.effects);
}

/// What the help has beyond the picture follows it: words, and keys that are rarely wanted.
#[test]
fn help() {
    let mut desk = night("23:10:02", (80, 24));
    desk.press("?");
    picture!("2.11", &desk);
    desk.press("x");
    assert!(desk.row(4).starts_with(" Marks:"), "{}", desk.screen());
    assert!(desk.screen().contains("a handover within its grace: wait"), "{}", desk.screen());
    desk.state.size = (80, 90);
    let screen = desk.press("g").screen();
    for binding in farrier::tui::keys::BINDINGS {
        for key in desk.state.keys.all_shown(binding.action).split(' ') {
            let tab = matches!(binding.action, farrier::tui::keys::Action::View('2'..='8'));
            assert!(tab || screen.split_whitespace().any(|word| word == key), "{key}: {screen}");
        }
    }
}

#[test]
fn help_says_why_nothing_is_sent() {
    let mut desk = night("23:10:02", (80, 24));
    desk.state.rights = farrier::tui::state::Rights::ReadOnly;
    desk.press("?");
    let screen = desk.screen();
    let rows: Vec<&str> = screen.lines().collect();
    let title = rows.iter().position(|row| row.contains("CHANGE THE MACHINE")).unwrap();
    assert!(rows[title + 1].contains("act: plan, ask, send"), "{screen}");
    assert!(rows[title + 2].contains("farrier was started to look only"), "{screen}");
    let quiet = desk.state.theme.style(farrier::tui::theme::Tone::Quiet);
    let cell = &desk.buffer()[(41, u16::try_from(title).unwrap())];
    assert_eq!(cell.style().add_modifier, quiet.add_modifier, "{cell:?}");
}

#[test]
fn first_run() {
    picture!("2.12", &Desk::at(night::nothing("10:15:00"), (80, 24)));
}

#[test]
fn the_headline_of_a_large_screen() {
    // The first rows of 2.14: what has room for more says more.
    let desk = night("23:10:02", (160, 45));
    let wanted = [
        " ▲ WRONG  shop serves the release of 19 Nov (20261119093012), not the one deployed at 22:41 (20261121224103)                                     api ✓  nginx ✓",
        "   WHY    the USR2 of 22:41:38 was refused: old master 9120 lives since 19 Nov, because the hook at unicorn.rb:31 looks for the wrong file",
        "   NEXT   retire 9120, then repair BUNDLE_GEMFILE, then upgrade; for good: mend the two hooks in config/unicorn.rb and deploy                        Enter: how",
    ];
    for (row, wanted) in wanted.into_iter().enumerate() {
        assert_eq!(desk.row(row + 3), wanted);
    }
}

/// The large screen with the cursor on the old master.
fn large() -> Desk {
    let mut desk = minute("23:10:02", (160, 45));
    desk.press("Tab j j j j j j");
    desk
}

#[test]
fn overview_of_a_large_screen() {
    picture!("2.14", &large());
}

#[test]
fn a_mark_never_stands_where_the_cursor_does() {
    let mut desk = night("23:12:04", (60, 18));
    desk.press("8 G");
    let marked = desk.screen().lines().filter(|row| row.starts_with(">▲ 2026110112")).count();
    assert_eq!(marked, 1, "{}", desk.screen());
}
