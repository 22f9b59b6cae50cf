//! What the screen is about: the app, the process or the finding that is open, or that the cursor stands on.

use super::members::Member;
use super::place::{Pane, RowKey, Subject, View};
use super::state::State;
use crate::model::App;

impl State {
    /// What the place is about; of the Overview it is what the cursor stands on.
    pub fn subject(&self) -> Subject {
        if self.place.view != View::Overview {
            return self.place.subject.clone();
        }
        match (self.place.focus, &self.place.main.key) {
            (Pane::Main, Some(RowKey::Finding(id))) => Subject::Finding(id.clone()),
            _ => self.beside(),
        }
    }

    /// What the tree's cursor stands on.
    pub fn beside(&self) -> Subject {
        match &self.place.tree.key {
            Some(RowKey::App(id)) => Subject::App(id.clone()),
            Some(RowKey::Process(identity)) => self
                .member_of(*identity)
                .map_or(Subject::All, |member| Subject::Process(member.app.clone(), *identity)),
            Some(RowKey::Finding(_) | RowKey::Named(_) | RowKey::Host(_)) | None => Subject::All,
        }
    }

    /// The app that the place is about: its own, else the first one in trouble, else the first.
    pub fn app(&self) -> Option<&App> {
        let look = self.shown()?;
        let id = match self.subject() {
            Subject::App(id) | Subject::Process(id, _) => Some(id),
            Subject::Finding(finding) => Some(finding.app),
            Subject::All | Subject::Rule(_) | Subject::Looks => None,
        };
        if let Some(id) = id {
            return look.census.app(&id);
        }
        let first = look.findings().first().map(|finding| &finding.app);
        first
            .and_then(|id| look.census.app(id))
            .or_else(|| crate::servers::listed(&look.census).first().copied())
    }

    /// The process that the place is about: its own, else that of the finding, else the app's current master.
    pub fn member(&self) -> Option<Member<'_>> {
        let wanted = match self.subject() {
            Subject::Process(_, identity) => Some(identity),
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
}
