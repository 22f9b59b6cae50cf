//! The mouse, where it was asked for; and the palette.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use farrier::tui::place::{Pane, View};
use farrier::tui::update::{Effect, Event};
use insta::assert_snapshot;

use super::boxes::{incident, two};
use super::desk::Desk;

/// One with the mouse on.
fn desk(size: (u16, u16)) -> Desk {
    let mut desk = Desk::at(incident(), size);
    desk.press(": m o u s e Enter");
    assert_eq!(desk.effects.last(), Some(&Effect::Mouse(true)));
    desk
}

fn point(desk: &mut Desk, kind: MouseEventKind, column: usize, row: usize) {
    let (column, row) = (u16::try_from(column).unwrap() - 1, u16::try_from(row).unwrap() - 1);
    desk.event(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

fn click(desk: &mut Desk, column: usize, row: usize) {
    point(desk, MouseEventKind::Down(MouseButton::Left), column, row);
}

/// Clicks on the first cell of a text.
fn click_on(desk: &mut Desk, text: &str) {
    let screen = desk.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
    let column = line.split(text).next().unwrap().chars().count();
    click(desk, column + 1, row + 1);
}

#[test]
fn without_being_asked_for_the_mouse_does_nothing() {
    let mut desk = Desk::at(incident(), (80, 24));
    let before = desk.screen();
    click_on(&mut desk, "9 Pids");
    point(&mut desk, MouseEventKind::ScrollDown, 10, 10);
    assert_eq!(desk.screen(), before);
}

#[test]
fn a_click_on_a_tab_goes_there() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = desk(size);
        for (text, view) in [
            ("9 Pid", View::Pidfiles),
            ("2 Find", View::Findings),
            ("8 Rel", View::Releases),
            ("0 Blind", View::Blind),
            ("1 Over", View::Overview),
        ] {
            click_on(&mut desk, text);
            assert_eq!(desk.state.place.view, view, "{text} at {size:?}");
        }
    }
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut desk = desk((80, 24));
    click_on(&mut desk, "9120  old");
    assert_eq!(desk.state.place.view, View::Overview);
    click_on(&mut desk, "14740  current");
    assert_eq!(desk.state.place.focus, Pane::Tree);
    let chosen = desk.screen();
    let chosen = chosen.lines().find(|line| line.starts_with('>')).unwrap();
    assert!(chosen.contains("14740"), "{chosen}");
    click_on(&mut desk, "14740  current");
    assert_eq!(desk.state.place.view, View::Process);
}

#[test]
fn the_wheel_scrolls_the_pane_under_it() {
    let mut desk = desk((60, 18));
    desk.press("Enter x");
    assert_eq!(desk.state.place.view, View::Rule);
    for notch in 1..4 {
        point(&mut desk, MouseEventKind::ScrollDown, 40, 10);
        assert_eq!(desk.state.place.main.top, 3 * notch, "{}", desk.screen());
    }
    assert_eq!(desk.state.place.tree.top, 0);
    for _ in 0..9 {
        point(&mut desk, MouseEventKind::ScrollUp, 40, 10);
    }
    assert_eq!(desk.state.place.main.top, 0);
    // A list: the cursor comes along.
    let mut desk = self::desk((60, 18));
    desk.press("2 g");
    let rows = |desk: &Desk| desk.screen().lines().filter(|line| line.starts_with('>')).count();
    for _ in 0..20 {
        point(&mut desk, MouseEventKind::ScrollDown, 40, 10);
        assert_eq!(rows(&desk), 1, "{}", desk.screen());
    }
    desk.press("?");
    point(&mut desk, MouseEventKind::ScrollDown, 10, 10);
    assert!(desk.state.help.as_ref().unwrap().top <= 3);
}

#[test]
fn a_click_on_a_head_sorts_and_a_second_one_turns_it_round() {
    let mut desk = desk((80, 24));
    desk.press("9");
    click_on(&mut desk, "number");
    assert!(desk.screen().contains("by number"), "{}", desk.screen());
    click_on(&mut desk, "number  state");
    assert!(desk.screen().contains("by number, reversed"), "{}", desk.screen());
}

#[test]
fn no_dialog_no_menu_and_no_act_answers_it() {
    let mut desk = desk((80, 24));
    desk.press("a");
    let menu = desk.screen();
    for row in 1..=24 {
        for column in (1..=80).step_by(3) {
            click(&mut desk, column, row);
        }
        point(&mut desk, MouseEventKind::ScrollDown, 40, row);
    }
    assert_eq!(desk.screen(), menu);
    desk.press("Enter");
    let question = desk.screen();
    assert!(question.contains("[ Cancel ]"), "{question}");
    for row in 1..=24 {
        for column in (1..=80).step_by(3) {
            click(&mut desk, column, row);
        }
    }
    assert_eq!(desk.screen(), question);
    // Nor does the line of a finding that offers an operation.
    desk.press("Esc Esc");
    click_on(&mut desk, "oldbin-lingering");
    click_on(&mut desk, "oldbin-lingering");
    assert_eq!(desk.state.place.view, View::Finding);
    click_on(&mut desk, "OFFERED");
    click_on(&mut desk, "OFFERED");
    assert!(desk.state.dialogs.is_empty());
}

#[test]
fn clicks_anywhere_at_any_size_panic_nowhere() {
    for &size in super::sizes::ODD {
        let mut desk = desk((80, 24));
        for key in ["1", "2", "4", "5", "7", "8", "9", "t", "u", "?"] {
            desk.event(Event::Resize(80, 24));
            desk.press(key);
            desk.event(Event::Resize(size.0, size.1));
            for (column, row) in [(1, 1), (1, 2), (3, 5), (39, 9), (40, 10), (70, 23), (999, 999)] {
                click(&mut desk, column, row);
                point(&mut desk, MouseEventKind::ScrollDown, column, row);
            }
            assert!(desk.state.dialogs.is_empty());
        }
    }
}

#[test]
fn the_palette_lists_every_action_with_its_key() {
    let mut desk = Desk::at(two(), (80, 24));
    assert_snapshot!("palette", desk.press(":").screen());
    assert_snapshot!("palette_found", desk.press("f i n d Down").screen());
    desk.press("Enter");
    assert_eq!(desk.state.place.view, View::Overview, "next-finding");
    let mut seen = String::new();
    desk.press(":");
    for _ in farrier::tui::update::palette::all() {
        seen += &desk.screen();
        desk.press("Down");
    }
    for binding in farrier::tui::update::palette::all() {
        assert!(seen.contains(binding.name), "{}", binding.name);
    }
}

#[test]
fn keys_of_the_settings_stand_in_footer_help_and_palette() {
    let mut settings = farrier::settings::Settings::default();
    settings.read("[keys]\nhelp = ['F3']\nact = ['F9']\nfilter = ['Ctrl-F']\n").unwrap();
    let mut desk = Desk::at(incident(), (80, 24));
    desk.state.keys = farrier::tui::bound::Keys::of_settings(&settings.keys).unwrap();
    let footer = desk.row(24);
    for words in ["F9 act", "Ctrl-F filter", "F3 help"] {
        assert!(footer.contains(words), "{footer}");
    }
    desk.press(": a c t");
    assert!(desk.screen().contains("F9"), "{}", desk.screen());
    desk.press("Esc ?");
    assert!(desk.row(23).contains("? does nothing here. F3 shows the keys"));
    assert!(desk.state.help.is_none());
}

#[test]
fn sentences_name_the_keys_of_the_settings() {
    let mut settings = farrier::settings::Settings::default();
    let text = "[keys]\nread-again = ['F5']\nonly-flagged = ['F6']\ntimeline = ['F7']\n";
    settings.read(text).unwrap();
    let mut desk = Desk::at(unanswered(), (140, 40));
    desk.state.keys = farrier::tui::bound::Keys::of_settings(&settings.keys).unwrap();
    assert!(desk.screen().contains("F7 all"), "{}", desk.screen());
    let blind = desk.press("0").screen();
    assert!(blind.contains("F5 asks once more") && !blind.contains("r asks"), "{blind}");
    assert!(desk.press("1 j m j d").screen().contains("F6 "), "{}", desk.screen());
}

/// A box on which a file of the app was not answered.
fn unanswered() -> farrier::model::Census {
    use farrier::facts::{Fact, Lack, Place};
    let mut census = incident();
    let lack = Lack::Refused(farrier::os::Refusal::TimedOut);
    census.apps[0].layout = Fact::lacking(Place::new("/var/www/shop"), lack).into();
    census
}

#[test]
fn the_help_is_searched_by_key_action_mark_and_word() {
    let mut desk = Desk::at(two(), (80, 24));
    for (keys, found) in [
        ("P g D n", "page-down"),
        ("l o o k Space a g a i n", "look again now"),
        ("g o n e", "gone"),
        ("P S S", "shares"),
        ("d u p", "a second master"),
    ] {
        desk.press("? /");
        desk.press(keys);
        let screen = desk.screen();
        let found = if found == "page-down" { "page down" } else { found };
        assert!(screen.contains(found), "{keys}: {screen}");
        desk.press("Enter Esc");
        assert!(desk.state.help.is_none());
    }
}
