//! What each operation plans, and what it refuses.

use farrier::contract::{Answered, Finding, Severity, Told, Verdict, Verdicts};
use farrier::facts::process::State;
use farrier::facts::signals::SignalSet;
use farrier::facts::{Fact, Lack, Place};
use farrier::model::{
    Above, AppId, Census, Main, Operation, Phase, Role, Setting, Signal, Supervisor, Unit,
};
use farrier::os::{Descriptor, Refusal};
use farrier::plans::{self, CheckState, Confirm, Expect, OPERATIONS, Plan, Refused, again};

use super::shop::{ROOT, alone, both, config, known, master, pid, shop};

fn plan(census: &Census, operation: Operation) -> Result<Plan, Refused> {
    plans::plan(census, &Verdicts::default(), &census.apps[0], None, operation)
}

fn signal(census: &Census, number: i32, signal: Signal) -> Result<Plan, Refused> {
    plans::signal(census, &Verdicts::default(), pid(number), signal)
}

fn refused(result: Result<Plan, Refused>) -> String {
    let refused = result.expect_err("it was planned");
    assert!(!refused.way_out.is_empty());
    refused.reason
}

fn check<'a>(plan: &'a Plan, what: &str) -> &'a plans::Check {
    plan.checks
        .iter()
        .find(|check| check.what == what)
        .unwrap_or_else(|| panic!("no {what}: {plan:#?}"))
}

#[test]
fn every_operation_has_its_card() {
    let cards: Vec<Operation> = OPERATIONS.iter().map(|card| card.operation).collect();
    assert_eq!(cards, Operation::ALL);
}

#[test]
fn each_operation_goes_by_its_signal_to_its_master() {
    let (one, two) = (alone(), both());
    for (census, operation, sent, to) in [
        (&two, Operation::Retire, Signal::SIGQUIT, 9120),
        (&one, Operation::Upgrade, Signal::SIGUSR2, 14740),
        (&two, Operation::Rollback, Signal::SIGQUIT, 14740),
        (&one, Operation::Reload, Signal::SIGHUP, 14740),
        (&one, Operation::ReopenLogs, Signal::SIGUSR1, 14740),
        (&one, Operation::AddWorker, Signal::SIGTTIN, 14740),
        (&one, Operation::RemoveWorker, Signal::SIGTTOU, 14740),
        (&one, Operation::Drain, Signal::SIGWINCH, 14740),
        (&one, Operation::Stop, Signal::SIGQUIT, 14740),
    ] {
        let plan = plan(census, operation).unwrap();
        assert_eq!((plan.signal, plan.target), (sent, pid(to)), "{operation:?}");
        assert_eq!(plan.by_hand, format!("kill -{} {to}", &sent.as_str()[3..]));
        let by_signal = signal(census, to, sent).unwrap();
        assert_eq!(by_signal, plan, "the bare signal is the same plan");
        assert_eq!(again(census, &Verdicts::default(), &plan), Ok(plan));
    }
}

#[test]
fn retire_names_who_serves_then() {
    let plan = plan(&both(), Operation::Retire).unwrap();
    assert_eq!(plan.title, "Retire the old master of shop");
    assert_eq!(
        plan.send,
        "QUIT to 9120, \"unicorn master (old)\", user deploy, started 14 Nov 16:06:21"
    );
    assert_eq!(plan.after, "14740 serves alone: 2 workers, 20261121224103");
    assert_eq!(plan.way_back, "none: 9120 cannot be brought back");
    assert_eq!(plan.confirm, Confirm::Button);
    assert_eq!(check(&plan, "successor").words, "14740 is ready and holds the socket");
}

#[test]
fn retire_waits_for_a_successor_that_serves() {
    let mut census = both();
    census.apps[0].masters[1].role = Role::New;
    census.apps[0].masters[1].phase = Phase::Loading;
    assert!(
        refused(plan(&census, Operation::Retire)).starts_with("14740 still loads: with 9120 gone")
    );
    let mut census = both();
    census.apps[0].masters[1].workers.clear();
    assert_eq!(
        refused(plan(&census, Operation::Retire)),
        "14740 has no worker that serves: only 9120 serves"
    );
    assert_eq!(refused(plan(&alone(), Operation::Retire)), "shop has no old master");
}

#[test]
fn retire_stops_at_a_listener_that_would_be_lost() {
    let mut census = both();
    census.apps[0].masters[1].listens = known(vec![1]);
    let plan = plan(&census, Operation::Retire).unwrap();
    assert_eq!(check(&plan, "listeners").state, CheckState::Stops);
    assert_eq!(plan.confirm, Confirm::Word("shop".into()));
}

#[test]
fn retire_stops_where_the_service_would_end_with_the_old_master() {
    let mut census = both();
    let main = Main::Is { pid: pid(9120), name: "unicorn".into(), above: Above::No };
    let unit = Unit {
        name: "shop.service".into(),
        file: Some("/etc/systemd/system/shop.service".into()),
        main,
        ..Unit::default()
    };
    census.apps[0].masters[0].supervisor = known(Supervisor::Unit(unit)).into();
    let plan = plan(&census, Operation::Retire).unwrap();
    assert_eq!(
        check(&plan, "supervisor").words,
        "shop.service (Type=simple) ends with 9120, and the new master with it"
    );
    assert_eq!(plan.confirm, Confirm::Word("shop".into()));
}

#[test]
fn upgrade_is_refused_while_two_generations_live() {
    assert_eq!(
        refused(plan(&both(), Operation::Upgrade)),
        "old master 9120 still lives, and USR2 is refused until it ends"
    );
    let mut census = both();
    census.apps[0].masters[1].role = Role::New;
    census.apps[0].masters[1].phase = Phase::Loading;
    assert!(refused(plan(&census, Operation::Upgrade)).contains("one upgrade is under way"));
}

fn with_finding(rule: &'static str, severity: Severity) -> Verdicts {
    let finding = Finding {
        rule,
        severity,
        app: AppId(ROOT.into()),
        pid: Some(pid(14740)),
        path: None,
        summary: "the Gemfile is gone".into(),
        brief: None,
        sentence: None,
        remark: None,
        mends: None,
        told: Told::default(),
        evidence: Vec::new(),
        leads_to: String::new(),
        fix: Vec::new(),
        for_good: Vec::new(),
        offers: None,
    };
    Verdicts(vec![Answered {
        rule,
        worst: Severity::Critical,
        app: AppId(ROOT.into()),
        verdict: Verdict::Found(vec![finding], Vec::new()),
        wants_second_look: false,
    }])
}

#[test]
fn upgrade_stops_at_what_would_make_it_fail() {
    let census = alone();
    let verdicts = with_finding("gemfile-missing", Severity::Critical);
    let plan = plans::signal(&census, &verdicts, pid(14740), Signal::SIGUSR2).unwrap();
    assert_eq!(check(&plan, "gemfile-missing").state, CheckState::Stops);
    assert_eq!(plan.confirm, Confirm::Word("shop".into()));
    let verdicts = with_finding("gemfile-pinned", Severity::Warning);
    let plan = plans::signal(&census, &verdicts, pid(14740), Signal::SIGUSR2).unwrap();
    assert_eq!(check(&plan, "gemfile-pinned").state, CheckState::Warns);
    assert_eq!(plan.confirm, Confirm::Button);
}

#[test]
fn a_finding_counts_for_the_operation_that_it_is_about() {
    let census = alone();
    let verdicts = with_finding("gemfile-missing", Severity::Critical);
    let plan = plans::signal(&census, &verdicts, pid(14740), Signal::SIGHUP).unwrap();
    assert!(plan.checks.iter().all(|check| check.what != "gemfile-missing"));
}

#[test]
fn rules_that_were_not_asked_are_not_told_as_fine() {
    let plan = plan(&alone(), Operation::Upgrade).unwrap();
    assert_eq!(check(&plan, "findings").state, CheckState::Blind);
}

#[test]
fn reload_says_whether_new_code_is_loaded() {
    let with = |preload_app| {
        let mut census = alone();
        let mut config = config();
        config.preload_app = preload_app;
        census.apps[0].masters[0].loaded = known(config).into();
        let plan = plan(&census, Operation::Reload).unwrap();
        check(&plan, "preload").state
    };
    assert_eq!(with(Setting::Set { value: true, line: 9 }), CheckState::Warns);
    assert_eq!(with(Setting::NotSet), CheckState::Holds);
    let text = "ENV.key?('P')".into();
    assert_eq!(with(Setting::Unevaluable { line: 9, text }), CheckState::Blind);
}

#[test]
fn reload_of_an_old_master_would_serve_the_new_code() {
    assert!(refused(signal(&both(), 9120, Signal::SIGHUP)).contains("would serve the new code"));
    let mut census = both();
    census.apps[0].masters[0].release = known(Some("20261121224103".into()));
    assert_eq!(signal(&census, 9120, Signal::SIGHUP).unwrap().target, pid(9120));
}

#[test]
fn reload_without_a_configuration_is_an_upgrade() {
    let mut census = alone();
    census.apps[0].masters[0].restart.config = known(None);
    assert!(refused(plan(&census, Operation::Reload)).contains("would re-execute it"));
}

#[test]
fn what_ends_service_wants_the_name() {
    for operation in [Operation::Stop, Operation::Drain] {
        let plan = plan(&alone(), operation).unwrap();
        assert_eq!(plan.confirm, Confirm::Word("shop".into()), "{operation:?}");
        assert_eq!(check(&plan, "only").state, CheckState::Stops);
    }
    let plan = plan(&alone(), Operation::Stop).unwrap();
    assert!(plan.after.contains("whether a supervisor starts it again is not known"));
    let term = signal(&alone(), 14740, Signal::SIGTERM).unwrap();
    assert_eq!((term.operation, term.confirm), (None, Confirm::Word("shop".into())));
    let canary = signal(&both(), 9120, Signal::SIGWINCH).unwrap();
    assert_eq!(canary.confirm, Confirm::Button, "the new generation serves");
    let term = signal(&both(), 9120, Signal::SIGTERM).unwrap();
    assert_eq!(term.confirm, Confirm::Word("shop".into()), "requests are cut in any case");
}

#[test]
fn the_last_worker_wants_the_name() {
    let two = plan(&alone(), Operation::RemoveWorker).unwrap();
    assert_eq!((two.confirm, two.expect), (Confirm::Button, Expect::Workers(1)));
    let one = shop(vec![master(14740, Role::Current, None, &[14743])]);
    let last = plan(&one, Operation::RemoveWorker).unwrap();
    assert_eq!((last.confirm, last.expect), (Confirm::Word("shop".into()), Expect::Workers(0)));
    let none = shop(vec![master(14740, Role::Current, None, &[])]);
    assert_eq!(refused(plan(&none, Operation::RemoveWorker)), "14740 has no workers");
}

#[test]
fn stop_beside_an_old_master_is_a_rollback() {
    assert!(refused(plan(&both(), Operation::Stop)).ends_with("QUIT to 14740 is a rollback"));
    let back = signal(&both(), 14740, Signal::SIGQUIT).unwrap();
    assert_eq!(back.operation, Some(Operation::Rollback));
    assert_eq!(check(&back, "current").state, CheckState::Warns);
    let mut drained = both();
    drained.apps[0].masters[0].workers.clear();
    assert_eq!(
        refused(plan(&drained, Operation::Rollback)),
        "old master 9120 has no workers, so nobody would serve"
    );
    assert!(refused(plan(&alone(), Operation::Rollback)).contains("nothing to go back to"));
}

#[test]
fn winch_is_refused_where_a_terminal_is_the_input() {
    let mut census = alone();
    census.apps[0].masters[0].process.descriptors =
        known(vec![Descriptor { fd: 0, target: "/dev/pts/3".into() }]).into();
    assert_eq!(
        refused(plan(&census, Operation::Drain)),
        "14740 ignores WINCH: its standard input is /dev/pts/3"
    );
    census.apps[0].masters[0].process.descriptors =
        Fact::lacking(Place::new("fd"), Lack::Refused(Refusal::Denied)).into();
    let plan = plan(&census, Operation::Drain).unwrap();
    assert_eq!(check(&plan, "terminal").state, CheckState::Blind);
}

#[test]
fn ttin_tells_what_a_worker_takes() {
    let plan = plan(&alone(), Operation::AddWorker).unwrap();
    assert_eq!(plan.expect, Expect::Workers(3));
    assert_eq!(check(&plan, "memory").words, "its largest worker holds 100M, 3.0G is free");
    let mut full = alone();
    full.host.value.as_mut().unwrap().available = 1 << 20;
    let plan = super::planning::plan(&full, Operation::AddWorker).unwrap();
    assert_eq!(check(&plan, "memory").state, CheckState::Warns);
}

const MASTERS: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGUSR2,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGWINCH,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// Every signal is refused, with this in the reason.
fn all_refused(census: &Census, number: i32, because: &str) {
    for sent in MASTERS {
        let reason = refused(signal(census, number, *sent));
        assert!(reason.contains(because), "{sent}: {reason}");
    }
}

#[test]
fn a_booting_master_gets_nothing() {
    let mut census = alone();
    census.apps[0].masters[0].phase = Phase::Loading;
    census.apps[0].masters[0].role = Role::New;
    for sent in MASTERS.iter().filter(|sent| **sent != Signal::SIGUSR2) {
        let reason = refused(signal(&census, 14740, *sent));
        assert!(reason.contains("still loads the app"), "{sent}: {reason}");
    }
    let status = census.apps[0].masters[0].process.status.value.as_mut().unwrap();
    status.caught = SignalSet(0x4201_7e4f);
    assert!(refused(signal(&census, 14740, Signal::SIGQUIT)).contains("QUIT would end it"));
    census.apps[0].masters[0].phase = Phase::Ready;
    assert!(
        refused(signal(&census, 14740, Signal::SIGQUIT)).contains("QUIT would end it"),
        "the mask decides, whatever the title says"
    );
}

#[test]
fn a_zombie_a_stranger_and_farriers_own_get_nothing() {
    let mut dead = alone();
    dead.apps[0].masters[0].process.stat.value.as_mut().unwrap().state = State('Z');
    all_refused(&dead, 14740, "ended and was not reaped");
    all_refused(&alone(), 4711, "no process of a server");
    let mut own = alone();
    own.host.value.as_mut().unwrap().ancestors.push(pid(14740));
    all_refused(&own, 14740, "one of its own ancestors");
    let mut foreign = alone();
    foreign.host.value.as_mut().unwrap().proc_is_own = false;
    all_refused(&foreign, 14740, "another pid namespace");
}

#[test]
fn another_users_master_is_refused_without_the_right() {
    let mut census = alone();
    census.host.value.as_mut().unwrap().euid = 33;
    all_refused(&census, 14740, "runs as deploy, and farrier may not signal it");
    census.host.value.as_mut().unwrap().capabilities = 1 << 5;
    assert!(signal(&census, 14740, Signal::SIGHUP).is_ok());
    let host = census.host.value.as_mut().unwrap();
    (host.capabilities, host.euid) = (0, 1000);
    assert!(signal(&census, 14740, Signal::SIGHUP).is_ok());
}

#[test]
fn masks_that_were_not_read_refuse() {
    let mut census = alone();
    census.apps[0].masters[0].process.status =
        Fact::lacking(Place::new("/proc/14740/status"), Lack::Refused(Refusal::Denied));
    all_refused(&census, 14740, "the signal masks of 14740 were not read");
}

#[test]
fn a_signal_that_is_not_caught_or_ignored_is_not_offered() {
    let mut census = alone();
    let status = census.apps[0].masters[0].process.status.value.as_mut().unwrap();
    status.caught = SignalSet(status.caught.0 & !(1 << 11));
    assert_eq!(
        refused(signal(&census, 14740, Signal::SIGUSR2)),
        "14740 does not catch USR2: the kernel would end it"
    );
    let status = census.apps[0].masters[0].process.status.value.as_mut().unwrap();
    status.ignored = SignalSet(1 << 11);
    assert_eq!(refused(signal(&census, 14740, Signal::SIGUSR2)), "14740 ignores USR2");
}

#[test]
fn a_stopped_master_takes_only_cont() {
    let mut census = alone();
    let stat = census.apps[0].masters[0].process.stat.value.as_mut().unwrap();
    stat.state = State('T');
    all_refused(&census, 14740, "is stopped");
    let status = census.apps[0].masters[0].process.status.value.as_mut().unwrap();
    status.pending = SignalSet(1);
    let plan = plan(&census, Operation::Continue).unwrap();
    assert_eq!((plan.signal, plan.expect.clone()), (Signal::SIGCONT, Expect::Running));
    assert_eq!(check(&plan, "pending").words, "HUP waits for it and is handled at once");
    assert_eq!(refused(signal(&alone(), 14740, Signal::SIGCONT)), "14740 is not stopped");
}

#[test]
fn a_worker_is_refused_and_its_master_named() {
    let census = alone();
    let hup = signal(&census, 14743, Signal::SIGHUP).unwrap_err();
    assert_eq!(hup.reason, "14743 is w0 of 14740 and ignores HUP");
    assert_eq!(hup.way_out, "farrier signal HUP 14740 goes to its master");
    assert_eq!(refused(signal(&census, 14743, Signal::SIGQUIT)), "14743 is w0 of 14740");
    let mut stopped = census;
    let worker = &mut stopped.apps[0].masters[0].workers[0];
    worker.process.stat.value.as_mut().unwrap().state = State('T');
    assert_eq!(signal(&stopped, 14743, Signal::SIGCONT).unwrap().role, Role::Worker);
}

#[test]
fn some_signals_go_to_nobody() {
    for sent in [Signal::SIGKILL, Signal::SIGSTOP, Signal::SIGINT, Signal::SIGCHLD] {
        refused(signal(&alone(), 14740, sent));
    }
}

#[test]
fn the_rules_that_speak_against_an_upgrade_are_in_the_catalogue() {
    for name in farrier::rules::usr2::AGAINST {
        assert!(farrier::rules::rule(name).is_some(), "{name}");
    }
}
