//! An operation of several steps from a TARGET to what came of it: what `upgrade`, `rollback` and their plans do.

use std::ops::ControlFlow;

use super::Status;
use super::looker::settled;
use super::operate::{Desk, Look, Order, Reach, locked, reported, told};
use super::targets;
use crate::model::Operation;
use crate::os::Hands;
use crate::plans::carry::{Helm, carry};
use crate::plans::course::{Course, course};
use crate::plans::{Event, Given, Guard, Outcome, Refused, Terms};
use crate::show::json;
use crate::show::text::plan as text;
use crate::survey::target::resolve;

/// Carries an upgrade or a rollback out, as far as the order's reach goes.
pub fn conduct(
    operation: Operation,
    order: &Order,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Status {
    let (census, verdicts) = settled(look, hands);
    let target = match resolve(&census, &order.target) {
        Ok(target) => target,
        Err(refused) => {
            desk.complain(&targets::words(&refused));
            return Status::REFUSED;
        }
    };
    let planned = match (targets::leads_nowhere(&target), census.app(&target.app)) {
        (Some(refused), _) => Err(refused),
        (None, None) => Err(Refused::new("the app is gone", "farrier tree shows what is here")),
        (None, Some(app)) => {
            course(&census, &verdicts, app, target.master, operation, &order.wishes)
        }
    };
    show(operation, &planned, order, desk);
    let Ok(course) = planned else { return Status::REFUSED };
    let stops = if course.first.stops() { Status::REFUSED } else { Status::DONE };
    match order.reach {
        Reach::Look => return stops,
        Reach::ReadOnly(why) => {
            return told(&Refused::new(why, "farrier plan shows what it would do"), desk);
        }
        Reach::Send if !order.consent.yes && desk.ask.is_none() => {
            let refused = Refused::new("there is no terminal to confirm it", "--yes confirms it");
            return told(&refused, desk);
        }
        Reach::Send if order.wishes.canary && desk.ask.is_none() => {
            let refused = Refused::new(
                "--canary asks before the old master is retired, and there is no terminal",
                "leave --canary out",
            );
            return told(&refused, desk);
        }
        Reach::Send => {
            if let Err(refused) = locked(&course.first, order.consent, look, hands, desk) {
                return told(&refused, desk);
            }
        }
        Reach::Rehearse => {}
    }
    let guard = match Guard::open(course.first.clone(), &census, hands) {
        Ok(guard) => guard,
        Err(refused) => return told(&refused, desk),
    };
    if order.reach == Reach::Rehearse {
        let (census, verdicts) = look();
        let stands = guard.stands(&census, &verdicts, hands);
        guard.close(hands);
        return stands.map_or_else(|refused| told(&refused, desk), |()| stops);
    }
    let confirmed = confirmed(&course, order, desk).and_then(|given| {
        guard.satisfied(&given).map_err(Outcome::Refused)?;
        Ok(given)
    });
    let given = match confirmed {
        Ok(given) => given,
        Err(outcome) => {
            guard.close(hands);
            return reported(outcome, desk);
        }
    };
    let terms = Terms { given, within: order.timeout, unaudited: order.consent.yes };
    let first = (&census, &verdicts);
    match carried(&course, guard, first, &terms, look, hands, desk) {
        Outcome::Unaudited(refused) => {
            told(&refused, desk);
            match desk.answer("Go on without an audit line? [send/cancel] ") {
                Err(outcome) => return reported(outcome, desk),
                Ok(typed) if typed.trim() != "send" => return Status::REFUSED,
                Ok(_) => {}
            }
            let guard = match Guard::open(course.first.clone(), &census, hands) {
                Ok(guard) => guard,
                Err(refused) => return told(&refused, desk),
            };
            let terms = Terms { unaudited: true, ..terms };
            let outcome = carried(&course, guard, first, &terms, look, hands, desk);
            reported(outcome, desk)
        }
        outcome => reported(outcome, desk),
    }
}

fn show(
    operation: Operation,
    planned: &Result<Course, Refused>,
    order: &Order,
    desk: &mut Desk<'_>,
) {
    if order.json && matches!(order.reach, Reach::Look | Reach::Rehearse) {
        let document = match planned {
            Ok(course) => json::plan::Planned::course(course),
            Err(refused) => json::plan::Planned::refused(Some(operation), refused),
        };
        match json::text(&document, json::Layout::Lines) {
            Ok(text) => desk.print(&text),
            Err(error) => desk.complain(&error.to_string()),
        }
        return;
    }
    match planned {
        Ok(course) => {
            let text = desk.paint.finish(&text::course(course, desk.paint));
            desk.print(&text);
        }
        Err(refused) => {
            told(refused, desk);
        }
    }
}

/// What the operator gives: asked for on a terminal, else what the options say.
fn confirmed(course: &Course, order: &Order, desk: &mut Desk<'_>) -> Result<Given, Outcome> {
    if order.consent.yes {
        return Ok(order.consent.given());
    }
    let (title, word) = (&course.title, course.operation.name());
    if course.first.stops() {
        let name = &course.app_name;
        let question = format!("{title} although something stops it? Type its name, {name}: ");
        let typed = desk.answer(&question)?;
        return Ok(Given::Word(typed.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if desk.answer(&format!("{title}? [{word}/cancel] "))?.trim() == word {
        Ok(Given::Button)
    } else {
        let way_out = format!("type {word} to confirm it");
        Err(Outcome::Refused(Refused::new("it was cancelled", way_out)))
    }
}

fn carried(
    course: &Course,
    guard: Guard,
    (census, verdicts): (&crate::model::Census, &crate::contract::Verdicts),
    terms: &Terms,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Outcome {
    let Desk { say, ask, broken_off, left, .. } = desk;
    let mut go_on = |question: &str| {
        let retires = ask.as_mut().is_some_and(|ask| ask(question).trim() == "retire");
        (!broken_off()).then_some(retires)
    };
    let mut helm = Helm {
        look,
        tell: &mut |event| {
            match event {
                Event::Sent(words) | Event::Seen(words) | Event::Step { words, .. } => {
                    say(super::operate::Said::Text(&format!("{words}\n")));
                }
                Event::Happened(event) => {
                    say(super::operate::Said::Text(&format!("{}\n", event.words())));
                }
                Event::Warning(words) => say(super::operate::Said::Message(&words)),
                Event::Waiting(..) => {}
            }
            if broken_off() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        ask: Some(&mut go_on),
        left: *left,
    };
    carry(course, guard, census, verdicts, terms, hands, &mut helm)
}
