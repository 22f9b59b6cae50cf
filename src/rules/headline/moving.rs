//! A handover within its grace: who serves, who is awaited, and who works on it, or left it.

use super::{Headline, Word, generations, plain, release, stuck};
use crate::contract::line::{Line, age, cut};
use crate::model::handover::grace;
use crate::model::{App, Census, Master, Phase};
use crate::rules::advice;

/// Whether a master could serve without the other one, as far as was seen: it runs, has workers and every listener. What
/// ends the other one is refused without that.
fn serves_alone(app: &App, master: &Master) -> bool {
    let holds = |held: &Vec<u64>| app.listeners.iter().all(|one| held.contains(&one.inode));
    !master.process.is_stopped()
        && master.workers_alive().next().is_some()
        && master.listens.get().is_some_and(|held| !held.is_empty() && holds(held))
}

pub(super) fn moving(app: &App, census: &Census) -> Headline<'static> {
    let Some((old, new)) = generations(app) else { return stuck(app, census) };
    let (pid, next) = (old.process.pid, new.process.pid);
    let name = cut(&app.name, 16);
    let since = new.process.age.get().copied().unwrap_or(0);
    let bound = grace(app, census);
    let (what, wait) = if new.phase == Phase::Ready {
        let nobody = app.holder.get().is_some_and(Option::is_none);
        let own = advice::ends_handover(app, pid, next)
            .filter(|_| nobody && new.hook_retires() == Some(false));
        let wait = match own {
            Some((on, back)) => match (serves_alone(app, new), serves_alone(app, old)) {
                (true, true) => Line::new(format!("{on}; {back} it")),
                (true, false) => Line::new(on),
                (false, true) => Line::new(format!("{back} {pid}")),
                (false, false) => Line::new("signal neither: no one of them could serve alone"),
            },
            None => Line::new(format!("wait until {pid} is retired"))
                .aside(", by the hook, the deploy or by hand"),
        };
        (Line::new(format!("{name}: {next} is ready, {pid} still serves beside it")), wait)
    } else {
        (
            Line::new(format!("{name}: {pid} serves, {next} loads")),
            Line::new(format!("wait until {next} is ready; signal neither meanwhile")),
        )
    };
    let (what, wait) = match &app.left {
        Some(left) => {
            let at = left.at.to_zoned(census.zone.clone()).strftime("%H:%M").to_string();
            let by = cut(&left.by.to_string(), 12);
            let step = left.step.0;
            let what = format!("an upgrade of {name} by {by} stopped after step {step}, {at}");
            (Line::new(what), wait)
        }
        None => (what, wait),
    };
    let wait = match app.operator() {
        Some(holder) => Line::new(format!("wait: {} works on it", cut(&holder.who(), 40))),
        None => wait,
    };
    let went = app.left.as_ref().and_then(|left| left.why);
    let went = went.map_or_else(String::new, |why| format!("{why}; "));
    plain(
        Word::Moving,
        what,
        Line::new(format!("{went}{next}{} started", release(new)))
            .keep(format!(" {} ago, of at most {}", age(since), age(bound)))
            .aside(format!("; {pid}{}", release(old))),
        wait,
    )
}
