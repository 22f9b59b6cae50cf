//! `=`: what differs from a moment on.

use std::time::Duration;

use farrier::facts::opens::Slot;
use farrier::model::Census;
use farrier::tui::update::Event;
use ratatui::style::Modifier;

use super::boxes::opens;
use super::desk::Desk;
use super::past::later;
use crate::built::{self, LIVE, master, pid};

fn underlined(desk: &Desk) -> String {
    let buffer = desk.buffer();
    let marked = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::UNDERLINED);
    buffer.content.iter().filter(marked).map(ratatui::buffer::Cell::symbol).collect()
}

/// The rows whose first column has that sign.
fn signed(desk: &Desk, sign: char) -> Vec<String> {
    desk.screen().lines().filter(|line| line.starts_with(sign)).map(str::to_owned).collect()
}

/// The master lost a worker and got another, and its queue fills.
fn changed() -> Census {
    let mut census = built::healthy();
    let app = &mut census.apps[0];
    app.listeners[0].queued.value = Ok(7);
    let gone = app.masters[0].workers.pop().unwrap();
    let number = gone.process.pid.number() + 900;
    let mut new = built::worker(number, 14740, gone.number.unwrap(), 1, LIVE);
    new.process.stat.value.as_mut().unwrap().started += 100;
    app.masters[0].workers.push(new);
    later(census, 5)
}

#[test]
fn what_differs_since_then_stays_marked_and_is_counted() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.press("+ =");
    assert!(desk.row(23).contains("from now on what differs is underlined"), "{}", desk.row(23));
    desk.wait(Duration::from_secs(11));
    desk.look(later(built::healthy(), 1));
    assert!(desk.row(23).ends_with("since 23:10:57: nothing differs"), "{}", desk.screen());
    desk.look(changed());
    desk.wait(Duration::from_secs(60));
    desk.look(later(changed(), 60));
    assert_eq!(underlined(&desk), "7/1024", "{}", desk.screen());
    let (came, went) = (signed(&desk, '+'), signed(&desk, '×'));
    assert!(came.len() == 1 && came[0].contains("15644"), "{came:?}");
    assert!(went.len() == 1 && went[0].contains("14744"), "a ghost that stays: {went:?}");
    assert!(
        desk.row(23).contains("since 23:10:57: 1 cell differs, 1 row came, 1 went"),
        "{}",
        desk.row(23)
    );
    insta::assert_snapshot!("since", desk.screen());
    desk.press("=");
    assert!(desk.row(23).contains("not marked any more"), "{}", desk.row(23));
    desk.wait(Duration::from_secs(11));
    assert_eq!(underlined(&desk), "");
    assert!(signed(&desk, '+').is_empty());
    desk.look(later(changed(), 61));
    assert!(!desk.screen().contains("14744"), "the ghost goes");
}

/// What is folded, filtered or elsewhere did not go, and the moment holds in every view.
#[test]
fn what_is_only_hidden_did_not_go() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.press("+ = -");
    let nothing = |desk: &Desk| desk.row(23).contains("nothing differs");
    assert!(nothing(&desk), "{}", desk.screen());
    desk.press("+ / w 0 Enter");
    assert!(signed(&desk, '+').is_empty() && signed(&desk, '×').is_empty(), "{}", desk.screen());
    desk.press("Esc 7");
    assert!(nothing(&desk), "{}", desk.row(23));
    desk.look(changed());
    assert!(underlined(&desk).contains('7'), "{}", desk.screen());
    desk.press("1");
    assert!(underlined(&desk).contains("7/1024"), "{}", desk.screen());
}

/// A master goes with its workers, and each of them is counted.
#[test]
fn a_handover_is_counted_whole() {
    let mut looks = super::past::upgrade().into_iter();
    let mut desk = Desk::at(looks.next().unwrap(), (80, 24));
    desk.press("+ =");
    for look in looks {
        desk.look(look);
    }
    desk.press("+");
    assert!(desk.row(23).ends_with(", 4 rows came, 3 went"), "{}", desk.screen());
    assert_eq!((signed(&desk, '+').len(), signed(&desk, '×').len()), (4, 3), "{}", desk.screen());
}

/// A row that has no ghost stays where it stood.
#[test]
fn a_row_that_went_stays_in_its_place() {
    let two = || {
        let mut census = built::healthy();
        let app = &mut census.apps[0];
        app.masters.push(master(3302, 60, LIVE));
        app.pidfiles.push(built::pidfile(
            farrier::model::PidfileKind::Oldbin,
            3302,
            farrier::model::PidfileState::Live,
            Some(3302),
        ));
        census
    };
    let mut desk = Desk::at(two(), (80, 24));
    desk.press("9 =");
    let with = desk.screen();
    let rows = with.lines().filter(|line| line.contains("oldbin")).count();
    assert!(rows > 0, "{with}");
    desk.look(later(built::healthy(), 5));
    let went = signed(&desk, '×');
    assert_eq!(went.len(), rows, "{}", desk.screen());
    assert!(desk.row(23).contains(" went"), "{}", desk.row(23));
    let place = |screen: &str| screen.lines().position(|line| line.contains("oldbin"));
    assert_eq!(place(&with), place(&desk.screen()));
}

#[test]
fn a_recording_is_compared_with_any_of_its_looks() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    desk.look(changed());
    desk.press("+ , = .");
    assert!(desk.row(23).contains("live again"), "{}", desk.row(23));
    desk.press("k");
    assert!(desk.row(23).contains("1 row came, 1 went"), "{}", desk.row(23));
    desk.press("= = , j");
    assert!(desk.row(23).contains("before 23:11:02: "), "{}", desk.row(23));
    assert!(desk.row(23).contains("1 row came, 1 went"), "{}", desk.screen());
}

#[test]
fn what_a_process_had_open_is_compared_too() {
    let mut desk = Desk::at(built::healthy(), (120, 40));
    desk.press("6");
    desk.event(Event::Opens(pid(14740), Ok(opens(&[("/var/log/a.log", Slot::Fd(9))]))));
    desk.press("=");
    desk.event(Event::Opens(pid(14740), Ok(opens(&[("/var/log/b.log", Slot::Fd(9))]))));
    assert_eq!(underlined(&desk), "/var/log/b.log", "{}", desk.screen());
    desk.press("k");
    assert!(desk.row(39).contains("since 23:10:57: 1 cell differs"), "{}", desk.row(39));
}
