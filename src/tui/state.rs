//! What the screen is drawn from: the newest look, where one is, and what is open above it. Only `update` changes it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tui_input::Input;

use super::dialog::Dialog;
use super::filter::Filter;
use super::place::{FindingId, Identity, Place, RowKey, Subject};
use super::theme::Theme;
use crate::model::{App, AppId, Census, Kind, Master, Process, Role, Worker};
use crate::os::Pid;
use crate::rules::{Finding, Severity, Verdict, Verdicts};

/// One look, with what the rules made of it.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was seen.
    pub census: Arc<Census>,
    /// What the rules say.
    pub verdicts: Arc<Verdicts>,
    /// When it came, on farrier's own clock.
    pub at: Duration,
}

impl Look {
    /// All findings, the gravest first.
    pub fn findings(&self) -> Vec<&Finding> {
        self.verdicts.findings()
    }

    /// The finding with this identity.
    pub fn finding(&self, id: &FindingId) -> Option<&Finding> {
        self.findings().into_iter().find(|finding| FindingId::from(*finding) == *id)
    }

    /// The gravest severity among the findings of an app.
    pub fn worst(&self, app: &AppId) -> Option<Severity> {
        self.findings().iter().filter(|f| &f.app == app).map(|f| f.severity).min()
    }

    /// Whether a rule about the app could not be decided.
    pub fn is_blind(&self, app: &AppId) -> bool {
        self.verdicts.undecided().any(|(answered, _)| &answered.app == app)
    }

    /// How many rules were asked, fine, not here and undecided, over all apps.
    pub fn tally(&self) -> (usize, usize, usize, usize) {
        let count = |wanted: fn(&Verdict) -> bool| {
            self.verdicts.0.iter().filter(|answered| wanted(&answered.verdict)).count()
        };
        (
            self.verdicts.0.len(),
            count(|v| matches!(v, Verdict::Fine)),
            count(|v| matches!(v, Verdict::NotHere)),
            count(|v| matches!(v, Verdict::Blind(_))),
        )
    }
}

/// A process of a tree with its place in it, be it alive or a ghost.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its app.
    pub app: &'a AppId,
    /// The process, as it was last seen.
    pub process: &'a Process,
    /// The master that it is, if it is one.
    pub master: Option<&'a Master>,
    /// The worker that it is, if it is one.
    pub worker: Option<&'a Worker>,
    /// When it ended; `None`: it lives.
    pub ended: Option<Timestamp>,
}

/// A process that ended: its row stays for a while in its place.
#[derive(Clone, Debug)]
pub struct Ghost {
    /// Its app.
    pub app: AppId,
    /// The app's name and server, for when the app is gone too.
    pub name: String,
    /// The server.
    pub kind: Kind,
    /// The master, with the workers that ended with it; or the worker and its master's identity.
    pub was: Was,
    /// The look that did not show it any more.
    pub ended: Timestamp,
    /// When its row goes, on farrier's own clock, unless it is selected.
    pub until: Duration,
}

/// What a ghost was.
#[derive(Clone, Debug)]
pub enum Was {
    /// A master.
    Master(Box<Master>),
    /// A worker of a master; `None`: of none.
    Worker(Box<Worker>, Option<Identity>),
}

impl Ghost {
    /// The process.
    pub fn process(&self) -> &Process {
        match &self.was {
            Was::Master(master) => &master.process,
            Was::Worker(worker, _) => &worker.process,
        }
    }

    /// The ghost as a member of its tree.
    pub fn member(&self) -> Member<'_> {
        let (master, worker) = match &self.was {
            Was::Master(master) => (Some(&**master), None),
            Was::Worker(worker, _) => (None, Some(&**worker)),
        };
        Member { app: &self.app, process: self.process(), master, worker, ended: Some(self.ended) }
    }
}

/// What farrier may do to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rights {
    /// Send what was asked for in a dialog.
    Signals,
    /// Nothing: `--read-only`, or the settings.
    #[default]
    ReadOnly,
    /// Nothing: what is shown is a recording.
    Recorded,
}

/// Whether a hidden value may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// farrier was started without `--show-secrets`.
    #[default]
    Never,
    /// One at a time, on a key.
    OnKey,
    /// This one is shown until then.
    Shown(RowKey, Duration),
}

/// One sentence in the message line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sentence.
    pub words: String,
    /// Until when, on farrier's own clock.
    pub until: Duration,
}

/// What a line of input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A filter of the list.
    Filter,
    /// An action by its name.
    Palette,
    /// A search in the help.
    Help,
}

/// A view that is open above the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What is searched.
    pub filter: Filter,
    /// The first line shown.
    pub top: usize,
}

/// How lists are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Long values run on in further lines.
    pub wrap: bool,
    /// The pane with the cursor takes the whole body.
    pub zoom: bool,
    /// Only rows with findings.
    pub flagged: bool,
}

/// The state.
#[derive(Debug)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Time since farrier was started.
    pub now: Duration,
    /// The machine's time zone.
    pub zone: TimeZone,
    /// Colours and signs.
    pub theme: Theme,
    /// The newest look; `None`: the first is under way.
    pub look: Option<Look>,
    /// The look that was on the screen when it was paused.
    pub paused: Option<Look>,
    /// The time between two looks, and whether it was lengthened because looks take longer.
    pub period: Duration,
    /// The period that was asked for.
    pub wished: Duration,
    /// Where one is.
    pub place: Place,
    /// Where one was.
    pub back: Vec<Place>,
    /// Rows of the tree that are unfolded.
    pub unfolded: BTreeSet<RowKey>,
    /// Rows that are folded although they would be open.
    pub folded: BTreeSet<RowKey>,
    /// Processes that ended lately.
    pub ghosts: Vec<Ghost>,
    /// The filter of lists.
    pub filter: Filter,
    /// The line that is being written.
    pub line: Option<(Asked, Input)>,
    /// The help, if it is open.
    pub help: Option<Help>,
    /// Dialogs, the top one last.
    pub dialogs: Vec<Dialog>,
    /// What just happened.
    pub message: Option<Message>,
    /// What farrier may do.
    pub rights: Rights,
    /// Whether a hidden value may be shown.
    pub reveal: Reveal,
    /// Names of the environment whose values may be shown, besides the harmless ones.
    pub show: Vec<String>,
    /// How lists are shown.
    pub manner: Manner,
    /// What was sent and what came of it, a line each: printed on leaving.
    pub sent: Vec<String>,
    /// A signal is being carried out: its plan's title.
    pub under_way: Option<String>,
}

impl State {
    /// A state before the first look.
    pub fn new(size: (u16, u16), theme: Theme, zone: TimeZone, refresh: Duration) -> Self {
        Self {
            size,
            now: Duration::ZERO,
            zone,
            theme,
            look: None,
            paused: None,
            period: refresh,
            wished: refresh,
            place: Place::default(),
            back: Vec::new(),
            unfolded: BTreeSet::new(),
            folded: BTreeSet::new(),
            ghosts: Vec::new(),
            filter: Filter::default(),
            line: None,
            help: None,
            dialogs: Vec::new(),
            message: None,
            rights: Rights::default(),
            reveal: Reveal::default(),
            show: Vec::new(),
            manner: Manner::default(),
            sent: Vec::new(),
            under_way: None,
        }
    }

    /// The look that is drawn.
    pub fn shown(&self) -> Option<&Look> {
        self.paused.as_ref().or(self.look.as_ref())
    }

    /// The app that the place is about: its own, else the first one in trouble, else the first.
    pub fn app(&self) -> Option<&App> {
        let look = self.shown()?;
        let id = match &self.place.subject {
            Subject::App(id) | Subject::Process(id, _) => Some(id),
            Subject::Finding(finding) => Some(&finding.app),
            Subject::All | Subject::Rule(_) => None,
        };
        if let Some(id) = id {
            return look.census.app(id);
        }
        let first = look.findings().first().map(|finding| &finding.app);
        first.and_then(|id| look.census.app(id)).or_else(|| look.census.apps.first())
    }

    /// The process that the place is about: its own, else that of the finding, else the app's current master.
    pub fn member(&self) -> Option<Member<'_>> {
        let wanted = match &self.place.subject {
            Subject::Process(_, identity) => Some(*identity),
            Subject::Finding(finding) => finding.pid.map(|pid| (pid, None)),
            _ => None,
        };
        if let Some(identity) = wanted {
            return self.member_of(identity);
        }
        let app = self.app()?;
        let master = app.current_master().or_else(|| app.masters.first());
        match master {
            Some(master) => self.member_of(master.process.identity()),
            None => self.member_of(app.orphans.first()?.process.identity()),
        }
    }

    /// The process with this identity, alive or a ghost. Without a start tick the pid decides.
    pub fn member_of(&self, identity: Identity) -> Option<Member<'_>> {
        let alive = self.shown().and_then(|look| {
            look.census.apps.iter().find_map(|app| {
                members(app).find(|member| same(member.process.identity(), identity))
            })
        });
        alive.or_else(|| {
            let ghost =
                self.ghosts.iter().rev().find(|g| same(g.process().identity(), identity))?;
            Some(ghost.member())
        })
    }

    /// The name of an app.
    pub fn app_name(&self, id: &AppId) -> String {
        self.shown()
            .and_then(|look| look.census.app(id))
            .map(|app| app.name.clone())
            .or_else(|| self.ghosts.iter().find(|g| &g.app == id).map(|g| g.name.clone()))
            .unwrap_or_else(|| id.to_string())
    }

    /// The findings about a process.
    pub fn findings_of(&self, pid: Pid) -> Vec<&Finding> {
        let all = self.shown().map(Look::findings).unwrap_or_default();
        all.into_iter().filter(|finding| finding.pid == Some(pid)).collect()
    }

    /// Says one sentence in the message line for a while.
    pub(super) fn say(&mut self, words: impl Into<String>) {
        let until = self.now + Duration::from_secs(10);
        self.message = Some(Message { words: words.into(), until });
    }
}

/// Whether two identities are one process's: an unknown start tick decides nothing.
pub fn same(a: Identity, b: Identity) -> bool {
    a.0 == b.0 && (a.1 == b.1 || a.1.is_none() || b.1.is_none())
}

/// A worker's name in its tree.
pub fn worker_name(worker: &Worker) -> String {
    worker.number.map_or_else(|| "worker".into(), |number| format!("w{number}"))
}

/// All processes of an app with their place in the tree.
pub fn members(app: &App) -> impl Iterator<Item = Member<'_>> {
    let id = &app.id;
    let masters = app.masters.iter().flat_map(move |master| {
        let this = Member {
            app: id,
            process: &master.process,
            master: Some(master),
            worker: None,
            ended: None,
        };
        std::iter::once(this)
            .chain(master.workers.iter().map(move |worker| member_worker(id, worker)))
    });
    masters.chain(app.orphans.iter().map(move |worker| member_worker(id, worker)))
}

fn member_worker<'a>(app: &'a AppId, worker: &'a Worker) -> Member<'a> {
    Member { app, process: &worker.process, master: None, worker: Some(worker), ended: None }
}

impl Member<'_> {
    /// Its role.
    pub fn role(&self) -> Role {
        self.master.map_or(Role::Worker, |master| master.role)
    }

    /// Who it is in its tree, in words: `14740 current`, `14743 w0`.
    pub fn name(&self) -> String {
        let pid = self.process.pid;
        match (self.master, self.worker) {
            (Some(master), _) => format!("{pid} {}", crate::show::words::role(master.role)),
            (_, Some(worker)) => format!("{pid} {}", worker_name(worker)),
            _ => pid.to_string(),
        }
    }
}
