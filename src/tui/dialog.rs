//! What lies above a view and takes the keys: the menu of operations, and the question before a signal.

use std::time::Duration;

use crate::model::{AppId, Operation};
use crate::os::Pid;
use crate::plans::course::Course;
use crate::plans::{Confirm, Plan, Refused};

/// Keys that come this early were typed at another screen.
pub const DEAF: Duration = Duration::from_millis(150);
/// A word has to stand so long before its button can be armed: a bare paste cannot press it.
pub const SETTLES: Duration = Duration::from_millis(300);
/// An armed button disarms itself after so long without a key.
pub const DISARMS: Duration = Duration::from_secs(10);

/// A dialog.
#[derive(Debug)]
pub enum Dialog {
    /// The menu of operations.
    Menu(Menu),
    /// Why a line of the menu is refused, and the way out.
    Refusal(Refusal),
    /// The question before a signal.
    Question(Box<Question>),
    /// The question before an operation under way is left alone.
    Halt(Halt),
    /// The columns of a table.
    Sort(Columns),
}

/// The menu of the columns that a table can be sorted by.
#[derive(Clone, Debug)]
pub struct Columns {
    /// All of them.
    pub all: &'static [&'static str],
    /// The chosen line.
    pub chosen: &'static str,
    /// When it was opened.
    pub opened: Duration,
}

/// What would be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The operation stops where it is; farrier stays.
    Operation,
    /// farrier ends, and the operation with it.
    Program,
}

/// The question before an operation under way is left alone.
#[derive(Clone, Debug)]
pub struct Halt {
    /// What would be left.
    pub leave: Leave,
    /// The button that leaves has the focus.
    pub armed: bool,
    /// When it was opened.
    pub opened: Duration,
}

/// The menu of operations on a subject.
#[derive(Clone, Debug)]
pub struct Menu {
    /// The app.
    pub app: AppId,
    /// The process that was selected, if it was a master or a stopped worker.
    pub named: Option<Pid>,
    /// The chosen line.
    pub chosen: Operation,
    /// When it was opened.
    pub opened: Duration,
}

/// What an operation would do.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its signal, the first one of a course.
    pub plan: Plan,
    /// All of its steps, where it has several.
    pub course: Option<Course>,
}

impl From<Course> for Planned {
    fn from(course: Course) -> Self {
        Self { plan: course.shown(), course: Some(course) }
    }
}

/// A refusal that is shown whole.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What was asked for.
    pub title: String,
    /// Why nothing is sent, and the way out.
    pub refused: Refused,
    /// When it was opened.
    pub opened: Duration,
}

/// A button of the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Button {
    /// It has the focus first.
    #[default]
    Cancel,
    /// It sends.
    Send,
}

/// The question before a signal.
#[derive(Clone, Debug)]
pub struct Question {
    /// What would be sent.
    pub plan: Plan,
    /// The course of which it is the first signal.
    pub course: Option<Course>,
    /// The process is held: no other can be hit.
    pub held: bool,
    /// The focused button.
    pub focus: Button,
    /// What was typed of the word.
    pub typed: String,
    /// When it was opened.
    pub opened: Duration,
    /// When the last key came.
    pub last_key: Duration,
    /// When the word became complete.
    pub complete: Option<Duration>,
    /// The first line shown.
    pub top: usize,
}

impl Question {
    /// A question, with the focus on Cancel.
    pub fn new(planned: Planned, now: Duration) -> Self {
        let Planned { plan, course } = planned;
        Self {
            plan,
            course,
            held: false,
            focus: Button::Cancel,
            typed: String::new(),
            opened: now,
            last_key: now,
            complete: None,
            top: 0,
        }
    }

    /// The word that has to be typed, if one has to.
    pub fn word(&self) -> Option<&str> {
        match &self.plan.confirm {
            Confirm::Word(word) => Some(word),
            Confirm::Button => None,
        }
    }

    /// Whether the word stands, and has stood for long enough.
    pub fn worded(&self, now: Duration) -> bool {
        self.word().is_none()
            || self.complete.is_some_and(|since| now.saturating_sub(since) >= SETTLES)
    }

    /// Whether Enter would send.
    pub fn is_armed(&self, now: Duration) -> bool {
        self.focus == Button::Send && self.held && self.worded(now)
    }

    /// Gives the focus back to Cancel and forgets the word.
    pub fn disarm(&mut self) {
        self.focus = Button::Cancel;
        self.typed.clear();
        self.complete = None;
    }
}
