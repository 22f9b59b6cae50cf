//! In place: the master lets its workers go and executes its program anew under the same pid. Nobody serves meanwhile, and
//! no second master is there when the new program does not come up: that is said first.

use std::time::Duration;

use crate::contract::{Restart, Way};
use crate::model::Master;
use crate::os::shown;

use super::renewal::Mark;
use super::{Back, boot, code, course, draft};
use crate::plans::check::warns;
use crate::plans::course::{Act, Course, Step, Wishes, step};
use crate::plans::{Case, Plan, Refused, words};

/// What the new program starts from, of the lines of NEXT.
const READ: &[&str] =
    &["directory", "program", "interpreter", "Ruby", "Gemfile", "gems", "config", "limits"];

/// Seconds that it may take from the last request to its title.
const STARTS_WITHIN: u64 = 30;

/// Plans its signal.
pub(in crate::plans) fn plan(
    case: &Case<'_>,
    master: &Master,
    restart: &Restart,
) -> Result<Plan, Refused> {
    let pid = master.process.pid;
    let mut plan = draft(case, master, restart)?;
    let (name, code) = (&case.app.name, code(case, master));
    let (timeout, load) = (case.timeout(master), boot(master));
    let gone = match master.workers_alive().count() {
        0 => format!("{pid} ends its requests"),
        count => format!("{pid} lets its {} end their requests", words::workers(count)),
    };
    let program = match master.restart.program.get() {
        Some(spot) => shown(&spot.path),
        None => "its program".into(),
    };
    plan.does = format!(
        "there is no second master: {gone}, within {timeout} s, and executes {program} anew under the same pid, \
         with {code}; a release that does not boot takes {name} down"
    );
    plan.after = format!(
        "{pid} serves {code}; until then requests wait in the queue for as long as it takes to end and to load"
    );
    let back = Back::of(case.app, master, Way::InPlace);
    plan.way_back = format!(
        "{}; then, while {pid} lives, {}; where it ended, {}",
        back.switch, back.again, back.start
    );
    plan.checks.insert(
        0,
        warns("alone", format!("no second master: what does not boot takes {name} down")),
    );
    case.preflight(master, Way::InPlace, READ, &mut plan);
    plan.within = Duration::from_secs(timeout + STARTS_WITHIN + 2 * load);
    Ok(plan.settled())
}

/// Its steps.
pub(in crate::plans) fn steps(
    case: &Case<'_>,
    master: &Master,
    restart: &Restart,
    wishes: &Wishes,
) -> Result<Course, Refused> {
    let first = plan(case, master, restart)?;
    let back = Back::of(case.app, master, Way::InPlace);
    let (lives, ended) = (back.while_it_lives(), back.once_it_ended());
    let timeout = Duration::from_secs(case.timeout(master));
    let load = Duration::from_secs(boot(master));
    let starts = Duration::from_secs(STARTS_WITHIN);
    let serves = match master.workers_alive().count() {
        0 => "it serves, and does so for 5 s",
        _ => "every worker serves, the same for 5 s",
    };
    let all: Vec<Step> = vec![
        step(
            "requests end",
            "its workers are gone, or it executes anew",
            timeout + Duration::from_secs(5),
            &lives,
            Act::Come(Mark::Left),
        ),
        step(
            "new program",
            "the same pid runs another program",
            starts,
            &ended,
            Act::Come(Mark::Executed),
        ),
        step("title", "its title is back", starts, &ended, Act::Come(Mark::Titled)),
        step("serves", serves, load + load, &lives, Act::Come(Mark::Serves)),
    ];
    course(case, wishes, first, all, &lives)
}
