//! `farrier upgrade --probe`: the new generation has to answer by itself before the old one is retired.

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, FIRST, SECOND, Site};
use super::world::{DEPLOY, Lab};

/// A site whose second release puts this in front of the app; the first one is served.
fn site(lab: &Lab, listen: Option<&str>, code: &str) -> u32 {
    let site = Site::new(lab, "shop");
    let mut config = Config { hook: Hook::None, ..Config::at(&site.root) };
    if let Some(listen) = listen {
        config.listen = listen.to_owned();
    }
    site.release(FIRST, &App::default(), &config);
    site.switch(FIRST);
    let master = site.start();
    let second = App { code: code.to_owned(), ..App::default() };
    site.release(SECOND, &second, &config);
    site.switch(SECOND);
    master
}

fn shop(lab: &Lab) -> Site<'_> {
    Site { lab, root: "/var/www/shop".into(), user: DEPLOY }
}

/// An app that answers every request so.
fn answers(status: u16) -> String {
    format!(
        "use Class.new {{ def initialize(app); end; def call(env); [{status}, {{}}, []]; end }}"
    )
}

fn upgrade(lab: &Lab, more: &[&str]) -> Run {
    let words = ["upgrade", "shop", "--yes", "--probe", "/up"];
    lab.farrier(&words.iter().chain(more).copied().collect::<Vec<_>>())
}

#[test]
fn an_answer_of_the_new_generation_lets_the_old_one_go() {
    let lab = Lab::new();
    let old = site(&lab, None, "");
    let run = upgrade(&lab, &[]);
    assert_eq!(run.status, 0, "{run:?}\n{}", lab.picture());
    let told =
        run.stdout.lines().find(|line| line.contains("a worker of the new master, answered"));
    let by: u32 = told.and_then(|line| line.split(',').next()?.parse().ok()).unwrap();
    let site = shop(&lab);
    let masters = site.masters();
    assert!(masters.len() == 1 && masters != [old], "{masters:?}");
    assert!(site.workers(masters[0]).contains(&by), "{by}, {:?}", site.workers(masters[0]));
    assert!(told.unwrap().ends_with("/up: 200"), "{run:?}");
}

#[test]
fn a_new_generation_that_answers_with_errors_is_not_handed_over_to() {
    let lab = Lab::new();
    let old = site(&lab, None, &answers(503));
    let run = upgrade(&lab, &["--timeout", "20"]);
    assert_eq!(run.status, 1, "{run:?}\n{}", lab.picture());
    assert!(run.stderr.contains("answered /up with 503"), "{run:?}");
    let site = shop(&lab);
    assert_eq!(site.masters().first(), Some(&old), "both live");
    let back = lab.farrier(&["rollback", "shop", "--yes"]);
    assert_eq!(back.status, 0, "{back:?}");
    assert_eq!(site.masters(), [old]);
    assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(FIRST));
}

#[test]
fn a_listener_on_an_internet_address_is_asked_as_well() {
    let lab = Lab::new();
    let old = site(&lab, Some("127.0.0.1:8080"), &answers(404));
    let run = upgrade(&lab, &[]);
    assert_eq!(run.status, 0, "404 is an answer: {run:?}\n{}", lab.picture());
    assert!(run.stdout.contains("answered /up: 404"), "{run:?}");
    assert_ne!(shop(&lab).masters(), [old]);
}
