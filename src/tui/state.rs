//! What the screen is drawn from: the newest look, where one is, and what is open above it. Only `update` changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tui_input::Input;

use super::bound::Keys;
use super::changes::Changes;
use super::chronicle::Chronicle;
use super::dialog::Dialog;
use super::filter::Filter;
use super::history::History;
use super::hosts::Hosts;
use super::members::{Ghost, Member, members, same};
use super::passage::Passage;
use super::place::{Identity, Place, RowKey, View};
use super::rehearsal::Script;
pub use super::rights::Rights;
use super::sort::Sort;
use super::theme::Theme;
use super::tour::Tour;
use crate::contract::Finding;
use crate::facts::Lack;
use crate::facts::opens::Opens;
use crate::model::AppId;
use crate::os::Pid;
use crate::show::words;

pub use super::look::{Compared, Look};

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
    /// An action by its name; the number of the chosen one of those that fit.
    Palette(usize),
    /// A search in the help.
    Help,
    /// The path of a snapshot or a recording.
    Path,
}

/// A view that is open above the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What is searched.
    pub filter: Filter,
    /// The first line shown.
    pub top: usize,
}

/// A signal that is being carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its plan's title.
    pub title: String,
    /// The app.
    pub app: AppId,
    /// Who gets it.
    pub target: Identity,
    /// What was told of it last: that it was sent, what was seen.
    pub told: Option<String>,
    /// Leaving was asked for once: the next time it is done.
    pub leaving: bool,
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
    /// The keys that are in force.
    pub keys: Keys,
    /// The mouse is farrier's, not the terminal's.
    pub mouse: bool,
    /// The newest look; `None`: the first is under way.
    pub look: Option<Look>,
    /// The look that was on the screen when it was paused, or an older one that was gone back to.
    pub paused: Option<Look>,
    /// The last looks.
    pub history: History,
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
    /// What happened, for the time line.
    pub chronicle: Chronicle,
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
    /// What the recording waits for, in a rehearsal.
    pub script: Option<Arc<Script>>,
    /// The tour, while there is one.
    pub tour: Option<Tour>,
    /// It was opened from within: back from its first screen leads to what farrier was started on.
    pub away: bool,
    /// Whether a hidden value may be shown.
    pub reveal: Reveal,
    /// The processes whose files are read at each look.
    pub focused: Vec<Pid>,
    /// What they have open and mapped, as it was read last.
    pub opens: BTreeMap<Pid, Result<Opens, Lack>>,
    /// The process that others are compared with.
    pub mark: Option<Identity>,
    /// The look that others are compared with: the one that stood when something was marked.
    pub marked_look: Option<Look>,
    /// The two looks that were compared last.
    pub compared: Option<Compared>,
    /// Names of the environment whose values may be shown, besides the harmless ones.
    pub show: Vec<String>,
    /// How lists are shown.
    pub manner: Manner,
    /// Cells whose text changed lately.
    pub changes: Changes,
    /// How tables are sorted.
    pub sorts: BTreeMap<View, Sort>,
    /// The machines, where farrier was started on several.
    pub hosts: Option<Hosts>,
    /// What was sent and what came of it, a line each: printed on leaving.
    pub sent: Vec<String>,
    /// A signal that is being carried out.
    pub under_way: Option<UnderWay>,
    /// An operation of several steps that is being carried out, or what came of the last one.
    pub passage: Option<Passage>,
}

impl State {
    /// A state before the first look.
    pub fn new(size: (u16, u16), theme: Theme, zone: TimeZone, refresh: Duration) -> Self {
        Self {
            size,
            now: Duration::ZERO,
            zone,
            theme,
            keys: Keys::default(),
            mouse: false,
            look: None,
            paused: None,
            history: History::default(),
            period: refresh,
            wished: refresh,
            place: Place::default(),
            back: Vec::new(),
            unfolded: BTreeSet::new(),
            folded: BTreeSet::new(),
            ghosts: Vec::new(),
            chronicle: Chronicle::default(),
            filter: Filter::default(),
            line: None,
            help: None,
            dialogs: Vec::new(),
            message: None,
            rights: Rights::default(),
            script: None,
            tour: None,
            away: false,
            reveal: Reveal::default(),
            focused: Vec::new(),
            opens: BTreeMap::new(),
            mark: None,
            marked_look: None,
            compared: None,
            show: Vec::new(),
            manner: Manner::default(),
            changes: Changes::default(),
            sorts: BTreeMap::new(),
            hosts: None,
            sent: Vec::new(),
            under_way: None,
            passage: None,
        }
    }

    /// Whether an operation of several steps is being carried out.
    pub fn conducts(&self) -> bool {
        self.passage.as_ref().is_some_and(Passage::is_running)
    }

    /// The operation that the place is about: the one under way, else the last one of its app.
    pub fn conducted(&self) -> Option<&Passage> {
        let passage = self.passage.as_ref()?;
        let here = || self.app().is_none_or(|app| app.id == passage.course.app);
        (passage.is_running() || here()).then_some(passage)
    }

    /// The look that is drawn.
    pub fn shown(&self) -> Option<&Look> {
        self.paused.as_ref().or(self.look.as_ref())
    }

    /// How much older than the newest look the one is that was gone back to: `29 s`. `None`: it is the newest, or the
    /// screen is only paused.
    pub fn behind(&self) -> Option<String> {
        let (shown, newest) = (self.paused.as_ref()?, self.look.as_ref()?);
        let behind = newest.census.taken_at.duration_since(shown.census.taken_at).as_secs();
        let seconds = u64::try_from(behind).ok().filter(|seconds| *seconds > 0)?;
        self.history.is_open().then(|| words::elapsed(seconds))
    }

    /// The processes that had ended by the look that is drawn.
    pub fn ended(&self) -> impl Iterator<Item = &Ghost> {
        let at = self.shown().map(|look| look.census.taken_at);
        self.ghosts.iter().filter(move |ghost| at.is_none_or(|at| ghost.ended <= at))
    }

    /// The process with this identity, alive or a ghost. Without a start tick the pid decides.
    pub fn member_of(&self, identity: Identity) -> Option<Member<'_>> {
        let alive = self.shown().and_then(|look| {
            look.census.apps.iter().find_map(|app| {
                members(app).find(|member| same(member.process.identity(), identity))
            })
        });
        alive.or_else(|| {
            let ghost = self.ended().filter(|g| same(g.process().identity(), identity)).last()?;
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

    /// The findings about a process, causes before what follows from them.
    pub fn findings_of(&self, pid: Pid) -> Vec<&Finding> {
        let about = |finding: &&Finding| finding.pid == Some(pid);
        let all = self.shown().map(Look::findings).unwrap_or_default();
        let mine: Vec<&Finding> = all.into_iter().filter(about).collect();
        // Each row of the tree asks: the order is made where there is one to make.
        if mine.len() < 2 {
            return mine;
        }
        let all = self.shown().map(Look::in_order).unwrap_or_default().into_iter();
        all.map(|caused| caused.finding).filter(about).collect()
    }

    /// Whether nothing is sent and everything is asked for as if it were.
    pub fn rehearses(&self) -> bool {
        self.rights == Rights::Rehearsed
    }

    /// Keeps a line to be printed on leaving: what was sent. Nothing was in a rehearsal.
    pub(super) fn remember(&mut self, line: String) {
        if !self.rehearses() {
            self.sent.push(line);
        }
    }

    /// Says one sentence in the message line for a while.
    pub(super) fn say(&mut self, words: impl Into<String>) {
        let until = self.now + Duration::from_secs(10);
        self.message = Some(Message { words: words.into(), until });
    }
}
