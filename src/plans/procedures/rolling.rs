//! Rolling: the master stays and replaces its workers one after the other. A release that does not boot leaves it one
//! worker short for as long as nobody goes back.

use std::time::Duration;

use crate::contract::{Restart, Way};
use crate::model::Master;

use super::renewal::Mark;
use super::{Back, boot, code, course, draft};
use crate::plans::check::warns;
use crate::plans::course::{Act, Course, Step, Wishes, step};
use crate::plans::{Case, Plan, Refused, words};

/// What new workers start from, of the lines of NEXT.
const READ: &[&str] = &["directory", "Gemfile", "gems", "limits"];

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
    let count = master.workers_alive().count();
    plan.does = format!(
        "there is no second master: {pid} lets its {} end their requests one after the other, each within {timeout} s, \
         and starts one with {code} in its place; it keeps its own program, gems and configuration",
        words::workers(count)
    );
    plan.after = format!("{pid} serves {code} with workers that are all new");
    let back = Back::of(case.app, master, Way::Rolling);
    plan.way_back = back.while_it_lives();
    let words = match count {
        1 => format!("its only worker is replaced: what does not boot takes {name} down"),
        _ => format!(
            "one worker is missing while each is replaced; what does not boot leaves {name} one short"
        ),
    };
    plan.checks.insert(0, warns("alone", words));
    case.preflight(master, Way::Rolling, READ, &mut plan);
    let each = timeout + load;
    plan.within = Duration::from_secs(u64::try_from(count.max(1)).unwrap_or(1) * each);
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
    let back = Back::of(case.app, master, Way::Rolling).while_it_lives();
    let timeout = Duration::from_secs(case.timeout(master) + 5);
    let all: Vec<Step> = vec![
        step("begins", "a first worker leaves", timeout, &back, Act::Come(Mark::Left)),
        step(
            "replaced",
            "every worker is new and serves, the same for 5 s",
            first.within,
            &back,
            Act::Come(Mark::Serves),
        ),
    ];
    course(case, wishes, first, all, &back)
}
