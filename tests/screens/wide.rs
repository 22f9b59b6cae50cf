//! The Overview where there is room for more, and what it tells of a healthy box.

use farrier::model::log::{Entry, Said};
use farrier::model::{Census, Role};
use insta::assert_snapshot;

use super::boxes::{incident, two};
use super::desk::Desk;
use crate::built::{self, LOG, NEW, deployed, known, master, pid, with};
use crate::recordings::{look, read, wish};

/// 23991 took over from 14740 half an hour ago, and the log tells it.
fn moved() -> Census {
    with(|app| {
        deployed(app, 1804);
        let mut serving = master(23991, 1800, NEW);
        let said = [
            (
                40,
                "22:41:00.1",
                Some(23991),
                Said::Executing {
                    program: "/usr/local/bin/unicorn".into(),
                    directory: built::release_path(NEW),
                },
            ),
            (44, "22:41:29.2", Some(23994), Said::WorkerReady),
            (45, "22:41:29.4", Some(23995), Said::WorkerReady),
            (46, "22:41:29.5", Some(23991), Said::Ready),
            (51, "22:41:38.7", Some(14740), Said::Complete),
        ];
        let entry = |(line, at, writer, said): (usize, &str, Option<i32>, Said)| Entry {
            line,
            time: Some(format!("2026-11-21T{at}").as_str().into()),
            writer,
            said,
        };
        let log = farrier::model::Log {
            path: LOG.into(),
            whole: true,
            workers: Vec::new(),
            entries: said.into_iter().map(entry).collect(),
            aside: None,
        };
        serving.log = known(LOG, Some(log)).into();
        app.masters = vec![serving];
        app.listeners[0].masters = vec![pid(23991)];
        app.pidfiles[0] = built::pidfile(
            farrier::model::PidfileKind::Current,
            23991,
            farrier::model::PidfileState::Live,
            Some(23991),
        );
    })
}

fn recorded(name: &str) -> Census {
    let replay = read(name);
    look(&replay, &wish(&replay)).0.clone()
}

#[test]
fn a_healthy_box_tells_its_last_takeover() {
    let desk = Desk::at(moved(), (80, 24));
    assert_snapshot!("last_takeover", desk.screen());
    assert!(
        desk.row(4).contains("shop moved to 20261121224103 at 22:41, in 38 s"),
        "{}",
        desk.row(4)
    );
}

#[test]
fn what_is_not_known_of_a_takeover_is_not_told() {
    let mut census = moved();
    let log = census.apps[0].masters[0].log.value.as_mut().unwrap().as_mut().unwrap();
    log.entries.pop();
    let told = Desk::at(census.clone(), (80, 24)).row(4);
    assert!(told.contains("at 22:41, ready after 29 s"), "{told}");
    // The number belonged to another process before: its lines are not this one's.
    let master = &mut census.apps[0].masters[0];
    master.process.started_at.value = Ok(built::ago(60));
    let told = Desk::at(census.clone(), (80, 24)).row(4);
    assert!(told.contains("23991 has served on 20261121224103"), "{told}");
    let master = &mut census.apps[0].masters[0];
    master.log.value = Ok(None);
    let screen = Desk::at(census, (80, 24)).screen();
    assert!(screen.contains("last start of shop") && !screen.contains("master complete"));
}

#[test]
fn beside_the_findings_the_selected_one_is_open() {
    let desk = Desk::at(recorded("oldbin-lingering"), (120, 40));
    assert_snapshot!("wide_120x40", desk.screen());
}

#[test]
fn a_large_screen_shows_more() {
    assert_snapshot!("wide_160x45", Desk::at(recorded("oldbin-lingering"), (160, 45)).screen());
    assert_snapshot!("wide_140x40", Desk::at(incident(), (140, 40)).screen());
    assert_snapshot!("wide_healthy", Desk::at(moved(), (160, 45)).screen());
}

#[test]
fn a_huge_screen_shows_the_process_of_the_selection() {
    let mut desk = Desk::at(recorded("oldbin-lingering"), (200, 60));
    assert_snapshot!("wide_200x60", desk.screen());
    desk.press("Tab j j j");
    let screen = desk.screen();
    assert!(screen.contains("Process 56 w1"), "{screen}");
}

#[test]
fn the_panes_below_follow_the_cursor() {
    let mut desk = Desk::at(two(), (160, 45));
    assert!(desk.screen().contains("Listeners of api"));
    assert!(desk.screen().contains("Next USR2 of 3301"));
    desk.press("j j j j");
    let screen = desk.screen();
    for title in ["Listeners of shop", "Releases of shop", "Next USR2 of 14740"] {
        assert!(screen.contains(title), "{title}: {screen}");
    }
    desk.press("Tab");
    assert!(desk.screen().contains("Listeners of shop"), "the other pane is about the same app");
    desk.press("z");
    assert!(!desk.screen().contains("Listeners of"), "one pane has the whole body");
}

#[test]
fn a_minute_of_queues_and_cores_is_drawn() {
    let at = |second: i64| {
        let mut census = two();
        census.boot_time = second * 1_000_000_000;
        let app = &mut census.apps[0];
        app.listeners[0].queued.value = Ok(if second == 21 { 5 } else { 0 });
        let busy = &mut app.masters[0].workers[0].process.stat.value.as_mut().unwrap().cpu;
        *busy = 10 + u64::try_from(second).unwrap() * 80;
        census
    };
    let mut desk = Desk::at(at(0), (160, 45));
    assert!(!desk.screen().contains("last 60 s"), "one look is no minute");
    (1..=30).for_each(|second| desk.look(at(second)));
    let screen = desk.screen();
    let below = |title: &str| {
        let at = screen.lines().position(|line| line.contains(title)).unwrap();
        let line = screen.lines().nth(at + 1).unwrap();
        line.chars().take(52).collect::<String>().trim_end().to_owned()
    };
    assert!(screen.contains("most 5 of 1024") && screen.contains("most 0.8"), "{screen}");
    assert_eq!(below("waiting, last 60 s"), format!("{}▁▁▁▁▁▁▁▁▁▁▃▁▁▁▁▁", " ".repeat(16)));
    assert_eq!(
        below("cpu of 3301 and its workers"),
        format!("{}{}", " ".repeat(16), "▅".repeat(16))
    );
}

#[test]
fn a_state_is_shown_once_it_holds_for_two_looks() {
    let stopped = |second: i64| {
        let mut census = two();
        census.boot_time = second * 1_000_000_000;
        census.apps[0].masters[0].workers[0].process.stat.value.as_mut().unwrap().state =
            farrier::facts::process::State('D');
        census
    };
    let row = |desk: &Desk| {
        let screen = desk.screen();
        let line = screen.lines().find(|line| line.contains(" 3304 ")).unwrap();
        line.chars().take(84).collect::<String>()
    };
    let mut desk = Desk::at(stopped(0), (160, 45));
    assert!(!row(&desk).contains('D'), "{}", row(&desk));
    desk.look(stopped(1));
    assert!(row(&desk).trim_end().ends_with('D'), "{}", row(&desk));
}

#[test]
fn an_unread_box_is_no_empty_pane() {
    let mut census = two();
    for app in &mut census.apps {
        app.masters[0].role = Role::New;
        app.layout.value = Err(farrier::facts::Lack::Refused(farrier::os::Refusal::Denied));
        app.listeners.clear();
    }
    let screen = Desk::at(census, (160, 45)).screen();
    for told in ["no listening socket", "permission denied", "Next USR2 of 3301"] {
        assert!(screen.contains(told), "{told}: {screen}");
    }
}

#[test]
fn a_proxy_says_where_it_passes_requests_to() {
    let mut desk = Desk::at(recorded("other-nginx-before-unicorn"), (160, 45));
    let screen = desk.press("j j j j").screen();
    assert!(screen.contains(" passes to shop  …/shop/shared/sockets/unicorn.sock"), "{screen}");
    assert!(screen.contains("farrier has no signals"), "{screen}");
}

#[test]
fn what_matters_of_the_next_master_is_told_whole() {
    let screen = Desk::at(recorded("oldbin-lingering"), (160, 45)).screen();
    let right: String = screen
        .lines()
        .map(|line| line.chars().skip(53).take(51).collect::<String>() + "\n")
        .collect();
    let words: Vec<&str> = right.split_whitespace().collect();
    assert!(words.join(" ").contains("names a living master: USR2 is refused"), "{screen}");
}

#[test]
fn the_view_of_listeners_shows_the_same_minute() {
    let mut desk = Desk::at(built::healthy(), (80, 24));
    assert!(!desk.press("7").screen().contains("in 60 s"));
    let mut census = built::healthy();
    census.boot_time = 1_000_000_000;
    census.apps[0].listeners[0].queued.value = Ok(20);
    desk.look(census);
    let screen = desk.screen();
    assert!(screen.contains("most 20 in 60 s") && screen.contains("▄\n"), "{screen}");
}

#[test]
fn healthy_apps_fold_from_the_last_one_as_far_as_it_takes() {
    let mut census = two();
    let mut third = census.apps[0].clone();
    third.id.0 = "/var/www/zoo".into();
    third.name = "zoo".into();
    census.apps.push(third);
    let screen = Desk::at(census, (80, 24)).screen();
    let marked = |sign: &str| screen.lines().filter(|line| line.contains(sign)).count();
    assert!(screen.contains("▾ ✓ api") && marked("▸ ✓") == 2, "{screen}");
}
