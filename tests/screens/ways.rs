//! Ways of working: filters that compare, sorting, a mark and what differs from it.

use std::time::Duration;

use super::boxes::{incident, opens, two};
use super::desk::Desk;
use crate::built::pid;
use farrier::facts::environ::Variable;
use farrier::facts::opens::Slot;
use farrier::tui::place::View;
use farrier::tui::update::{Effect, Event};

/// The names in the first column of the rows below the heads, from the top.
fn listed(desk: &Desk, from: usize) -> Vec<String> {
    desk.screen()
        .lines()
        .skip(from)
        .filter_map(|line| {
            Some(line.chars().skip(3).collect::<String>().split_whitespace().next()?.to_owned())
        })
        .collect()
}

fn typed(desk: &mut Desk, text: &str) {
    desk.press("/");
    for letter in text.chars() {
        desk.press_now(&if letter == ' ' { "Space".into() } else { letter.to_string() });
    }
}

/// The screen below the headline.
fn body(desk: &Desk) -> String {
    desk.screen().lines().skip(5).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_filter_compares_ages_sizes_and_states() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.press("Tab");
    typed(&mut desk, "role:old age:>2d");
    assert!(
        body(&desk).contains(" 9120 ") && !body(&desk).contains(" 14740 "),
        "{}",
        desk.screen()
    );
    desk.press("Esc");
    typed(&mut desk, "role:old age:>900w");
    assert!(!desk.screen().lines().skip(6).any(|l| l.contains("master ")), "{}", desk.screen());
    desk.press("Esc");
    typed(&mut desk, "state:gone");
    assert!(desk.row(23).contains("0 of "), "{}", desk.row(23));
    desk.press("Esc");
    typed(&mut desk, "state:serving off:<-1");
    assert!(
        body(&desk).contains(" 9120 ") && !body(&desk).contains(" 14740 "),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_wrong_pattern_keeps_the_last_good_result_and_says_where() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.press("Tab");
    typed(&mut desk, "9120");
    let good = desk.screen();
    desk.press("Enter");
    typed(&mut desk, " /(a/");
    assert!(desk.row(23).contains("unclosed group at column 7"), "{}", desk.row(23));
    let body = |screen: &str| screen.lines().take(20).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&desk.screen()), body(&good));
    desk.press("Enter");
    assert!(desk.row(23).contains("the filter before it stands"), "{}", desk.row(23));
}

#[test]
fn a_table_is_sorted_by_the_menu_and_turned_by_the_same_again() {
    let mut desk = Desk::at(incident(), (80, 24));
    desk.press("j j j 4 s");
    assert!(desk.screen().contains("Sort Environment by"), "{}", desk.screen());
    desk.press("Enter");
    assert!(desk.row(3).contains("by name"), "{}", desk.row(3));
    let names = |desk: &Desk| -> Vec<String> {
        listed(desk, 6)
            .into_iter()
            .take(3)
            .take_while(|name| name.chars().all(|c| c.is_uppercase() || c == '_'))
            .collect()
    };
    let up = names(&desk);
    assert!(up.len() > 2 && up.is_sorted(), "{up:?}\n{}", desk.screen());
    desk.press("s Enter");
    assert!(names(&desk).iter().rev().eq(&up), "{}", desk.screen());
    assert!(desk.row(3).contains("by name, reversed"));
    desk.press("1");
    assert_eq!(desk.state.place.view, View::Overview);
    desk.press("s");
    assert!(desk.row(23).contains("keeps its order"), "{}", desk.row(23));
}

/// A queue that fills does not move its row at each look, but after five seconds, or on a key.
#[test]
fn a_sort_by_a_moving_value_settles() {
    let full = |queued: u32| {
        let mut census = two();
        let both: Vec<_> = census.apps.iter().map(|app| app.listeners[0].clone()).collect();
        for app in &mut census.apps {
            app.listeners = both.clone().into();
            app.listeners[0].queued.value = Ok(queued);
            app.listeners[1].queued.value = Ok(5);
            app.listeners[1].address = farrier::model::Address::Unix("/run/other.sock".into());
        }
        census
    };
    let mut desk = Desk::at(full(0), (80, 24));
    desk.press("7 s j Enter");
    assert!(desk.row(3).contains("by queue"), "{}", desk.screen());
    let order = |desk: &Desk| {
        let rows = desk.screen();
        let queues: Vec<&str> = rows.lines().filter(|l| l.contains("   queue ")).collect();
        queues
            .iter()
            .map(|l| l.rsplit("queue ").next().unwrap().trim().to_owned())
            .collect::<Vec<_>>()
    };
    let calm = order(&desk);
    assert_eq!(calm.len(), 2, "{}", desk.screen());
    desk.look(full(9));
    assert_ne!(order(&desk), calm, "the values are new");
    assert!(order(&desk)[0].starts_with("9/"), "the rows stand: {:?}", order(&desk));
    desk.wait(Duration::from_secs(6));
    desk.look(full(9));
    assert!(order(&desk)[0].starts_with("5/"), "{:?}", order(&desk));
}

#[test]
fn what_changed_is_underlined_for_ten_seconds_and_nothing_moves() {
    let filled = |queued: u32| {
        let mut census = two();
        census.apps[0].listeners[0].queued.value = Ok(queued);
        census
    };
    let underlined = |desk: &Desk| -> String {
        let buffer = desk.buffer();
        let marked = |cell: &&ratatui::buffer::Cell| {
            cell.modifier.contains(ratatui::style::Modifier::UNDERLINED)
        };
        buffer.content.iter().filter(marked).map(ratatui::buffer::Cell::symbol).collect()
    };
    let mut desk = Desk::at(filled(0), (80, 24));
    desk.look(filled(1));
    assert_eq!(underlined(&desk), "", "the second look brings what the first did not ask for");
    desk.look(filled(7));
    assert_eq!(underlined(&desk), "7/1024");
    desk.wait(Duration::from_secs(9));
    desk.look(filled(7));
    assert_eq!(underlined(&desk), "7/1024");
    let before = desk.screen();
    desk.wait(Duration::from_secs(2));
    assert_eq!(underlined(&desk), "");
    assert_eq!(desk.screen(), before);
}

#[test]
fn two_processes_are_marked_and_compared() {
    let mut census = incident();
    let shop = census.apps.iter_mut().find(|app| app.name == "shop").unwrap();
    for (nth, master) in shop.masters.iter_mut().enumerate() {
        let variable = |name: &str, value: String| Variable {
            name: name.into(),
            value: value.as_str().into(),
        };
        let environ = farrier::facts::environ::Environ {
            variables: vec![
                variable("SECRET_KEY_BASE", format!("canary-{nth}")),
                variable("RAILS_ENV", "production".into()),
            ],
            ..master.process.environ.get().unwrap().clone()
        };
        master.process.live.value = Ok(environ.clone());
        master.process.environ.value = Ok(environ);
    }
    let mut desk = Desk::at(census, (80, 24));
    desk.press("Tab d");
    assert!(desk.row(23).contains("no process is marked"), "{}", desk.row(23));
    let on = |desk: &mut Desk, number: i32| {
        let census = desk.state.shown().unwrap().census.clone();
        let master = census.master(pid(number)).unwrap().1;
        desk.state.place.tree.key =
            Some(farrier::tui::place::RowKey::Process(master.process.identity()));
    };
    on(&mut desk, 9120);
    desk.press("m");
    assert!(desk.row(23).contains("9120 is marked"), "{}", desk.row(23));
    desk.press("d");
    assert!(desk.row(23).contains("9120 is the marked one"), "{}", desk.row(23));
    on(&mut desk, 14740);
    desk.effects.clear();
    desk.press("d");
    assert_eq!(desk.state.place.view, View::Diff);
    assert!(desk.effects.contains(&Effect::Focus(vec![pid(14740), pid(9120)])));
    assert!(desk.screen().contains("is being read"), "{}", desk.screen());
    let gem =
        |version: &str| format!("/b/ruby/3.1.0/gems/raindrops-{version}/lib/raindrops_ext.so");
    let (old, new) = (gem("0.19.0"), gem("0.20.0"));
    let log = ("/var/log/shop.log", Slot::Fd(3));
    desk.event(Event::Opens(pid(9120), Ok(opens(&[(&old, Slot::Mapped), log]))));
    desk.event(Event::Opens(pid(14740), Ok(opens(&[(&new, Slot::Mapped), log]))));
    let screen = desk.screen();
    insta::assert_snapshot!("diff", screen);
    assert!(screen.contains("SECRET_KEY_BASE") && !screen.contains("canary"), "{screen}");
    assert!(!screen.contains("RAILS_ENV") && !screen.contains("shop.log"), "{screen}");
    desk.press("f");
    assert!(desk.screen().contains("RAILS_ENV"), "{}", desk.screen());
    desk.press("g Enter");
    assert_eq!(desk.state.place.view, View::Environment);
    desk.press("b");
    assert_eq!(desk.state.place.view, View::Diff);
}
