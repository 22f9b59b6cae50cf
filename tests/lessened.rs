//! Unknown is never fine: each answer of a recorded box is refused in turn, and no rule may turn from a finding or
//! from not knowing to silence, nor cry because it could not see.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use farrier::contract::{Severity, Verdict, Verdicts};
use farrier::model::Census;
use farrier::os::replay::Replay;
use farrier::os::{Answer, Ask, ProcText, Refusal, Source};

use crate::recordings::{all, look, read, wish};

/// A machine of which one question is refused.
struct Faulty<'a> {
    replay: &'a Replay,
    refused: Option<(&'a Ask, Refusal)>,
    asked: RefCell<BTreeSet<Ask>>,
}

impl Source for Faulty<'_> {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        self.asked.borrow_mut().extend(asks.iter().cloned());
        let mut answers = self.replay.ask(asks);
        if let Some((refused, why)) = &self.refused {
            for (ask, answer) in asks.iter().zip(&mut answers) {
                if ask == *refused {
                    *answer = Err(why.clone());
                }
            }
        }
        answers
    }

    fn next_look(&self) {
        self.replay.next_look();
    }
}

/// What the rules say, whatever the apps are called: the best guess at an app's name may change with what is seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    found: bool,
    blind: bool,
    fine: bool,
    worst: Option<Severity>,
}

fn said(verdicts: &Verdicts) -> BTreeMap<&'static str, Said> {
    let mut all: BTreeMap<&'static str, Said> = BTreeMap::new();
    for answered in &verdicts.0 {
        let said = all.entry(answered.rule).or_default();
        match &answered.verdict {
            Verdict::NotHere => {}
            Verdict::Fine => said.fine = true,
            Verdict::Blind(_) => said.blind = true,
            Verdict::Found(findings, _) => {
                said.found = true;
                let worst = findings.iter().map(|finding| finding.severity).min();
                said.worst = said.worst.into_iter().chain(worst).min();
            }
        }
    }
    all
}

/// What is said when a question is refused, against what was said when none was; gives the wrongs, in words.
fn wrongs(
    ask: &Ask,
    why: &Refusal,
    whole: &(Census, Verdicts),
    less: &(Census, Verdicts),
) -> Vec<String> {
    let ended =
        |text| matches!(ask, Ask::Text(_, asked) if *asked == text) && *why == Refusal::Gone;
    // It is no lack of sight that a process ended: whatever follows from that is true.
    if ended(ProcText::Stat) || ended(ProcText::Cmdline) {
        return Vec::new();
    }
    // A process that did not show what it is is told as such, for the whole machine.
    let told = less.0.seen.is_partial();
    let (before, after) = (said(&whole.1), said(&less.1));
    let nothing = Said::default();
    let mut wrongs = Vec::new();
    for rule in farrier::rules::RULES {
        let (was, is) =
            (before.get(rule.name).unwrap_or(&nothing), after.get(rule.name).unwrap_or(&nothing));
        let known = is.found || is.blind || told;
        if (was.found || was.blind) && !known {
            wrongs.push(format!("{}: {was:?} became {is:?}", rule.name));
        }
        let cried = is.worst.is_some_and(|worst| {
            worst < Severity::Info && was.worst.is_none_or(|before| worst < before)
        });
        if cried {
            wrongs.push(format!("{}: {was:?} became {is:?}, out of nothing", rule.name));
        }
    }
    wrongs
}

/// Of so many refusals one is tried, so that the test takes seconds; `FARRIER_STEP=1` tries all of them in minutes.
const STEP: usize = 19;

/// Refuses each of a recording's answers in turn, every `step`th of them; gives what went wrong and how many it was.
fn lessened(name: &str, step: usize) -> (Vec<String>, usize) {
    let replay = read(name);
    let wish = wish(&replay);
    let whole = Faulty { replay: &replay, refused: None, asked: RefCell::default() };
    let seen = look(&whole, &wish);
    let asked: Vec<Ask> = whole.asked.into_inner().into_iter().collect();
    let (mut all, mut tried) = (Vec::new(), 0);
    for (at, ask) in asked.iter().enumerate() {
        for (turn, why) in [Refusal::Denied, Refusal::Gone, Refusal::TimedOut].iter().enumerate() {
            if (at + turn) % step != 0 {
                continue;
            }
            tried += 1;
            all.extend(refused(name, &replay, &seen, ask, why));
        }
    }
    (all, tried)
}

/// What goes wrong where one question of a recording is refused.
fn refused(
    name: &str,
    replay: &Replay,
    seen: &(Census, Verdicts),
    ask: &Ask,
    why: &Refusal,
) -> Vec<String> {
    replay.go_to(0);
    let refused = Some((ask, why.clone()));
    let source = Faulty { replay, refused, asked: RefCell::default() };
    let less = look(&source, &wish(replay));
    let told = |wrong| format!("{name}: {} {why:?}: {wrong}", ask.key());
    wrongs(ask, why, seen, &less).into_iter().map(told).collect()
}

/// What a busy machine keeps too long is found out by other means, and never to be something else.
#[test]
fn a_restart_context_that_comes_too_late_makes_nothing_up() {
    let mut tried = 0;
    for name in all() {
        let replay = read(&name);
        let whole = Faulty { replay: &replay, refused: None, asked: RefCell::default() };
        let seen = look(&whole, &wish(&replay));
        let asked = whole.asked.into_inner();
        for ask in asked.iter().filter(|ask| matches!(ask, Ask::StartContext(..))) {
            tried += 1;
            let wrong = refused(&name, &replay, &seen, ask, &Refusal::TimedOut);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }
    assert!(tried > 50, "only {tried}");
}

#[test]
fn unknown_is_never_fine_and_never_a_warning() {
    let step = std::env::var("FARRIER_STEP").map_or(STEP, |step| step.parse().unwrap());
    let names: Vec<String> = all().into_iter().collect();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let halves: Vec<_> = names
            .chunks(names.len().div_ceil(2))
            .map(|half| {
                scope
                    .spawn(move || half.iter().map(|name| lessened(name, step)).collect::<Vec<_>>())
            })
            .collect();
        for (wrongs, count) in halves.into_iter().flat_map(|half| half.join().unwrap()) {
            wrong.extend(wrongs);
            tried += count;
        }
    });
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 500, "only {tried}");
}
