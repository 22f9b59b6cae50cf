//! The rules on censuses made by hand: each fires, stays silent, and says when it could not see.

mod access;
mod broken;
mod examples;
mod generations;
mod hooks;
mod kept;
mod memory;
mod order;
mod pasted;
mod settings;
mod sound;

use farrier::contract::line::WIDTH;
use farrier::contract::{Severity, Verdict};
use farrier::model::Census;
use farrier::os::shown;
use farrier::rules::{RULES, judge};

use crate::lost::each_fact;

fn verdict(census: &Census, before: Option<&Census>, rule: &str) -> Verdict {
    let verdicts = judge(census, before);
    verdicts.0.into_iter().find(|answered| answered.rule == rule).unwrap().verdict
}

/// The gravest finding of a rule.
fn worst(verdict: &Verdict) -> Option<Severity> {
    match verdict {
        Verdict::Found(findings, _) => findings.iter().map(|finding| finding.severity).min(),
        _ => None,
    }
}

/// Takes each fact away in turn, in both looks, and says which it was.
fn deprived(census: &Census) -> Vec<(String, Census)> {
    let mut all = Vec::new();
    for wanted in 0.. {
        let mut lessened = census.clone();
        let mut at = 0;
        let mut lost = None;
        each_fact(&mut lessened, &mut |name, fact| {
            if at == wanted {
                fact.lose();
                lost = Some(name.to_owned());
            }
            at += 1;
        });
        match lost {
            Some(name) => all.push((name, lessened)),
            None => return all,
        }
    }
    all
}

#[test]
fn every_rule_fires_with_the_severity_of_the_catalogue() {
    for case in broken::cases() {
        let verdict = verdict(&case.census, Some(case.before()), case.rule);
        assert_eq!(
            worst(&verdict),
            Some(case.severity),
            "{}: {}: {verdict:#?}",
            case.rule,
            case.name
        );
    }
    for rule in RULES {
        assert!(broken::cases().iter().any(|case| case.rule == rule.name), "{}", rule.name);
        let gravest = broken::cases()
            .into_iter()
            .filter(|case| case.rule == rule.name)
            .map(|case| case.severity)
            .min();
        assert_eq!(gravest, Some(rule.worst), "{}: its card's worst", rule.name);
    }
}

#[test]
fn a_healthy_app_gives_no_warning_before_during_and_after_an_upgrade() {
    for (name, census) in sound::healthy_moments() {
        for answered in judge(&census, Some(&census)).0 {
            match &answered.verdict {
                Verdict::Fine | Verdict::NotHere => {}
                Verdict::Found(found, _) => {
                    assert!(
                        found.iter().all(|f| f.severity == Severity::Info),
                        "{name}: {found:#?}"
                    );
                }
                Verdict::Blind(blind) => panic!("{name}: {}: {blind:#?}", answered.rule),
            }
        }
    }
}

#[test]
fn nothing_is_found_at_all_on_an_idle_healthy_app() {
    let (name, census) = sound::healthy_moments().remove(0);
    for answered in judge(&census, Some(&census)).0 {
        assert!(
            matches!(answered.verdict, Verdict::Fine | Verdict::NotHere),
            "{name}: {answered:#?}"
        );
        assert!(!answered.wants_second_look, "{}", answered.rule);
    }
}

#[test]
fn what_looks_like_a_fault_and_is_none_gives_no_warning() {
    for (rule, why, census) in sound::look_alikes() {
        assert!(RULES.iter().any(|card| card.name == rule), "{rule}");
        let verdict = verdict(&census, Some(&census), rule);
        let worst = worst(&verdict);
        assert!(worst.is_none_or(|s| s == Severity::Info), "{rule}: {why}: {verdict:#?}");
    }
}

#[test]
fn taking_a_fact_away_never_turns_found_or_blind_into_fine() {
    for case in broken::cases() {
        let now = deprived(&case.census).into_iter().map(|(fact, less)| (fact, less, None));
        let then = deprived(case.before())
            .into_iter()
            .map(|(fact, less)| (fact, case.census.clone(), Some(less)));
        for (fact, now, before) in now.chain(then) {
            let before = before.as_ref().unwrap_or_else(|| case.before());
            let verdict = verdict(&now, Some(before), case.rule);
            assert!(
                matches!(verdict, Verdict::Found(..) | Verdict::Blind(_)),
                "{}: {}: without {fact}: {verdict:?}",
                case.rule,
                case.name
            );
        }
    }
}

#[test]
fn taking_a_fact_away_from_a_healthy_app_never_makes_a_warning() {
    for (name, census) in sound::healthy_moments() {
        for (fact, lessened) in deprived(&census) {
            for answered in judge(&lessened, Some(&lessened)).0 {
                let worst = worst(&answered.verdict);
                assert!(
                    worst.is_none_or(|severity| severity == Severity::Info),
                    "{name}: without {fact}: {answered:#?}"
                );
            }
        }
    }
}

#[test]
fn what_has_to_last_is_blind_at_the_first_look() {
    for case in broken::cases().into_iter().filter(|case| case.lasts) {
        let verdicts = judge(&case.census, None);
        let answered = verdicts.0.iter().find(|answered| answered.rule == case.rule).unwrap();
        assert!(answered.wants_second_look, "{}: {}", case.rule, case.name);
        assert!(
            matches!(answered.verdict, Verdict::Blind(_)),
            "{}: {}: {:#?}",
            case.rule,
            case.name,
            answered.verdict
        );
        let passing = verdict(&case.census, Some(&crate::built::healthy()), case.rule);
        assert_eq!(worst(&passing), None, "{}: {}", case.rule, case.name);
    }
}

#[test]
fn every_finding_is_whole() {
    for case in broken::cases() {
        let verdicts = judge(&case.census, Some(case.before()));
        for finding in verdicts.findings() {
            let at = format!("{}: {}: {finding:#?}", finding.rule, case.name);
            for line in [&finding.told.what, &finding.told.why, &finding.told.next] {
                let line = line.fit(WIDTH);
                assert!(!line.is_empty() && line.chars().count() <= 70, "{at}");
                assert!(!line.contains('!') && !line.contains("failed to"), "{at}");
            }
            assert!(finding.summary.chars().count() <= 54, "{at}");
            assert!(!finding.evidence.is_empty() && !finding.fix.is_empty(), "{at}");
            assert!(!finding.leads_to.is_empty(), "{at}");
            for line in &finding.fix {
                let commands = [
                    "#", "kill -", "ln -s", "[ ", "mv -T", "rm ", "( set -C", "for n in", "echo ",
                    "chmod ", "tail -n ",
                ];
                assert!(commands.iter().any(|start| line.starts_with(start)), "{line}: {at}");
            }
        }
    }
}

#[test]
fn the_longest_facts_fit_the_headline() {
    for case in broken::cases() {
        let mut census = case.census.clone();
        let mut before = case.before().clone();
        for census in [&mut census, &mut before] {
            census.apps[0].name = "a-shop-with-a-rather-long-name-for-an-app".into();
        }
        for finding in judge(&census, Some(&before)).findings() {
            for line in [&finding.told.what, &finding.told.why, &finding.told.next] {
                let line = line.fit(WIDTH);
                assert!(line.chars().count() <= 70, "{line}");
            }
        }
    }
}

/// No fix sends to, removes or links anything that the census does not hold.
#[test]
fn a_fix_names_only_what_was_seen() {
    for case in broken::cases() {
        let app = &case.census.apps[0];
        let mut pids: Vec<i32> = app.processes().map(|process| process.pid.number()).collect();
        pids.extend(app.pidfiles.iter().filter_map(|file| file.pid).map(farrier::os::Pid::number));
        for finding in judge(&case.census, Some(case.before())).findings() {
            for line in finding.fix.iter().filter(|line| line.starts_with("kill")) {
                let number = line.split(' ').nth(2).unwrap().parse().unwrap();
                assert!(pids.contains(&number), "{line}");
            }
            for line in finding.fix.iter().filter(|line| line.starts_with("ln -sT")) {
                let made = line.split(' ').nth(3).unwrap();
                let layout = app.layout.get().unwrap().as_ref().unwrap();
                let there = layout.releases.get().unwrap().iter().any(|r| shown(&r.path) == made);
                assert!(!there || line.ends_with("/current"), "{line}");
            }
        }
    }
}
