//! `plan`, `do` and `signal` from their words to their exit statuses, with hands that send nothing.

use farrier::cli::Status;
use farrier::cli::operate::{Consent, Desk, Order, Reach, Said, Wanted, operate};
use farrier::contract::Verdicts;
use farrier::model::{Census, Operation, PidfileKind, PidfileState, Signal};
use farrier::os::{Pid, Refusal};
use farrier::plans::Rehearsal;
use farrier::show::text::Paint;

use super::shop::{ROOT, alone, both, later, pid, pidfile, shop};

/// What a command did.
#[derive(Default)]
struct Ran {
    status: Option<Status>,
    out: String,
    err: String,
    sent: Vec<(Pid, Signal)>,
    asked: Vec<String>,
}

/// A command on boxes that are seen in turn, the last one for good.
struct Command<'a> {
    wanted: Wanted,
    target: &'a str,
    reach: Reach,
    consent: Consent,
    /// What is typed at each question; `None`: there is no terminal.
    types: Option<&'a [&'a str]>,
    mute: bool,
}

fn sending(wanted: Wanted, target: &str) -> Command<'_> {
    let consent = Consent::default();
    Command { wanted, target, reach: Reach::Send, consent, types: None, mute: false }
}

const YES: Consent = Consent { yes: true, force: false };

impl Command<'_> {
    fn run(self, boxes: &[Census]) -> Ran {
        let mut hands = Rehearsal::of(&boxes[0]);
        hands.mute = self.mute.then_some(Refusal::Denied);
        let mut ran = Ran::default();
        let mut at = 0;
        let mut typed = self.types.unwrap_or_default().iter();
        let mut asked = Vec::new();
        let mut ask = |question: &str| {
            asked.push(question.to_owned());
            format!("{}\n", typed.next().unwrap_or(&""))
        };
        let order = Order {
            target: self.target.into(),
            reach: self.reach,
            consent: self.consent,
            timeout: None,
            json: false,
            wishes: farrier::plans::course::Wishes::default(),
        };
        let status = operate(
            &self.wanted,
            &order,
            &mut || {
                at += 1;
                let census = boxes[(at - 1).min(boxes.len() - 1)].clone();
                (later(census, 500 * i64::try_from(at).unwrap()), Verdicts::default())
            },
            &mut hands,
            &mut Desk {
                say: &mut |said| match said {
                    Said::Text(text) => ran.out.push_str(text),
                    Said::Message(message) => ran.err += &(message.to_owned() + "\n"),
                },
                ask: if self.types.is_some() { Some(&mut ask) } else { None },
                broken_off: &|| false,
                left: &farrier::os::own::Leave::default,
                paint: Paint::default(),
            },
        );
        assert!(hands.held.is_empty(), "it is let go");
        Ran { status: Some(status), sent: hands.sent, asked, ..ran }
    }
}

fn gone() -> Census {
    let mut census = both();
    census.apps[0].masters.remove(0);
    census
}

const RETIRE: Wanted = Wanted::Operation(Operation::Retire);
const QUIT: Wanted = Wanted::Signal(Signal::SIGQUIT);

#[test]
fn yes_sends_and_tells_what_was_seen() {
    let command = Command { consent: YES, ..sending(RETIRE, "shop") };
    let ran = command.run(&[both(), both(), gone()]);
    assert_eq!((ran.status, ran.sent), (Some(Status::DONE), vec![(pid(9120), Signal::SIGQUIT)]));
    assert!(ran.out.contains("SEND      QUIT to 9120"), "{}", ran.out);
    assert!(ran.out.trim_end().ends_with("14740 serves alone"), "{}", ran.out);
}

#[test]
fn without_a_terminal_and_without_yes_it_refuses() {
    let ran = sending(RETIRE, "shop").run(&[both()]);
    assert_eq!((ran.status, ran.sent), (Some(Status::REFUSED), vec![]));
    assert_eq!(ran.err, "Not sent: there is no terminal to confirm it. --yes confirms it\n");
}

#[test]
fn on_a_terminal_only_the_verb_sends() {
    for (typed, status) in [("send", Status::DONE), ("y", Status::REFUSED), ("", Status::REFUSED)] {
        let command = Command { types: Some(&[typed]), ..sending(RETIRE, "shop") };
        let ran = command.run(&[both(), both(), gone()]);
        assert_eq!(ran.status, Some(status), "{typed}");
        assert_eq!(ran.sent.is_empty(), status == Status::REFUSED);
        assert_eq!(ran.asked, ["Send QUIT to 9120? [send/cancel] "]);
    }
}

#[test]
fn what_ends_service_takes_its_name_or_force() {
    let none = || [alone(), alone(), shop(Vec::new())];
    for (types, consent, status) in [
        (Some(&["shop"][..]), Consent::default(), Status::DONE),
        (Some(&["send"][..]), Consent::default(), Status::REFUSED),
        (None, YES, Status::REFUSED),
        (None, Consent { yes: true, force: true }, Status::DONE),
    ] {
        let ran = Command { consent, types, ..sending(QUIT, "14740") }.run(&none());
        assert_eq!(ran.status, Some(status), "{types:?} {consent:?}");
        assert_eq!(ran.sent.is_empty(), status == Status::REFUSED);
    }
}

#[test]
fn a_plan_and_a_rehearsal_send_nothing() {
    for reach in [Reach::Look, Reach::Rehearse, Reach::ReadOnly("farrier is read-only")] {
        let ran = Command { reach, consent: YES, ..sending(RETIRE, "shop") }.run(&[both()]);
        assert!(ran.sent.is_empty(), "{reach:?}");
        let refused = matches!(reach, Reach::ReadOnly(_));
        assert_eq!(ran.status == Some(Status::REFUSED), refused, "{reach:?}");
    }
    let stop = Wanted::Operation(Operation::Stop);
    let ran = Command { reach: Reach::Look, ..sending(stop, "shop") }.run(&[alone()]);
    assert_eq!(ran.status, Some(Status::REFUSED), "something stops it");
}

#[test]
fn a_signal_to_an_app_with_two_masters_wants_the_pid() {
    let ran = Command { consent: YES, ..sending(QUIT, "shop") }.run(&[both()]);
    assert_eq!((ran.status, ran.sent), (Some(Status::REFUSED), vec![]));
    assert!(ran.err.contains("several masters: 9120 (old), 14740 (current)"), "{}", ran.err);
}

#[test]
fn a_pidfile_that_leads_nowhere_reaches_nobody() {
    let mut census = alone();
    census.apps[0].pidfiles =
        vec![pidfile("unicorn.pid.oldbin", PidfileKind::Oldbin, 9120, PidfileState::Dead)].into();
    let path = format!("{ROOT}/shared/pids/unicorn.pid.oldbin");
    let consent = Consent { yes: true, force: true };
    let ran = Command { consent, ..sending(QUIT, &path) }.run(&[census]);
    assert_eq!((ran.status, ran.sent), (Some(Status::REFUSED), vec![]));
    assert!(ran.err.contains("names no living master"), "{}", ran.err);
}

#[test]
fn what_follows_decides_the_status() {
    let command = || Command { consent: YES, ..sending(RETIRE, "shop") };
    assert_eq!(command().run(&[both()]).status, Some(Status::OLD_SERVES));
    let outage = [both(), both(), shop(Vec::new())];
    assert_eq!(command().run(&outage).status, Some(Status::NOTHING_SERVES));
}

#[test]
fn a_mute_audit_log_is_asked_about() {
    let boxes = [both(), both(), both(), both(), gone()];
    let types: &[&str] = &["send", "send"];
    let ran = Command { types: Some(types), mute: true, ..sending(RETIRE, "shop") }.run(&boxes);
    assert_eq!(ran.status, Some(Status::DONE), "{}", ran.err);
    assert_eq!(ran.asked.len(), 2);
    let types: &[&str] = &["send", "cancel"];
    let ran = Command { types: Some(types), mute: true, ..sending(RETIRE, "shop") }.run(&boxes);
    assert_eq!((ran.status, ran.sent), (Some(Status::REFUSED), vec![]));
}
