//! Screens: what is drawn of boxes made by hand, and what keys do to it.

mod asking;
mod behind;
mod between;
mod boxes;
mod desk;
mod hosts;
mod moving;
mod night;
mod past;
mod pictures;
mod pointing;
mod recorded;
mod rehearsed;
mod since;
mod sizes;
mod timeline;
mod upgrading;
mod ways;
mod wide;

use insta::assert_snapshot;

use crate::built;
use boxes::{empty, half_read, incident, two};
use desk::Desk;

#[test]
fn overview_of_a_healthy_box() {
    assert_snapshot!(Desk::at(two(), (80, 24)).screen());
}

#[test]
fn overview_of_an_incident() {
    assert_snapshot!(Desk::at(incident(), (80, 24)).screen());
}

#[test]
fn overview_of_an_incident_beside_each_other() {
    assert_snapshot!(Desk::at(incident(), (120, 40)).screen());
}

#[test]
fn overview_of_an_incident_with_room() {
    assert_snapshot!(Desk::at(incident(), (160, 45)).screen());
}

#[test]
fn before_the_first_look() {
    assert_snapshot!(Desk::new((80, 24)).screen());
}

#[test]
fn a_box_without_servers() {
    assert_snapshot!(Desk::at(empty(), (80, 24)).screen());
}

#[test]
fn no_usable_proc_asks_for_no_other_user() {
    use farrier::facts::{Lack, Place};
    let mut census = empty();
    let none = farrier::os::Refusal::Unsupported("it lists no process".into());
    census.seen.denied = 0;
    census.seen.closed.clear();
    census.seen.hidden = Some((Place::new("/proc"), Lack::Refused(none)));
    let screen = Desk::at(census, (80, 24)).press("0").screen();
    assert!(screen.contains("a mounted proc file system") && !screen.contains("sudo"), "{screen}");
}

#[test]
fn a_half_read_box_is_unsure() {
    let mut desk = Desk::at(half_read(), (80, 24));
    assert_snapshot!("half_read", desk.screen());
    assert_snapshot!("half_read_blind", desk.press("0").screen());
}

#[test]
fn a_finding_and_the_way_back() {
    let mut desk = Desk::at(incident(), (80, 24));
    assert_snapshot!("finding", desk.press("Enter").screen());
    assert_snapshot!("finding_rule", desk.press("x").screen());
    desk.press("b b");
    assert_eq!(desk.screen(), Desk::at(incident(), (80, 24)).screen());
}

#[test]
fn the_views_of_a_master() {
    let mut desk = Desk::at(incident(), (80, 24));
    for (key, name) in [
        ("2", "view_findings"),
        ("3", "view_process"),
        ("4", "view_environment"),
        ("7", "view_listeners"),
        ("8", "view_releases"),
        ("9", "view_pidfiles"),
        ("0", "view_blind"),
        ("?", "view_help"),
    ] {
        desk.press(key);
        assert_snapshot!(name, desk.screen());
    }
}

#[test]
fn small_screens() {
    let at = |size| Desk::at(incident(), size).screen();
    assert_snapshot!("small_60x18", at((60, 18)));
    assert_snapshot!("small_40x10", at((40, 10)));
    assert_snapshot!("small_30x3", at((30, 3)));
}

#[test]
fn ascii_holds_no_other_sign_and_no_colour_needs_none() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.state.theme.form = farrier::show::words::Form::Ascii;
    desk.state.theme.colours = farrier::tui::theme::Colours::None;
    for key in ["1", "2", "3", "4", "7", "8", "9", "0", "t", "u", "?"] {
        desk.press(key);
        let buffer = desk.buffer();
        for cell in &buffer.content {
            assert!(cell.symbol().is_ascii(), "{:?} in view {key}", cell.symbol());
            assert_eq!(cell.fg, ratatui::style::Color::Reset);
            assert_eq!(cell.bg, ratatui::style::Color::Reset);
        }
    }
    assert_snapshot!("ascii", desk.press("1").screen());
}

#[test]
fn nothing_changes_while_no_fact_does() {
    let mut desk = Desk::at(two(), (80, 24));
    let before = desk.buffer();
    for _ in 0..5 {
        desk.wait(std::time::Duration::from_millis(900));
        desk.look(two());
    }
    assert_eq!(before, desk.buffer());
}

#[test]
fn hidden_values_and_control_characters_reach_no_screen() {
    let mut census = incident();
    let master = &mut census.apps[1].masters[1];
    let environ = master.process.environ.value.as_mut().unwrap();
    environ.variables.push(farrier::facts::environ::Variable {
        name: "SECRET_KEY_BASE".into(),
        value: "canary-7f3a".into(),
    });
    environ.variables.push(farrier::facts::environ::Variable {
        name: "LANG".into(),
        value: farrier::os::Text::new(b"\x1b[2J\x07\xe2\x80\xae".to_vec()),
    });
    let both = environ.clone();
    master.process.live.value = Ok(both);
    let pid = master.process.pid;
    let mut desk = Desk::at(census, (120, 40));
    desk.press("j j j");
    for key in ["1", "3", "4", "w", "G", "v", "Y", "y"] {
        desk.press(key);
        let screen = desk.screen();
        assert!(!screen.contains("canary"), "{key}: {screen}");
        assert!(!screen.chars().any(|c| c.is_control() && c != '\n'), "{key}");
        assert!(!screen.contains('\u{202e}'));
    }
    assert!(!format!("{:?}", desk.effects).contains("canary"), "copied or printed");
    assert!(desk.screen().contains("hidden, 11"), "of {pid}:\n{}", desk.screen());
}

#[test]
fn a_value_is_revealed_for_ten_seconds_if_that_was_asked_for() {
    let mut census = built::healthy();
    let process = &mut census.apps[0].masters[0].process;
    let facts = &mut *process.facts;
    for environ in [&mut facts.environ, &mut facts.live] {
        environ.value.as_mut().unwrap().variables = vec![farrier::facts::environ::Variable {
            name: "SECRET_KEY_BASE".into(),
            value: "canary-7f3a".into(),
        }];
    }
    let mut desk = Desk::at(census, (80, 24));
    desk.press("4 j v");
    assert!(!desk.screen().contains("canary"));
    assert!(desk.row(23).contains("--show-secrets"));
    desk.state.reveal = farrier::tui::state::Reveal::OnKey;
    desk.press("v");
    assert!(desk.screen().contains("canary-7f3a"));
    desk.wait(std::time::Duration::from_secs(11));
    assert!(!desk.screen().contains("canary"));
}
