//! Restarts in which the master stays the same process, one file a shape, and what they have in common: what is looked at
//! before, the way back, and the last step.

pub mod in_place;
pub mod renewal;
pub mod rolling;

use std::time::Duration;

use crate::contract::quote::{self, farrier, seen_by};
use crate::contract::{Restart, Way};
use crate::model::{App, Master, Operation, Supervisor};
use crate::os::shown;
use crate::rules::renewal as against;

use super::check::{blind, holds, stops, warns};
use super::course::{Act, Course, Step, Whom, Wishes, checked, doors, step};
use super::next::lines;
use super::{Case, Expect, Plan, Refused, case, words};

/// Seconds that a worker may take to load the app where nothing says how long.
const BOOT: u64 = 60;
/// How long new workers have to stay the same, and what they brought is looked at.
const VERIFY_WITHIN: Duration = Duration::from_secs(10);

/// Rules whose findings speak against it.
const AGAINST: &[&str] = &[
    "gemfile-missing",
    "reexec-missing",
    "env-overgrown",
    "config-missing",
    "release-deleted",
    "release-pinned",
    "current-broken",
    "master-duplicate",
];

impl Case<'_> {
    /// How a master is restarted: in the shape that is wanted, else in the best one that loads the new code.
    pub(super) fn restart(&self, master: &Master) -> Result<&'static Restart, Refused> {
        let server = self.server()?;
        let pid = master.process.pid;
        let names: Vec<&str> = server.restarts.iter().map(|r| r.way().name()).collect();
        let Some(way) = self.way else {
            return against::best(self.app, master).ok_or_else(|| {
                Refused::new(
                    format!("{} has no restart by a signal", server.name),
                    farrier("explain", self.app.kind.name()),
                )
            });
        };
        let Some(restart) = server.restarts.iter().find(|restart| restart.way() == way) else {
            return Err(Refused::new(
                format!("{} has no restart {}", server.name, way.name()),
                format!("--way takes {}", names.join(" or ")),
            ));
        };
        let needs = restart.by().needs.filter(|_| restart.is_for(master) != Some(true));
        let Some(needs) = needs else { return Ok(restart) };
        let other = names.iter().find(|name| **name != way.name());
        let way_out = match other {
            Some(other) => farrier(&format!("upgrade --way {other}"), &self.app.id),
            None => farrier("explain", self.app.kind.name()),
        };
        let name = way.name();
        Err(match restart.is_for(master) {
            Some(_) => {
                Refused::new(format!("{pid} {}: it has no {name} restart", needs.lacks), way_out)
            }
            None => Refused::new(
                format!(
                    "a {name} restart is only {}, and that could not be seen of {pid}",
                    needs.words
                ),
                way_out,
            ),
        })
    }

    /// What is looked at before a master is restarted that nobody stands in for.
    fn preflight(&self, master: &Master, way: Way, read: &[&str], plan: &mut Plan) {
        plan.next =
            lines(self, master).into_iter().filter(|line| read.contains(&line.what)).collect();
        self.workers(master, plan);
        for found in against::obstacles(self.app, master, way) {
            plan.checks.push(stops(found.what, found.words));
        }
        self.findings(AGAINST, plan);
        self.queues(plan);
    }

    /// That the workers are all there, where nothing was found against it.
    fn workers(&self, master: &Master, plan: &mut Plan) {
        let alive = master.workers_alive().count();
        let untold = master.workers_alive().filter(|w| w.serves.get().is_none()).count();
        plan.checks.push(if against::is_way_back(self.app, master) {
            // How many there are at this moment tells nothing: they come and go.
            let pid = master.process.pid;
            warns(
                "serves",
                format!("what {pid} starts now does not come up: this leads away from it"),
            )
        } else if master.serves_alone == Some(true) {
            holds("serves", format!("{} serves by itself, without workers", master.process.pid))
        } else if untold > 0 {
            blind("serves", format!("whether {untold} of {alive} workers serve was not seen"))
        } else {
            let serve = master.workers_alive().filter(|w| w.may_answer()).count();
            let words = format!("{serve} of {alive} workers serve");
            if serve == alive && serve > 0 {
                holds("serves", words)
            } else {
                warns("serves", words)
            }
        });
    }
}

/// Seconds that a worker may take to load the app.
fn boot(master: &Master) -> u64 {
    let set = case::running_config(master).and_then(|c| c.boot_timeout.value().copied());
    set.map_or(BOOT, u64::from)
}

/// How the release that ran before comes back: `current` switched, then what the master is told, or who starts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// The link switched back, or what has to be mended.
    pub switch: String,
    /// The restart again, while the master lives.
    pub again: String,
    /// The start, where it ended.
    pub start: String,
}

impl Back {
    /// That of a master as it runs before.
    pub fn of(app: &App, master: &Master, way: Way) -> Self {
        let layout = app.layout.get().and_then(Option::as_ref);
        // Where it leads away from what does not come up, that is nothing to go back to.
        let runs = master.release.get().and_then(Option::as_deref);
        let runs = runs.filter(|_| !against::is_way_back(app, master));
        let current = layout.and_then(|layout| layout.current_release());
        let behind = layout
            .zip(runs)
            .filter(|(layout, runs)| Some(*runs) != current && layout.release(runs).is_some());
        let switch = match behind {
            Some((layout, runs)) => {
                let to = seen_by(&master.process, &layout.releases_directory.join(runs));
                let link = seen_by(&master.process, &layout.current.path);
                format!("ln -s {to} {link}.back && mv -T {link}.back {link}")
            }
            None => "mend what keeps it from loading".into(),
        };
        let again = farrier(&format!("upgrade --way {}", way.name()), &app.id);
        let start = match master.supervisor.get() {
            Some(Supervisor::Unit(unit)) if unit.file.is_some() => {
                format!("systemctl start {}", quote::unit(&unit.name))
            }
            Some(Supervisor::Service { name, .. }) => format!("start it by {name}"),
            _ => "start it by what starts it at boot".into(),
        };
        Self { switch, again, start }
    }

    /// While the master lives.
    pub fn while_it_lives(&self) -> String {
        format!("{}; then {}", self.switch, self.again)
    }

    /// Where it ended.
    pub fn once_it_ended(&self) -> String {
        format!("{}; then {}", self.switch, self.start)
    }
}

/// What `--canary` and `--probe` ask of a restart without a second master.
fn proofs(
    case: &Case<'_>,
    wishes: &Wishes,
    within: Duration,
    back: &str,
) -> Result<Vec<Step>, Refused> {
    if wishes.canary {
        return Err(Refused::new(
            "--canary keeps the old master beside the new one, and there is only one here",
            "leave --canary out",
        ));
    }
    let Some(path) = &wishes.probe else { return Ok(Vec::new()) };
    if doors(case.app).next().is_none() {
        return Err(Refused::new(
            format!(
                "no listener of {} is known through which {path} could be asked",
                case.app.name
            ),
            "leave --probe out",
        ));
    }
    let must_see = format!("a new worker answers GET {path} below 500");
    Ok(vec![step("probe", must_see, within, back, Act::Probe)])
}

/// The course that a plan, its signal and the steps after that make.
fn course(
    case: &Case<'_>,
    wishes: &Wishes,
    first: Plan,
    steps: Vec<Step>,
    back: &str,
) -> Result<Course, Refused> {
    let (signal, pid) = (words::name(first.signal), first.target);
    let sends = step(
        format!("{signal} to {pid}"),
        format!("{pid} takes it"),
        Duration::from_secs(5),
        "none once it was sent: it cannot be called off",
        Act::Send(Operation::Upgrade, Whom::Old),
    );
    let mut all = vec![checked(&first), sends];
    all.extend(steps);
    all.extend(proofs(case, wishes, first.within, back)?);
    all.push(step(
        "verify",
        "all workers of the new release, every listener held, no finding that was not there before",
        VERIFY_WITHIN,
        back,
        Act::Settle,
    ));
    Ok(Course {
        operation: Operation::Upgrade,
        app: case.app.id.clone(),
        app_name: case.app.name.clone(),
        title: first.title.clone(),
        probe: wishes.probe.clone(),
        new: None,
        first,
        steps: all,
        left: None,
    })
}

/// What a plan of one shape has in common with the other.
fn draft(case: &Case<'_>, master: &Master, restart: &Restart) -> Result<Plan, Refused> {
    let way = restart.way();
    let mut plan = case.draft(Some(Operation::Upgrade), restart.by().signal, master)?;
    plan.way = Some(way);
    plan.title = format!(
        "Upgrade {} {}",
        case.app.name,
        match way {
            Way::InPlace => "in place",
            _ => "worker by worker",
        }
    );
    plan.expect = Expect::Renewed;
    Ok(plan)
}

/// The release that the restart loads, where one is known: `release 20261108120000`.
fn code(case: &Case<'_>, master: &Master) -> String {
    match against::leads_to(case.app, master) {
        Some(release) => format!("release {release}"),
        None => match master.restart.directory.get() {
            Some(spot) => format!("the code in {}", shown(&spot.path)),
            None => "the code in its directory".into(),
        },
    }
}

/// The course of a restart in which the master stays the same process; `None`: it is not of that shape.
pub(super) fn same_master(case: &Case<'_>, wishes: &Wishes) -> Result<Option<Course>, Refused> {
    let beside = |way| way == Way::Beside;
    let server = case.server()?;
    if server.restarts.iter().all(|restart| beside(restart.way())) && case.way.is_none_or(beside) {
        return Ok(None);
    }
    let master = case.current_or_named()?;
    let restart = case.restart(master)?;
    let course = match restart.way() {
        Way::Beside => return Ok(None),
        Way::InPlace => in_place::steps(case, master, restart, wishes)?,
        Way::Rolling => rolling::steps(case, master, restart, wishes)?,
    };
    let first = case.holders(course.first);
    Ok(Some(Course { first, ..course }))
}
