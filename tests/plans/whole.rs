//! Upgrade and rollback whole, from their words to their exit statuses, with hands that send nothing.

use farrier::cli::Status;
use farrier::cli::operate::{Consent, Desk, Order, Reach, Said, Wanted, operate};
use farrier::contract::Verdicts;
use farrier::facts::signals::SignalSet;
use farrier::model::{Census, Config, CurrentState, Operation, Phase, Role, Setting, Signal};
use farrier::os::{Pid, Probed};
use farrier::plans::Rehearsal;
use farrier::plans::course::Wishes;
use farrier::show::text::Paint;

use super::shop::{config, known, later, master, pid, shop};

struct Ran {
    status: Status,
    out: String,
    err: String,
    sent: Vec<(Pid, Signal)>,
    stages: Vec<(String, String)>,
}

struct Ask<'a> {
    operation: Operation,
    reach: Reach,
    canary: bool,
    types: Option<&'a [&'a str]>,
    busy: Option<i32>,
    probe: Option<&'a str>,
    answers: &'a [Probed],
    broken_at: usize,
}

fn sends(operation: Operation) -> Ask<'static> {
    let reach = Reach::Send;
    Ask {
        operation,
        reach,
        canary: false,
        types: None,
        busy: None,
        probe: None,
        answers: &[],
        broken_at: usize::MAX,
    }
}

impl Ask<'_> {
    /// On boxes that are seen in turn, half a second apart; the last one stays.
    fn run(self, boxes: &[Census]) -> Ran {
        let mut hands = Rehearsal::default();
        for census in boxes {
            hands.tokens.extend(Rehearsal::of(census).tokens);
        }
        hands.busy = self.busy.map(pid);
        hands.answers = self.answers.iter().copied().map(Ok).collect();
        let (mut out, mut err) = (String::new(), String::new());
        let at = std::cell::Cell::new(0);
        let mut typed = self.types.unwrap_or_default().iter();
        let mut ask = |_: &str| format!("{}\n", typed.next().unwrap_or(&""));
        let order = Order {
            target: "shop".into(),
            reach: self.reach,
            consent: Consent { yes: self.types.is_none(), force: false },
            timeout: None,
            json: false,
            wishes: Wishes { canary: self.canary, probe: self.probe.map(Into::into), way: None },
        };
        let status = operate(
            &Wanted::Operation(self.operation),
            &order,
            &mut || {
                at.set(at.get() + 1);
                assert!(at.get() < 2_000, "it never ends");
                let census = boxes[(at.get() - 1).min(boxes.len() - 1)].clone();
                (later(census, 500 * i64::try_from(at.get()).unwrap()), Verdicts::default())
            },
            &mut hands,
            &mut Desk {
                say: &mut |said| match said {
                    Said::Text(text) => out.push_str(text),
                    Said::Message(message) => err += &(message.to_owned() + "\n"),
                },
                ask: if self.types.is_some() { Some(&mut ask) } else { None },
                broken_off: &|| at.get() >= self.broken_at,
                left: &farrier::os::own::Leave::default,
                paint: Paint::default(),
            },
        );
        assert!(hands.held.is_empty(), "it is let go");
        let stages = hands.notes.into_iter().map(|line| (line.stage, line.signal)).collect();
        Ran { status, out, err, sent: hands.sent, stages }
    }
}

fn set(config: &mut Config) {
    config.preload_app = Setting::Set { value: true, line: 1 };
}

fn before() -> Census {
    let mut old = master(9120, Role::Current, None, &[9121, 9122]);
    set(old.config.value.as_mut().unwrap());
    shop(vec![old])
}

fn handover(phase: Phase, workers: &[i32]) -> Census {
    let mut new = master(14740, Role::New, Some(9120), workers);
    new.phase = phase;
    if phase == Phase::Starting {
        new.process.status.value.as_mut().unwrap().caught = SignalSet(0);
    }
    if phase == Phase::Ready {
        new.role = Role::Current;
    }
    set(new.loaded.value.as_mut().unwrap());
    shop(vec![master(9120, Role::Old, None, &[9121, 9122]), new])
}

fn ready() -> Census {
    handover(Phase::Ready, &[14743, 14744])
}

fn without(mut census: Census, number: i32) -> Census {
    census.apps[0].masters.retain(|master| master.process.pid != pid(number));
    census
}

/// Looks 1 and 2 see the old master alone, 3 a fork, 4 its loading, and then it is ready for `n` looks.
fn until_ready(n: usize) -> Vec<Census> {
    let mut boxes =
        vec![before(), before(), handover(Phase::Starting, &[]), handover(Phase::Loading, &[])];
    boxes.extend(std::iter::repeat_n(ready(), n));
    boxes
}

#[test]
fn a_whole_upgrade_sends_usr2_and_then_quit() {
    let mut boxes = until_ready(6);
    boxes.push(without(ready(), 9120));
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.status, Status::DONE, "{}{}", ran.out, ran.err);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2), (pid(9120), Signal::SIGQUIT)]);
    let order: Vec<(&str, &str)> = ran.stages.iter().map(|(a, b)| (&**a, &**b)).collect();
    let (steps, order): (Vec<_>, Vec<_>) =
        order.into_iter().partition(|(stage, _)| *stage == "step");
    assert_eq!(
        order,
        [("intent", "USR2"), ("intent", "QUIT"), ("result", "QUIT"), ("result", "USR2")]
    );
    assert_eq!(steps.len(), 6, "each step after USR2 has its line, wherever it ends");
    let last = ran.out.lines().last().unwrap();
    assert!(last.starts_with("14740 serves alone with 2 workers, 20261121224103"), "{last}");
}

#[test]
fn what_a_hook_retired_gets_no_quit() {
    let mut boxes = until_ready(3);
    for census in &mut boxes {
        for master in &mut census.apps[0].masters {
            master.config.value.as_mut().unwrap().retires_old_master = true;
        }
    }
    let gone = without(boxes.last().unwrap().clone(), 9120);
    boxes.push(gone);
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.status, Status::DONE, "{}{}", ran.out, ran.err);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2)]);
}

#[test]
fn a_hook_that_never_comes_is_done_for() {
    let mut boxes = until_ready(200);
    for census in &mut boxes {
        for master in &mut census.apps[0].masters {
            master.config.value.as_mut().unwrap().retires_old_master = true;
        }
    }
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.sent.last(), Some(&(pid(9120), Signal::SIGQUIT)));
    assert_eq!(ran.status, Status::OLD_SERVES, "it was never seen to end");
}

#[test]
fn a_new_master_that_ends_at_any_stage_costs_nothing() {
    for stage in [
        vec![handover(Phase::Starting, &[])],
        vec![handover(Phase::Starting, &[]), handover(Phase::Loading, &[])],
        vec![handover(Phase::Loading, &[]), ready()],
    ] {
        let boxes: Vec<Census> =
            [before(), before()].into_iter().chain(stage).chain([before()]).collect();
        let ran = sends(Operation::Upgrade).run(&boxes);
        assert_eq!(ran.status, Status::OLD_SERVES, "{}{}", ran.out, ran.err);
        assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2)]);
        assert!(ran.err.contains("14740 ended") && ran.err.contains("9120 serves"), "{}", ran.err);
    }
    let boxes = [before(), before(), ready(), shop(Vec::new())];
    assert_eq!(sends(Operation::Upgrade).run(&boxes).status, Status::NOTHING_SERVES);
}

#[test]
fn one_that_never_gets_ready_is_left_alone() {
    let boxes = [before(), before(), handover(Phase::Loading, &[])];
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.status, Status::OLD_SERVES);
    assert_eq!(ran.sent.len(), 1);
    assert!(ran.err.contains("14740 still loads after 120 s. 9120 serves"), "{}", ran.err);
}

#[test]
fn the_wrong_release_is_not_handed_over_to() {
    let mut wrong = ready();
    wrong.apps[0].masters[1].release = known(Some("20261101120000".into()));
    let ran = sends(Operation::Upgrade).run(&[before(), before(), wrong]);
    assert_eq!(ran.status, Status::OLD_SERVES);
    assert_eq!(ran.sent.len(), 1);
    assert!(ran.err.contains("14740 runs 20261101120000, and current names"), "{}", ran.err);
}

#[test]
fn breaking_off_says_where_it_stands_and_how_it_goes_on() {
    let ran = Ask { broken_at: 5, ..sends(Operation::Upgrade) }.run(&until_ready(9));
    assert_eq!(ran.status, Status::INTERRUPTED);
    assert!(ran.err.contains("14740 is ready beside the old master 9120"), "{}", ran.err);
    assert!(ran.err.contains("farrier watch /var/www/shop follows it on"), "{}", ran.err);
    let ran = Ask { broken_at: 0, ..sends(Operation::Upgrade) }.run(&[before()]);
    assert_eq!((ran.status, ran.sent.len()), (Status::INTERRUPTED, 0));
    // Where both serve, going on is the old one's end and going back the new one's.
    let ask = Ask { probe: Some("/up"), broken_at: 16, ..sends(Operation::Upgrade) };
    let ran = ask.run(&until_ready(40));
    assert_eq!((ran.status, ran.sent.len()), (Status::INTERRUPTED, 1), "{}", ran.out);
    let on = "farrier upgrade /var/www/shop goes on, farrier rollback /var/www/shop goes back";
    assert!(ran.err.contains(on), "{}", ran.err);
}

#[test]
fn a_canary_is_drained_and_asked_about() {
    // Looks 8 and 9 plan and gate the drain; what is left of the old one's workers is gone from the tenth on.
    let mut boxes = until_ready(5);
    let mut drained = ready();
    drained.apps[0].masters[0].workers.clear();
    boxes.extend(std::iter::repeat_n(drained, 30));
    let ask = Ask { canary: true, types: Some(&["upgrade", "stop"]), ..sends(Operation::Upgrade) };
    let ran = ask.run(&boxes);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2), (pid(9120), Signal::SIGWINCH)]);
    assert_eq!(ran.status, Status::OLD_SERVES, "{}", ran.err);
    assert!(
        ran.err.contains("Stopped here") && ran.err.contains("farrier rollback"),
        "{}",
        ran.err
    );
    let nobody = Ask { canary: true, ..sends(Operation::Upgrade) }.run(&[before()]);
    assert_eq!((nobody.status, nobody.sent.len()), (Status::REFUSED, 0));
}

#[test]
fn a_second_operator_is_told_who_works_on_it() {
    for operation in [Operation::Upgrade, Operation::Reload, Operation::AddWorker] {
        let ran = Ask { busy: Some(4242), ..sends(operation) }.run(&[before()]);
        assert_eq!((ran.status, ran.sent.len()), (Status::REFUSED, 0), "{operation:?}");
        assert!(ran.err.contains("4242 holds the lock on"), "{}", ran.err);
    }
}

#[test]
fn what_somebody_else_does_meanwhile_stops_it_there() {
    // The old one ends before it was told to, and no hook does it.
    let mut boxes = until_ready(0);
    boxes.push(without(handover(Phase::Ready, &[14743, 14744]), 9120));
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2)], "{}{}", ran.out, ran.err);
    assert_eq!(ran.status, Status::OLD_SERVES, "{}", ran.err);
    let told = "9120 ended: farrier neither caused nor expected it, and sends nothing more";
    assert!(ran.err.contains(told), "{}", ran.err);
    // A signal waits at the new one, which is stopped just then.
    let mut boxes = until_ready(0);
    let mut hit = handover(Phase::Loading, &[]);
    let status = hit.apps[0].masters[1].process.status.value.as_mut().unwrap();
    status.pending = SignalSet(1 << 2);
    boxes.truncate(4);
    boxes.push(hit);
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2)]);
    assert!(ran.err.contains("QUIT reached 14740, sender unknown: "), "{}", ran.err);
    // The link is switched once more.
    let mut boxes = until_ready(0);
    let mut switched = handover(Phase::Loading, &[]);
    let layout = switched.apps[0].layout.value.as_mut().unwrap().as_mut().unwrap();
    layout.current.state = known(CurrentState::Release("20261122110000".into()));
    boxes.truncate(4);
    boxes.push(switched);
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert!(
        ran.err.contains("current went from 20261121224103 to 20261122110000: "),
        "{}",
        ran.err
    );
    assert!(!ran.out.contains("sender unknown"), "its own USR2 is its own: {}", ran.out);
}

#[test]
fn what_was_left_half_done_is_finished() {
    let alone = without(ready(), 9120);
    let mut boxes = vec![ready(); 8];
    boxes.push(alone);
    let ran = sends(Operation::Upgrade).run(&boxes);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGQUIT)], "{}{}", ran.out, ran.err);
    assert_eq!(ran.status, Status::DONE, "{}", ran.err);
    for word in ["2 ready", "3 retire 9120", "4 verify", "14740 serves alone"] {
        assert!(ran.out.contains(word), "{word} in {}", ran.out);
    }
    // A drain has its own signal; the one that was confirmed waits for the answer.
    let mut drained = ready();
    drained.apps[0].masters[0].workers.clear();
    let mut boxes = vec![ready(); 8];
    boxes.extend(std::iter::repeat_n(drained, 30));
    let ask = Ask { canary: true, types: Some(&["upgrade", "stop"]), ..sends(Operation::Upgrade) };
    let ran = ask.run(&boxes);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGWINCH)], "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("Stopped here"), "{}", ran.err);
    // Broken off before anything was sent.
    let ran = Ask { broken_at: 3, ..sends(Operation::Upgrade) }.run(&[ready()]);
    assert_eq!((ran.status, ran.sent.len()), (Status::INTERRUPTED, 0), "{}", ran.err);
}

#[test]
fn what_was_left_behind_current_is_not_finished() {
    let mut behind = ready();
    behind.apps[0].masters[1].release = known(Some("20261119093012".into()));
    let mut loading = handover(Phase::Loading, &[]);
    loading.apps[0].masters[1].release = known(Some("20261121224103".into()));
    for census in [behind, loading] {
        let ran = sends(Operation::Upgrade).run(&[census]);
        assert_eq!((ran.status, ran.sent.len()), (Status::REFUSED, 0), "{}", ran.out);
    }
}

#[test]
fn the_plan_lists_every_step_and_sends_nothing() {
    for reach in [Reach::Look, Reach::Rehearse] {
        let ran = Ask { reach, ..sends(Operation::Upgrade) }.run(&[before()]);
        assert_eq!(ran.status, Status::DONE, "{}{}", ran.out, ran.err);
        assert!(ran.sent.is_empty());
        for word in ["1 preflight", "2 USR2 to 9120", "6 ready", "7 retire 9120", "8 verify"] {
            assert!(ran.out.contains(word), "{word} in {}", ran.out);
        }
    }
    let cancelled = Ask { types: Some(&["no"]), ..sends(Operation::Upgrade) }.run(&[before()]);
    assert_eq!((cancelled.status, cancelled.sent.len()), (Status::REFUSED, 0));
}

#[test]
fn a_rollback_brings_workers_back_before_it_ends_the_new_one() {
    let with = |workers: &[i32]| {
        let mut census = ready();
        census.apps[0].masters[0] = master(9120, Role::Old, None, workers);
        census.apps[0].masters[0].loaded = known(config()).into();
        census
    };
    // Two looks plan and gate the first TTIN; its worker stays from the third on, for a second and more.
    let mut boxes = vec![with(&[]); 2];
    boxes.extend(vec![with(&[9131]); 6]);
    boxes.extend(vec![with(&[9131, 9132]); 6]);
    let mut alone = without(with(&[9131, 9132]), 14740);
    alone.apps[0].masters[0].role = Role::Current;
    boxes.push(alone);
    let ran = sends(Operation::Rollback).run(&boxes);
    assert_eq!(
        ran.sent,
        [(pid(9120), Signal::SIGTTIN), (pid(9120), Signal::SIGTTIN), (pid(14740), Signal::SIGQUIT)],
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(ran.status, Status::DONE, "{}{}", ran.out, ran.err);
    let last = ran.out.lines().last().unwrap();
    assert!(last.contains("9120 serves alone"), "{last}");
    assert!(last.contains("current still names 20261121224103"), "{last}");
    assert!(last.contains("releases/20261119093012 /var/www/shop/current.back"), "{last}");
}

#[test]
fn a_rollback_in_a_chain_is_refused() {
    let mut chain = ready();
    chain.apps[0].masters.insert(0, master(800, Role::Old, None, &[801]));
    let ran = sends(Operation::Rollback).run(&[chain]);
    assert_eq!((ran.status, ran.sent.len()), (Status::REFUSED, 0));
    assert!(ran.err.contains("several old masters: 800 and 9120"), "{}", ran.err);
}

#[test]
fn a_rollback_without_a_way_back_is_refused() {
    let ran = sends(Operation::Rollback).run(&[before()]);
    assert_eq!((ran.status, ran.sent.len()), (Status::REFUSED, 0));
    assert!(ran.err.contains("nothing to go back to"), "{}", ran.err);
    let loading = sends(Operation::Rollback).run(&[handover(Phase::Loading, &[])]);
    assert_eq!((loading.status, loading.sent.len()), (Status::REFUSED, 0), "{}", loading.err);
}

#[test]
fn a_probe_counts_only_for_the_new_master_and_below_500() {
    let mut boxes = until_ready(11);
    boxes.push(without(ready(), 9120));
    let answered = |status| Probed::Answered { by: pid(14743), status };
    let answers =
        [Probed::Elsewhere, answered(503), Probed::Hung { by: pid(14744) }, answered(404)];
    let ask = Ask { probe: Some("/up"), answers: &answers, ..sends(Operation::Upgrade) };
    let ran = ask.run(&boxes);
    assert_eq!(ran.status, Status::DONE, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("7 of 9  probe: a worker of the new master answers GET /up"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("14743, a worker of the new master, answered /up: 404"),
        "{}",
        ran.out
    );

    let never = [answered(500), answered(502)];
    let ask = Ask { probe: Some("/up"), answers: &never, ..sends(Operation::Upgrade) };
    let ran = ask.run(&until_ready(900));
    assert_eq!(ran.status, Status::OLD_SERVES, "{}", ran.err);
    assert_eq!(ran.sent, [(pid(9120), Signal::SIGUSR2)], "the old one is never retired");
    assert!(ran.err.contains("14743 answered /up with 502"), "{}", ran.err);
    assert!(ran.err.contains("farrier rollback"), "{}", ran.err);

    let mut gone = until_ready(6);
    gone.push(before());
    let ran = Ask { probe: Some("/up"), ..sends(Operation::Upgrade) }.run(&gone);
    assert_eq!(ran.status, Status::OLD_SERVES, "{}", ran.err);
    assert!(ran.err.contains("14740 ended"), "{}", ran.err);
}
