//! An operation of several steps as data: what each sends, what must be seen within how long, and the way back.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::contract::{Verdicts, Way};
use crate::model::{Address, App, AppId, Census, Listener, Master, Operation, Role, Setting};
use crate::os::{Door, Pid, shown};

use super::case::running_config;
use super::follow::Stage;
use super::procedures::{renewal::Mark, same_master};
use super::{Case, Plan, Refused, brief, going_on, plan, planned, rollback, words};

/// How long a master may take to fork its successor; it does so at once or refuses.
const FORKS_WITHIN: Duration = Duration::from_secs(15);
/// How long a hook that retires the old master is waited for.
const HOOK_WITHIN: Duration = Duration::from_secs(5);
/// How long what was reached may take to look like it in every respect.
const VERIFY_WITHIN: Duration = Duration::from_secs(10);

/// An operation of several steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The operation: upgrade or rollback.
    pub operation: Operation,
    /// The app.
    pub app: AppId,
    /// Its name.
    pub app_name: String,
    /// `Upgrade shop`.
    pub title: String,
    /// The first signal, with everything that was checked before it.
    pub first: Plan,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// The path that is asked for in its step [`Act::Probe`].
    pub probe: Option<String>,
    /// The new master where it is there already.
    pub new: Option<Pid>,
    /// What is still to be done by hand when it is through.
    pub left: Option<String>,
}

impl Step {
    /// What must be seen, in as few words as there are.
    pub fn brief(&self) -> &str {
        if self.brief.is_empty() { &self.must_see } else { &self.brief }
    }
}

impl Course {
    /// The first signal as it is shown with the steps below it.
    pub fn shown(&self) -> Plan {
        let after = self.steps.last().map(|step| step.must_see.clone()).unwrap_or_default();
        Plan { title: self.title.clone(), after, ..self.first.clone() }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its short name: `preflight`, `USR2 to 14740`, `app loads`.
    pub name: String,
    /// What must be seen.
    pub must_see: String,
    /// The same in few words, for a list; empty: there are no fewer.
    pub brief: String,
    /// Within how long.
    pub within: Duration,
    /// The way back while it lasts.
    pub way_back: String,
    /// What is done.
    pub act: Act,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Everything was checked; the plan of the first signal holds it.
    Preflight,
    /// One signal, as its own operation plans it at that moment.
    Send(Operation, Whom),
    /// Nothing is sent: the handover has to come this far.
    Await(Stage),
    /// A worker of the new master has to answer a request.
    Probe,
    /// Nothing is sent: a restart under the same pid has to come this far.
    Come(Mark),
    /// All is as it should be: new workers, the listeners, no finding that is new.
    Settle,
    /// The operator is asked whether the old master is to be retired.
    Ask,
    /// The old master ends: a hook may do it within this step's time, else QUIT does.
    Retire {
        /// Some hook of the configuration seems to.
        by_hook: bool,
    },
    /// One master is left, it holds the listeners, and no finding is new.
    Verify(Whom),
}

/// One of the two masters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one that served before the upgrade.
    Old,
    /// The one that the upgrade brings.
    New,
}

/// What the operator wants besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Drain the old master first, and ask before it is retired.
    pub canary: bool,
    /// A path that a worker of the new master has to answer below 500 before the old one is retired.
    pub probe: Option<String>,
    /// The shape of the restart; `None`: the best that loads the new code.
    pub way: Option<Way>,
}

/// Whether an operation is carried out in several steps.
pub fn is_course(operation: Operation) -> bool {
    matches!(operation, Operation::Upgrade | Operation::Rollback)
}

/// Plans an upgrade or a rollback whole.
pub fn course(
    census: &Census,
    verdicts: &Verdicts,
    app: &App,
    named: Option<Pid>,
    operation: Operation,
    wishes: &Wishes,
) -> Result<Course, Refused> {
    let case = Case { census, verdicts, app, named, way: wishes.way };
    case.is_free()?;
    match operation {
        Operation::Rollback => back(&case),
        _ if let Some(course) = same_master(&case, wishes)? => Ok(course),
        _ => match going_on::half_done(&case) {
            Some(both) => going_on::plan(&case, wishes, both),
            None => forward(&case, wishes),
        },
    }
}

pub(super) fn step(
    name: impl Into<String>,
    must_see: impl Into<String>,
    within: Duration,
    way_back: &str,
    act: Act,
) -> Step {
    let (name, must_see, way_back) = (name.into(), must_see.into(), way_back.into());
    Step { name, must_see, brief: String::new(), within, way_back, act }
}

pub(super) fn checked(plan: &Plan) -> Step {
    let seen = plan.states().filter(|state| state.is_seen()).count();
    let count = match plan.states().count() - seen {
        0 => format!("{seen} checked"),
        unseen => format!("{seen} checked, {unseen} not seen"),
    };
    let words = match plan.stopping() {
        0 => format!("{count}, nothing stops it"),
        1 => format!("{count}, 1 stops it"),
        many => format!("{count}, {many} stop it"),
    };
    step("preflight", words, Duration::ZERO, "nothing was sent", Act::Preflight)
}

fn forward(case: &Case<'_>, wishes: &Wishes) -> Result<Course, Refused> {
    let app = case.app;
    let first = planned(case, Operation::Upgrade)?;
    let old = first.target;
    let config = app.master(old).and_then(|master| master.config.get());
    let by_hook = app.master(old).and_then(Master::hook_retires).unwrap_or(false);
    let lazy = config.is_none_or(|c| c.preload_app.value().copied() != Some(true));
    let id = &app.id;
    let wait = format!("none is needed: {old} serves on whatever becomes of the new master");
    let until = if by_hook { " as long as no hook ended it" } else { "" };
    let quit = format!("{}: {old} stays{until}, the new master leaves", farrier("rollback", id));
    let load = first.within;
    let serves = if lazy {
        "the same workers live for 5 s, since each loads the app by itself; every listener is held"
    } else {
        "workers live in two looks, every listener is held, the release is the one of current"
    };
    let mut steps = vec![
        checked(&first),
        step(
            format!("{} to {old}", words::name(first.signal)),
            format!("{old} takes it"),
            Duration::from_secs(5),
            &wait,
            Act::Send(Operation::Upgrade, Whom::Old),
        ),
        step(
            "new master",
            format!("a child of {old} appears"),
            FORKS_WITHIN,
            &wait,
            Act::Await(Stage::Forked),
        ),
        step("new program", "it has its handlers", load, &wait, Act::Await(Stage::Loads)),
        step("app loads", "its title says that it is ready", load, &wait, Act::Await(Stage::Ready)),
        Step {
            brief: app.master(old).map(|old| brief::ready(old, lazy)).unwrap_or_default(),
            ..step("ready", serves, load, &quit, Act::Await(Stage::Serves))
        },
    ];
    let ends = ending(case, old);
    proofs(case, wishes, old, load, &quit, &mut steps)?;
    steps.push(Step {
        brief: app.master(old).map(brief::retire).unwrap_or_default(),
        ..step(
            format!("retire {old}"),
            if by_hook {
                format!("a hook ends {old}; where it does not, QUIT does")
            } else {
                format!("{old} takes QUIT and ends")
            },
            if by_hook { HOOK_WITHIN } else { ends },
            "none once it has QUIT",
            Act::Retire { by_hook },
        )
    });
    steps.push(verified());
    Ok(Course {
        operation: Operation::Upgrade,
        app: app.id.clone(),
        app_name: app.name.clone(),
        title: first.title.clone(),
        probe: wishes.probe.clone(),
        new: None,
        first,
        steps,
        left: None,
    })
}

/// How long a master may take to end.
pub(super) fn ending(case: &Case<'_>, old: Pid) -> Duration {
    Duration::from_secs(case.app.master(old).map_or(60, |master| case.timeout(master)) + 10)
}

/// What the operator wishes to see before the old master is retired.
pub(super) fn proofs(
    case: &Case<'_>,
    wishes: &Wishes,
    old: Pid,
    load: Duration,
    quit: &str,
    steps: &mut Vec<Step>,
) -> Result<(), Refused> {
    let app = case.app;
    if let Some(path) = &wishes.probe {
        if doors(app).next().is_none() {
            return Err(Refused::new(
                format!("no listener of {} is known through which {path} could be asked", app.name),
                "leave --probe out",
            ));
        }
        let must_see = format!("a worker of the new master answers GET {path} below 500");
        steps.push(step("probe", must_see, load, quit, Act::Probe));
    }
    if wishes.canary {
        if app.master(old).and_then(Master::hook_retires).unwrap_or(false) {
            return Err(Refused::new(
                format!("a hook of the configuration ends {old} by itself: nothing is left to ask"),
                "leave --canary out, or take the hook out of the configuration",
            ));
        }
        let drain = Act::Send(Operation::Drain, Whom::Old);
        let must_see = format!("{old} has no workers");
        steps.push(step(format!("drain {old}"), must_see, ending(case, old), quit, drain));
        steps.push(step("canary", "the operator says go on", Duration::ZERO, quit, Act::Ask));
    }
    Ok(())
}

/// The last step of an upgrade.
pub(super) fn verified() -> Step {
    Step {
        brief: brief::VERIFY.into(),
        ..step(
            "verify",
            "one master, every listener held, no finding that was not there before",
            VERIFY_WITHIN,
            "none: switch current back and upgrade again",
            Act::Verify(Whom::New),
        )
    }
}

fn back(case: &Case<'_>) -> Result<Course, Refused> {
    let Case { census, verdicts, app, .. } = *case;
    let leaving = case.current_or_named()?;
    let Some(old) = rollback::way_back(app, leaving) else {
        // It says by itself why there is no way back.
        plan(census, verdicts, app, case.named, Operation::Rollback)?;
        return Err(Refused::new(
            "there is nothing to go back to",
            "farrier tree shows the masters",
        ));
    };
    let chain: Vec<Pid> = app
        .in_role(Role::Old)
        .filter(|master| !master.process.is_dead())
        .map(|master| master.process.pid)
        .collect();
    if chain.len() > 1 {
        return Err(Refused::new(
            format!("{} has several old masters: {}", app.name, words::list(&chain)),
            farrier("do retire", &app.id) + " ends the oldest first",
        ));
    }
    let (new, stays) = (leaving.process.pid, old.process.pid);
    case.is_ready(leaving, case.by(Operation::Rollback)?.signal)?;
    let alive = old.workers_alive().count();
    let wanted = running_config(old)
        .and_then(|config| match config.worker_processes {
            Setting::Set { value, .. } => usize::try_from(value).ok(),
            _ => None,
        })
        .unwrap_or_else(|| leaving.workers_alive().count().max(1));
    let missing = wanted.saturating_sub(alive);
    let first = if missing == 0 {
        plan(census, verdicts, app, Some(new), Operation::Rollback)?
    } else {
        plan(census, verdicts, app, Some(stays), Operation::AddWorker)?
    };
    let quit = format!("TTOU to {stays}; {new} serves on");
    let mut steps = vec![checked(&first)];
    for nth in 1..=missing {
        steps.push(step(
            format!("TTIN to {stays}"),
            format!("{stays} has {}", words::workers(alive + nth)),
            Duration::from_secs(30),
            &quit,
            Act::Send(Operation::AddWorker, Whom::Old),
        ));
    }
    steps.push(step(
        format!("QUIT to {new}"),
        format!("{new} ends, and {stays} serves"),
        Duration::from_secs(case.timeout(leaving) + 10),
        "none once it has QUIT: farrier upgrade starts the next generation",
        Act::Send(Operation::Rollback, Whom::New),
    ));
    steps.push(step(
        "verify",
        format!("{stays} is the only master and holds every listener"),
        VERIFY_WITHIN,
        "none",
        Act::Verify(Whom::Old),
    ));
    let release = old.release.get().and_then(Option::as_deref);
    let layout = app.layout.get().and_then(Option::as_ref);
    let left = layout.zip(release).and_then(|(layout, release)| {
        let live = layout.current_release().filter(|live| *live != release)?;
        let (to, current) = (layout.releases_directory.join(release), &layout.current.path);
        let (to, current) = (shown(&to), shown(current));
        Some(format!(
            "current still names {live}, so the next restart goes forward again. To switch it: \
             ln -s {to} {current}.back && mv -T {current}.back {current}"
        ))
    });
    Ok(Course {
        operation: Operation::Rollback,
        app: app.id.clone(),
        app_name: app.name.clone(),
        title: format!("Roll {} back to {stays}", app.name),
        first,
        probe: None,
        new: None,
        steps,
        left,
    })
}

/// The listeners of an app as farrier reaches them.
pub(super) fn doors(app: &App) -> impl Iterator<Item = (&Listener, Door)> {
    app.listeners.iter().filter_map(|listener| {
        let master = listener.masters.iter().find_map(|pid| app.master(*pid))?;
        let door = match &listener.address {
            Address::Unix(path) => Door::Unix(match &master.process.root_path {
                Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
                None => path.clone(),
            }),
            Address::Abstract(name) => Door::Abstract(name.clone()),
            Address::Tcp(address) => Door::Tcp(*address),
        };
        Some((listener, door))
    })
}
