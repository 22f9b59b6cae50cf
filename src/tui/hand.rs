//! The hand: holds the process of an open question, asks each second whether its plan stands, and sends when told to.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::TryRecvError::Disconnected;

use jiff::Timestamp;

use super::gather::Looker;
use crate::contract::Verdicts;
use crate::model::Census;
use crate::os::Hands;
use crate::os::own::Leave;
use crate::plans::carry::{self, Helm};
use crate::plans::course::Course;
use crate::plans::runner::{self, Terms};
use crate::plans::{Given, Guard, Outcome, Plan, Refused, lock};

/// So often, in nanoseconds, a look that was taken for a course is shown.
const SHOWN_EVERY: i64 = 200_000_000;

/// What the hand is told.
#[derive(Debug)]
pub enum Order {
    /// Hold this plan's process.
    Hold(Box<Plan>),
    /// See whether it still stands.
    Recheck,
    /// Let it go.
    LetGo,
    /// Send it.
    Send(Given),
    /// Carry out the course of which it is the first signal.
    Carry(Box<Course>, Given),
    /// Send nothing more of the course that is under way.
    Break,
}

/// What the hand says.
#[derive(Debug)]
pub enum Said {
    /// It is held.
    Held,
    /// It is not held, or does not stand any more.
    Turned(Refused),
    /// A look that was taken for a course: what is told of it stands on the same screen.
    Looked(Arc<Census>, Arc<Verdicts>),
    /// Something was sent or seen, in a look that was taken then.
    Told(Timestamp, runner::Event),
    /// What came of the plan with this title, by a look that was taken then.
    Came(Timestamp, String, Outcome),
}

/// Follows orders until there are none any more. What is held then is let go; nothing is sent.
pub fn follow(
    mut hands: Box<dyn Hands + Send>,
    mut looker: Looker,
    orders: &Receiver<Order>,
    say: impl Fn(Said),
) {
    let mut held: Option<Guard> = None;
    for order in orders {
        match order {
            Order::Hold(plan) => {
                release(held.take(), &mut *hands);
                let (census, _) = looker.look();
                match Guard::open(*plan, &census, &mut *hands) {
                    Ok(guard) => {
                        held = Some(guard);
                        say(Said::Held);
                    }
                    Err(refused) => say(Said::Turned(refused)),
                }
            }
            Order::Recheck => {
                let Some(guard) = &held else { continue };
                let (census, verdicts) = looker.look();
                if let Err(refused) = guard.stands(&census, &verdicts, &mut *hands) {
                    release(held.take(), &mut *hands);
                    say(Said::Turned(refused));
                }
            }
            // What it would break off has ended already.
            Order::Break => {}
            Order::Carry(course, given) => {
                let Some(guard) = held.take() else { continue };
                carry_out(&course, guard, given, &mut *hands, &mut looker, orders, &say);
                hands.unlock();
            }
            Order::LetGo => release(held.take(), &mut *hands),
            Order::Send(given) => {
                let Some(guard) = held.take() else { continue };
                let title = guard.plan().title.clone();
                let terms = Terms { given, within: None, unaudited: true };
                let at = Cell::new(Timestamp::UNIX_EPOCH);
                let mut look = || {
                    let (census, verdicts) = looker.look();
                    at.set(census.taken_at);
                    (Arc::unwrap_or_clone(census), Arc::unwrap_or_clone(verdicts))
                };
                let mut tell = |event| {
                    if !matches!(event, runner::Event::Waiting(..)) {
                        say(Said::Told(at.get(), event));
                    }
                    ControlFlow::Continue(())
                };
                let warn = |event| say(Said::Told(at.get(), event));
                let outcome = match locked(guard, &mut *hands, &mut look, warn) {
                    Err(refused) => Outcome::Refused(refused),
                    Ok(guard) => runner::run(guard, &terms, &mut *hands, &mut look, &mut tell),
                };
                hands.unlock();
                say(Said::Came(at.get(), title, outcome));
            }
        }
    }
    release(held, &mut *hands);
}

/// Carries a course out. It breaks off when it is told to, and when nobody gives orders any more: the terminal went.
fn carry_out(
    course: &Course,
    guard: Guard,
    given: Given,
    hands: &mut dyn Hands,
    looker: &mut Looker,
    orders: &Receiver<Order>,
    say: &impl Fn(Said),
) {
    let (census, verdicts) = looker.look();
    let at = Cell::new(census.taken_at);
    let came = |outcome| say(Said::Came(at.get(), course.title.clone(), outcome));
    let shown = Cell::new(census.boot_time);
    let mut look = || {
        let (census, verdicts) = looker.look();
        at.set(census.taken_at);
        if census.boot_time.saturating_sub(shown.get()) >= SHOWN_EVERY {
            shown.set(census.boot_time);
            say(Said::Looked(Arc::clone(&census), Arc::clone(&verdicts)));
        }
        (Arc::unwrap_or_clone(census), Arc::unwrap_or_clone(verdicts))
    };
    let warn = |event| say(Said::Told(at.get(), event));
    let guard = match locked(guard, hands, &mut look, warn) {
        Ok(guard) => guard,
        Err(refused) => return came(Outcome::Refused(refused)),
    };
    let (mut broken_off, left) = (false, Cell::new(Leave::Operator));
    let mut tell = |event| {
        if !matches!(event, runner::Event::Waiting(..)) {
            say(Said::Told(at.get(), event));
        }
        match orders.try_recv() {
            Ok(Order::Break) => broken_off = true,
            Err(Disconnected) => {
                broken_off = true;
                left.set(Leave::Terminal);
            }
            _ => {}
        }
        if broken_off { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let terms = Terms { given, within: None, unaudited: true };
    let mut helm = Helm { look: &mut look, tell: &mut tell, ask: None, left: &|| left.get() };
    came(carry::carry(course, guard, &census, &verdicts, &terms, hands, &mut helm));
}

/// Keeps a second operator out: what is to be said of the lock is said; where it is another's, the process is let go.
fn locked(
    guard: Guard,
    hands: &mut dyn Hands,
    look: &mut dyn FnMut() -> (Census, Verdicts),
    say: impl FnOnce(runner::Event),
) -> Result<Guard, Refused> {
    match lock::take(guard.plan(), hands, || look().0) {
        Ok(warning) => {
            if let Some(words) = warning {
                say(runner::Event::Warning(words));
            }
            Ok(guard)
        }
        Err(refused) => {
            guard.close(hands);
            Err(refused)
        }
    }
}

fn release(guard: Option<Guard>, hands: &mut dyn Hands) {
    if let Some(guard) = guard {
        guard.close(hands);
    }
}
