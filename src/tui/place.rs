//! Where one is: a view, its subject, and the row that the cursor stands on. Rows are known by identity, never by number.

use std::path::PathBuf;

use crate::contract::Finding;
use crate::model::AppId;
use crate::os::Pid;

/// A view. Its key never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its card in `views`")]
pub enum View {
    Overview,
    Findings,
    Process,
    Environment,
    Libraries,
    Files,
    Listeners,
    Releases,
    Pidfiles,
    Blind,
    Timeline,
    Upgrade,
    Finding,
    Rule,
    Diff,
    Hosts,
    Known,
}

/// A process across looks: its pid, and the tick at which it started where that could be read.
pub type Identity = (Pid, Option<u64>);

/// A finding across looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId {
    /// The rule.
    pub rule: &'static str,
    /// The app.
    pub app: AppId,
    /// The process, if it is about one.
    pub pid: Option<Pid>,
    /// The path, if it is about one.
    pub path: Option<PathBuf>,
}

impl From<&Finding> for FindingId {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            app: finding.app.clone(),
            pid: finding.pid,
            path: finding.path.clone(),
        }
    }
}

/// What a view is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// Everything.
    #[default]
    All,
    /// An app.
    App(AppId),
    /// A process of an app.
    Process(AppId, Identity),
    /// A finding.
    Finding(FindingId),
    /// A rule.
    Rule(&'static str),
    /// Two looks that are compared.
    Looks,
}

/// A row's identity: the cursor stays on it while rows move.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// An app.
    App(AppId),
    /// A process, be it alive or a ghost.
    Process(Identity),
    /// A finding.
    Finding(FindingId),
    /// A machine among several, by its number.
    Host(usize),
    /// Anything else that has a name in its list: a variable, a file, a release, a piece of evidence.
    Named(String),
}

/// Where a row leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// To which view.
    pub view: View,
    /// About what.
    pub subject: Subject,
    /// With the cursor on this row.
    pub row: Option<RowKey>,
}

/// The cursor of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row; `None`: the first.
    pub key: Option<RowKey>,
    /// Where that row was last seen, for when it is gone.
    pub index: usize,
    /// The first line shown.
    pub top: usize,
    /// The text was scrolled on past the row, which may be out of sight.
    pub loose: bool,
}

/// Which pane has the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The tree.
    #[default]
    Tree,
    /// The open view; in the Overview the findings.
    Main,
}

/// A place, to which `b` leads back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The view.
    pub view: View,
    /// Its subject.
    pub subject: Subject,
    /// The pane with the cursor.
    pub focus: Pane,
    /// The tree's cursor.
    pub tree: Cursor,
    /// The view's cursor.
    pub main: Cursor,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            view: View::Overview,
            subject: Subject::All,
            focus: Pane::Tree,
            tree: Cursor::default(),
            main: Cursor::default(),
        }
    }
}

impl Place {
    /// The cursor of a pane.
    pub fn cursor(&self, pane: Pane) -> &Cursor {
        match pane {
            Pane::Tree => &self.tree,
            Pane::Main => &self.main,
        }
    }

    /// The same, to be moved.
    pub fn cursor_mut(&mut self, pane: Pane) -> &mut Cursor {
        match pane {
            Pane::Tree => &mut self.tree,
            Pane::Main => &mut self.main,
        }
    }
}
