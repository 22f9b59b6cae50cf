//! Findings by cause, and the three lines at the top.

use farrier::contract::line::WIDTH;
use farrier::contract::{Severity, Verdict, Verdicts};
use farrier::facts::{Lack, Place};
use farrier::model::*;
use farrier::os::Refusal;
use farrier::rules::causes::{groups, in_order};
use farrier::rules::headline::{Headline, Word, headline, looking};
use farrier::rules::{RULES, judge};

use super::{broken, sound};
use crate::built::*;

/// The incident of the design: a lingering old master, a stale release, a pinned Gemfile.
fn incident() -> Census {
    with(|app| {
        deployed(app, 1800);
        let mut ready = master(14740, 172_800, LIVE);
        ready.parent = Some(pid(9120));
        let path = format!("{ROOT}/releases/{OLD}/Gemfile");
        ready.restart.gemfile.value = Ok(Some(gemfile(&path, Some(OLD))));
        let mut old = master(9120, 604_800, OLD);
        old.role = Role::Old;
        old.child = Some(pid(14740));
        app.masters = vec![old, ready];
        app.listeners[0].masters = vec![pid(9120), pid(14740)];
        app.pidfiles.push(pidfile(PidfileKind::Oldbin, 9120, PidfileState::Live, Some(9120)));
        for release in layout_of(app).releases.value.as_mut().unwrap() {
            if release.name != OLD {
                release.lock.value = Ok(Some(lock(&release.name, 2)));
            }
        }
    })
}

fn judged(census: &Census) -> Verdicts {
    judge(census, Some(census))
}

#[test]
fn effects_stand_under_their_cause() {
    let census = incident();
    let verdicts = judged(&census);
    let order: Vec<_> =
        in_order(&verdicts).iter().map(|caused| (caused.finding.rule, caused.depth)).collect();
    let expected = [
        ("oldbin-lingering", 0),
        ("release-stale", 1),
        ("release-mixed", 1),
        ("gemfile-pinned", 0),
        ("gemfile-mismatch", 1),
        ("config-reload-preload", 0),
    ];
    assert_eq!(order, expected);
}

#[test]
fn no_finding_is_lost_or_told_twice() {
    for case in broken::cases() {
        let verdicts = judge(&case.census, Some(case.before()));
        let mut told: Vec<_> =
            in_order(&verdicts).iter().map(|caused| std::ptr::from_ref(caused.finding)).collect();
        let mut all: Vec<_> =
            verdicts.findings().iter().map(|finding| std::ptr::from_ref(*finding)).collect();
        told.sort();
        all.sort();
        assert_eq!(told, all, "{}: {}", case.rule, case.name);
    }
}

#[test]
fn the_gravest_group_comes_first() {
    for case in broken::cases() {
        let verdicts = judge(&case.census, Some(case.before()));
        let severities: Vec<_> = groups(&verdicts).iter().map(|group| group.severity).collect();
        assert!(severities.is_sorted(), "{}: {severities:?}", case.name);
    }
}

fn lines<'a>(line: &'a Headline<'_>) -> [&'a str; 3] {
    [&line.what, &line.why, &line.next]
}

#[test]
fn the_headline_speaks_of_the_gravest_app() {
    let mut census = incident();
    let mut other = healthy().apps.remove(0);
    other.id = AppId("/srv/blog".into());
    other.name = "blog".into();
    other.masters[0].workers.clear();
    census.apps.push(other);
    let verdicts = judged(&census);
    let line = headline(&census, &verdicts);
    assert_eq!(line.word, Word::Wrong);
    assert_eq!(line.finding.unwrap().rule, "master-hollow");
    assert!(line.what.starts_with("blog: ") && line.what.ends_with("(+ shop)"), "{}", line.what);
}

#[test]
fn a_master_that_is_ready_is_not_said_to_load() {
    let census = incident();
    let mut verdicts = judged(&census);
    let lingering = verdicts.0.iter_mut().find(|answered| answered.rule == "oldbin-lingering");
    let Verdict::Found(found, _) = &mut lingering.unwrap().verdict else { panic!("not found") };
    for finding in found.iter_mut() {
        finding.severity = Severity::Info;
    }
    let line = headline(&census, &verdicts);
    assert_eq!(line.finding.unwrap().rule, "oldbin-lingering", "{}", line.what);
    assert_eq!((line.word, line.severity), (Word::Wrong, Some(Severity::Warning)));
}

#[test]
fn an_upgrade_comes_after_what_would_spoil_it() {
    let mut census = incident();
    let app = &mut census.apps[0];
    app.masters.retain(|master| master.role != Role::Old);
    app.masters[0].parent = None;
    app.listeners[0].masters = vec![pid(14740)];
    app.pidfiles.retain(|file| file.kind != PidfileKind::Oldbin);
    let verdicts = judged(&census);
    let line = headline(&census, &verdicts);
    assert_eq!(line.finding.unwrap().rule, "release-stale");
    assert_eq!(line.next, "repair BUNDLE_GEMFILE, then upgrade");
    let sound = healthy().apps.remove(0).masters.remove(0).restart.gemfile.clone();
    census.apps[0].masters[0].restart.gemfile = sound;
    let verdicts = judged(&census);
    assert_eq!(headline(&census, &verdicts).next, "upgrade: USR2 to 14740, then retire it");
}

#[test]
fn an_app_that_should_serve_and_does_not_is_down() {
    let mut census = incident();
    let mut other = healthy().apps.remove(0);
    other.id = AppId("/srv/zeta".into());
    other.name = "zeta".into();
    other.masters.clear();
    other.wanted = vec![Wanted::Supervisor("zeta.service".into())];
    census.apps.push(other);
    let verdicts = judged(&census);
    let line = headline(&census, &verdicts);
    assert_eq!(line.word, Word::Down);
    assert_eq!(line.what, "zeta: no master lives (+ shop)");
}

#[test]
fn a_young_handover_moves_and_an_overdue_one_is_wrong() {
    let loading = |seconds| {
        with(|app| {
            deployed(app, seconds + 5);
            reexecuted(app, seconds, Phase::Loading);
        })
    };
    let (young, overdue) = (loading(20), loading(600));
    let (first, second) = (judged(&young), judged(&overdue));
    let line = headline(&young, &first);
    assert_eq!(line.word, Word::Moving);
    assert_eq!(line.what, "shop: 14740 serves, 22410 loads");
    assert!(line.why.contains("20 s ago, of at most 120 s"), "{}", line.why);
    assert_eq!(headline(&overdue, &second).word, Word::Wrong);
}

#[test]
fn fine_is_said_only_when_nothing_was_found_and_everything_seen() {
    let census = healthy();
    let verdicts = judged(&census);
    let line = headline(&census, &verdicts);
    assert_eq!(line.word, Word::Fine);
    assert_eq!(line.why, format!("shop: 14740 has served on {LIVE} for 2 d"));

    let mut blind = healthy();
    blind.apps[0].masters[0].process.cwd.value = Err(Lack::Refused(Refusal::Denied));
    let verdicts = judged(&blind);
    let line = headline(&blind, &verdicts);
    assert_eq!(line.word, Word::Unsure);
    assert!(line.what.contains(&format!("1 of {} rules", RULES.len())), "{}", line.what);
    assert!(line.why.contains("directory of 14740: permission denied"), "{}", line.why);
    assert!(line.next.contains("as root"), "{}", line.next);

    let mut hidden = healthy();
    let lack = Lack::Refused(Refusal::Denied);
    hidden.seen.hidden = Some((Place::new("/proc"), lack));
    let verdicts = judged(&hidden);
    assert_eq!(headline(&hidden, &verdicts).word, Word::Unsure);
}

#[test]
fn nothing_found_is_not_fine() {
    let mut census = healthy();
    census.apps.clear();
    let verdicts = judged(&census);
    let line = headline(&census, &verdicts);
    assert_eq!(line.word, Word::None);
    assert!(line.why.starts_with("212 processes looked at, 25 fully"), "{}", line.why);
    assert_eq!(looking().word, Word::Look);
}

#[test]
fn information_alone_is_a_note() {
    let census = with(|app| deployed(app, 20));
    let verdicts = judged(&census);
    assert_eq!(headline(&census, &verdicts).word, Word::Note);
}

#[test]
fn no_headline_is_wider_than_its_place() {
    let broken = broken::cases().into_iter().map(|case| (case.name, case.census));
    for (name, mut census) in broken.chain(sound::healthy_moments()) {
        census.apps[0].name = "a-shop-with-a-rather-long-name-for-an-app".into();
        let mut other = healthy().apps.remove(0);
        other.id = AppId("/srv/other".into());
        other.name = "another-shop-of-the-same-kind".into();
        other.masters[0].workers.clear();
        census.apps.push(other);
        let verdicts = judged(&census);
        for line in lines(&headline(&census, &verdicts)) {
            assert!(line.chars().count() <= WIDTH, "{name}: {line}");
        }
    }
}
