//! Going from event to event, and how far back one may go.

use farrier::model::{Census, Phase};
use farrier::tui::history::Played;
use farrier::tui::place::RowKey;
use farrier::tui::state::Rights;
use farrier::tui::update::Effect;
use jiff::SignedDuration;

use super::desk::Desk;
use crate::built;

pub fn later(mut census: Census, seconds: i64) -> Census {
    census.taken_at += SignedDuration::from_secs(seconds);
    census.boot_time += seconds * 1_000_000_000;
    census
}

/// An upgrade, so many seconds after the first look.
pub fn upgrade() -> Vec<Census> {
    let stage = |seconds: i64, phase| {
        later(built::with(|app| built::reexecuted(app, 30, phase)), 10 + seconds)
    };
    let mut after = stage(25, Phase::Ready);
    after.apps[0].masters.remove(0);
    vec![
        built::healthy(),
        stage(1, Phase::Starting),
        stage(2, Phase::Starting),
        stage(20, Phase::Ready),
        later(after.clone(), 1),
        later(after, 2),
    ]
}

fn live() -> Desk {
    let mut desk = Desk::new((80, 24));
    for look in upgrade() {
        desk.look(look);
    }
    desk
}

#[test]
fn one_goes_from_event_to_event_and_each_is_named() {
    let mut desk = live();
    desk.press("<");
    assert!(desk.row(1).contains("HISTORY"), "{}", desk.row(1));
    let last = desk.row(23);
    assert!(last.starts_with(" event ") && last.contains("14740"), "{last}");
    let mut told = vec![last];
    for _ in 0..40 {
        desk.press("<");
        if desk.row(23).contains("no event before this one") {
            break;
        }
        told.push(desk.row(23));
    }
    assert!(desk.row(23).contains("looks are kept since 23:10:57"), "{}", desk.row(23));
    assert!(told.last().unwrap().contains("farrier was opened"), "{told:?}");
    assert!(desk.row(1).contains("23:10:57  HISTORY"), "{}", desk.row(1));
    assert!(desk.row(3).ends_with("-37 s"), "{}", desk.row(3));
    let mut back = Vec::new();
    for _ in 1..told.len() {
        desk.press(">");
        back.push(desk.row(23));
    }
    told.pop();
    back.reverse();
    assert_eq!(told, back, "the same events the other way");
    desk.press(">");
    assert!(desk.row(23).contains("no event after this one"), "{}", desk.row(23));
    desk.press("p");
    assert!(!desk.row(1).contains("HISTORY"), "{}", desk.row(1));
}

#[test]
fn the_look_of_an_event_shows_it_and_the_time_line_its_row() {
    let mut desk = live();
    desk.press("t < < <");
    let words = desk.row(23);
    let Some(RowKey::Named(row)) = &desk.state.place.main.key else { panic!("no row") };
    let said = words.rsplit(' ').next().unwrap();
    assert!(row.ends_with(said), "{row}: {words}");
    let shown = desk.state.shown().unwrap().census.taken_at;
    let at = desk.state.history.event().unwrap().at;
    assert!(at <= shown, "the look is at the event or after it");
    assert!(desk.row(3).trim_end().ends_with(" s"), "how far back: {}", desk.row(3));
}

#[test]
fn a_recording_plays_on_to_the_next_event() {
    let mut looks = upgrade().into_iter();
    let mut desk = Desk::new((80, 24));
    desk.state.rights = Rights::Recorded;
    desk.state.history.played = Some(Played { looks: 6, unseen: 0, rehearsal: false });
    desk.look(looks.next().unwrap());
    desk.look(later(built::healthy(), 1));
    desk.press(">");
    let next = [Effect::Stand(true), Effect::LookNow];
    assert_eq!(desk.effects, next);
    desk.look(later(built::healthy(), 2));
    assert_eq!(desk.effects.last(), Some(&Effect::LookNow), "nothing happened yet");
    desk.effects.clear();
    desk.look(looks.next().unwrap());
    assert!(desk.row(23).starts_with(" event "), "{}", desk.row(23));
    assert!(desk.row(1).contains("FILE 4 of 6"), "{}", desk.row(1));
    assert_eq!(desk.effects, []);
    while desk.row(23).starts_with(" event ") {
        desk.press(">");
    }
    desk.effects.clear();
    desk.press("> j");
    desk.look(looks.next().unwrap());
    assert_eq!(desk.effects.last(), Some(&Effect::LookNow), "only the look that was asked for");
    assert!(desk.state.history.seeks.is_none(), "any key stops it");
}

#[test]
fn calm_looks_go_first_when_they_are_too_many() {
    let mut desk = Desk::new((80, 24));
    let mut second = 0;
    for _ in 0..20 {
        desk.look(later(built::healthy(), second));
        second += 1;
    }
    let mut fewer = built::healthy();
    fewer.apps[0].masters[0].workers.pop();
    desk.look(later(fewer.clone(), second));
    for _ in 0..1000 {
        second += 1;
        desk.look(later(fewer.clone(), second));
    }
    desk.press("<");
    assert!(desk.row(23).contains("worker"), "{}", desk.row(23));
    assert_eq!(desk.state.shown().unwrap().census.taken_at, later(built::healthy(), 20).taken_at);
    let mut kept = 0;
    desk.press("p");
    loop {
        desk.press_now(",");
        if desk.row(23).contains("the first look") {
            break;
        }
        kept += 1;
    }
    assert!(
        (200..900).contains(&kept),
        "{kept}: 900 looks at most, and no more bytes than allowed"
    );
}

/// Looks of a large box are fewer: what they take has a bound.
#[test]
fn the_looks_of_a_large_box_are_fewer() {
    let mut large = built::healthy();
    let mut desk = Desk::new((80, 24));
    for second in 0..20 {
        let process = &mut large.apps[0].masters[0].process;
        let environ = process.environ.value.as_mut().unwrap();
        let changing = format!("{second}{}", "x".repeat(1024 * 1024));
        environ.variables[0].value = farrier::os::Text::new(changing);
        desk.look(later(large.clone(), second));
    }
    let mut back = 0;
    while !desk.row(23).contains("the first look") {
        desk.press_now(",");
        back += 1;
    }
    assert!((2..10).contains(&back), "{back} steps back");
}

/// What a calm box shows again and again is held once, and all its looks are kept.
#[test]
fn the_looks_of_a_calm_box_hold_what_stays_together() {
    let mut before = built::healthy();
    let mut desk = Desk::new((80, 24));
    for second in 0..400 {
        let mut now = later(built::healthy(), second);
        now.join(&before);
        for (now, was) in now.apps[0].processes().zip(before.apps[0].processes()) {
            assert!(now.facts.is_one_with(&was.facts), "{}", now.pid);
        }
        assert!(now.apps[0].layout.is_one_with(&before.apps[0].layout));
        assert!(now.apps[0].masters[0].restart.is_one_with(&before.apps[0].masters[0].restart));
        desk.look(now.clone());
        before = now;
    }
    let mut back = 0;
    loop {
        desk.press_now(",");
        if desk.row(23).contains("the first look") {
            break;
        }
        back += 1;
    }
    assert_eq!(back, 399);
}

/// A process that works is another one at each look; what it has mapped is not.
#[test]
fn a_busy_process_shares_what_it_does_not_change() {
    let before = built::healthy();
    let mut now = built::healthy();
    now.apps[0].masters[0].process.stat.value.as_mut().unwrap().cpu += 1;
    now.join(&before);
    let of = |census: &farrier::model::Census| census.apps[0].masters[0].process.facts.clone();
    let (now, was) = (of(&now), of(&before));
    assert!(!now.is_one_with(&was));
    assert_eq!(now.stat.get().unwrap().cpu, was.stat.get().unwrap().cpu + 1);
    assert!(now.maps.is_one_with(&was.maps) && now.environ.is_one_with(&was.environ));
}
