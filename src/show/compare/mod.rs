//! Two looks compared: what a deploy, a restart or a night changed, process by process. Pure.

mod around;
mod findings;
mod libraries;
pub mod lines;
mod process;

use jiff::Timestamp;

pub use findings::{Found, Known};

use process::alone;

use crate::contract::Verdicts;
use crate::facts::{Fact, Lack};
use crate::model::{self, AppId, Census, Master, Role};
use crate::os::{Pid, Text, secrets};

/// One side: a look, and what the rules say to it.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What was seen.
    pub census: &'a Census,
    /// The rules' answers.
    pub verdicts: &'a Verdicts,
}

/// When and where a look was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The machine's name, where it was read.
    pub host: Option<Text>,
    /// When the look began.
    pub taken_at: Timestamp,
}

/// A value on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is there.
    Shown(Text),
    /// It is there and secret; its length.
    Hidden(usize),
    /// There is none.
    Nothing,
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `release`, a variable, a library, `pidfile PATH`.
    pub what: Text,
    /// As it was.
    pub before: Value,
    /// As it is.
    pub after: Value,
}

/// Something that could not be compared, since one side did not show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncompared {
    /// What, and of whom.
    pub what: String,
    /// The process.
    pub pid: Option<Pid>,
    /// It lacks on the later side.
    pub after: bool,
    /// Where it was looked for.
    pub place: String,
    /// Why it lacks.
    pub why: Lack,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there on both sides.
    Stayed,
    /// It is new.
    Came,
    /// It is gone.
    Went,
}

impl Fate {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stayed => "same",
            Self::Came => "new",
            Self::Went => "gone",
        }
    }
}

/// A master on either side, or on both.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its pid.
    pub pid: Pid,
    /// Its role; of a gone one: as it was.
    pub role: Role,
    /// What became of it.
    pub fate: Fate,
    /// The master of the earlier side that a new one is compared with.
    pub instead_of: Option<Pid>,
    /// What differs.
    pub changes: Vec<Change>,
    /// What differs in the environment that it hands on.
    pub environment: Vec<Change>,
    /// Hidden variables with values of one length: whether these are equal is not told.
    pub hidden_alike: usize,
    /// What differs in its mapped libraries: gems by version, others by path.
    pub libraries: Vec<Change>,
    /// Workers that only the later side has; of a new master all of them.
    pub workers_came: Vec<Pid>,
    /// Workers that only the earlier side has; of a gone master all of them.
    pub workers_went: Vec<Pid>,
}

impl Compared {
    /// Whether it is as it was.
    pub fn is_same(&self) -> bool {
        let lists = [&self.changes, &self.environment, &self.libraries];
        let workers = [&self.workers_came, &self.workers_went];
        self.fate == Fate::Stayed
            && lists.iter().all(|list| list.is_empty())
            && workers.iter().all(|list| list.is_empty())
    }
}

/// An app on either side, or on both.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its short name.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// What differs round its processes: `current`, releases, pidfiles, listeners.
    pub changes: Vec<Change>,
    /// Its masters: those that stayed, the new ones, the gone ones.
    pub masters: Vec<Compared>,
    /// What the rules say, compared.
    pub findings: Vec<Found>,
}

impl App {
    /// Whether it is as it was.
    pub fn is_same(&self) -> bool {
        self.fate == Fate::Stayed
            && self.changes.is_empty()
            && self.masters.iter().all(Compared::is_same)
            && self.findings.iter().all(|found| found.known == Known::Stayed)
    }
}

/// Two looks, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The earlier look.
    pub before: Moment,
    /// The later one.
    pub after: Moment,
    /// The machine was booted between them, or they are of two machines: no process can be the same.
    pub other_boot: bool,
    /// The apps of both sides.
    pub apps: Vec<App>,
    /// What could not be compared.
    pub uncompared: Vec<Uncompared>,
}

/// Shows the value of a variable where its name is harmless; `None`: only its length is told.
pub type Harmless<'a> = &'a dyn Fn(&Text, &Text) -> Option<Text>;

/// Shows what is harmless by its name, or by a name that was given, and holds no secret.
pub fn harmless(show: &[String]) -> impl Fn(&Text, &Text) -> Option<Text> {
    |name, value| secrets::shown_value(name, value, show)
}

/// What a comparison needs on its way.
struct Compare<'a> {
    other_boot: bool,
    harmless: Harmless<'a>,
    uncompared: Vec<Uncompared>,
}

/// Compares two looks.
pub fn compare(before: Side<'_>, after: Side<'_>, harmless: Harmless<'_>) -> Comparison {
    let boot = |side: Side<'_>| side.census.host.get().map(|host| host.boot_id.clone());
    let other_boot = matches!((boot(before), boot(after)), (Some(a), Some(b)) if a != b);
    let mut compare = Compare { other_boot, harmless, uncompared: Vec::new() };
    let mut apps = Vec::new();
    for app in &after.census.apps {
        let was = before.census.app(&app.id);
        apps.push(compare.app(was, Some(app), before.verdicts, after.verdicts));
    }
    for app in before.census.apps.iter().filter(|app| after.census.app(&app.id).is_none()) {
        apps.push(compare.app(Some(app), None, before.verdicts, after.verdicts));
    }
    Comparison {
        before: moment(before.census),
        after: moment(after.census),
        other_boot,
        apps: apps.into_iter().flatten().collect(),
        uncompared: compare.uncompared,
    }
}

fn moment(census: &Census) -> Moment {
    Moment { host: census.host.get().map(|host| host.name.clone()), taken_at: census.taken_at }
}

impl Compare<'_> {
    /// An app of either side; nothing where it is on none.
    fn app(
        &mut self,
        before: Option<&model::App>,
        after: Option<&model::App>,
        was: &Verdicts,
        is: &Verdicts,
    ) -> Option<App> {
        let app = after.or(before)?;
        let fate = match (before, after) {
            (Some(_), Some(_)) => Fate::Stayed,
            (None, _) => Fate::Came,
            (_, None) => Fate::Went,
        };
        let changes = match (before, after) {
            (Some(before), Some(after)) => self.around(before, after),
            _ => Vec::new(),
        };
        Some(App {
            id: app.id.clone(),
            name: app.name.clone(),
            fate,
            changes,
            masters: self.masters(masters(before), masters(after)),
            findings: findings::compare(&app.id, was, is, fate),
        })
    }

    fn masters(&mut self, before: &[Master], after: &[Master]) -> Vec<Compared> {
        // What a new master is compared with: the one whose place it takes.
        let served = before
            .iter()
            .find(|master| master.role == Role::Current)
            .or_else(|| before.iter().find(|master| master.role != Role::Old))
            .or_else(|| before.last());
        let mut all = Vec::new();
        for master in after {
            match before.iter().find(|was| self.is_same(&was.process, &master.process)) {
                Some(was) => all.push(self.master(was, master, Fate::Stayed)),
                None => all.push(match served {
                    Some(was) => self.master(was, master, Fate::Came),
                    None => alone(master, Fate::Came),
                }),
            }
        }
        all.sort_by_key(|compared| compared.fate != Fate::Stayed);
        for master in before {
            if !after.iter().any(|is| self.is_same(&master.process, &is.process)) {
                all.push(alone(master, Fate::Went));
            }
        }
        all
    }

    /// Whether two processes of two looks are one: an unknown start tick decides nothing.
    fn is_same(&self, before: &model::Process, after: &model::Process) -> bool {
        let ((pid, tick), (other, later)) = (before.identity(), after.identity());
        !self.other_boot && pid == other && (tick == later || tick.is_none() || later.is_none())
    }

    /// A fact of both sides; what is lacking is noted, and nothing is said of it.
    fn both<'f, T>(
        &mut self,
        what: &str,
        before: (Option<Pid>, &'f Fact<T>),
        after: (Option<Pid>, &'f Fact<T>),
    ) -> Option<(&'f T, &'f T)> {
        for (later, (pid, fact)) in [(false, before), (true, after)] {
            if let Some(lack) = fact.lack() {
                let of = pid.map_or(String::new(), |pid| format!(" of {pid}"));
                let one = Uncompared {
                    what: format!("{what}{of}"),
                    pid,
                    after: later,
                    place: fact.place.to_string(),
                    why: lack.clone(),
                };
                if !self.uncompared.contains(&one) {
                    self.uncompared.push(one);
                }
            }
        }
        before.1.get().zip(after.1.get())
    }
}

fn masters(app: Option<&model::App>) -> &[Master] {
    app.map_or(&[], |app| &app.masters)
}

/// A change where two values differ.
fn changed(what: impl Into<Text>, before: Value, after: Value) -> Option<Change> {
    (before != after).then(|| Change { what: what.into(), before, after })
}

impl Value {
    /// A value, or that there is none.
    fn of(text: Option<impl Into<Text>>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Shown(text.into()))
    }
}
