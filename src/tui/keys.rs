//! The one table of keys: dispatch, footer, help and documentation are made of it; the settings may change it (`bound`).

use crossterm::event::KeyCode;

pub use super::key::Key;
use super::key::{c, ctrl, k};

/// What a key does. Each has its line in [`BINDINGS`] and its arm in `update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its binding")]
pub enum Action {
    LineDown,
    LineUp,
    Fold,
    Unfold,
    Toggle,
    FoldAll,
    UnfoldAll,
    First,
    Last,
    PageDown,
    PageUp,
    NextPane,
    PreviousPane,
    Open,
    Back,
    Escape,
    NextFinding,
    PreviousFinding,
    View(char),
    Rule,
    Help,
    Demo,
    OpenFile,
    Hosts,
    Tour,
    Palette,
    Filter,
    OnlyFlagged,
    Sort,
    Mark,
    Diff,
    Zoom,
    Wrap,
    ReadAgain,
    Pause,
    LookBack,
    LookForward,
    Baseline,
    EventBack,
    EventForward,
    Reveal,
    Copy,
    Plain,
    Repaint,
    Suspend,
    Quit,
    Act,
    Mouse,
    FocusNext,
    FocusPrevious,
    Press,
    Cancel,
    ScrollDown,
    ScrollUp,
    CopyCommand,
    Accept,
    Abandon,
}

/// Where a binding holds. A dialog and a line of input take every key for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Every view.
    All,
    /// The tree.
    Tree,
    /// The environment.
    Environment,
    /// A dialog with buttons.
    Dialog,
    /// A line of input.
    Line,
}

/// The heading of the help screen under which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the headings")]
pub enum Group {
    Move,
    Views,
    Look,
    Time,
    Change,
    Program,
    Dialog,
    Line,
}

impl Group {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "MOVE",
            Self::Views => "VIEWS",
            Self::Look => "LOOK",
            Self::Time => "TIME",
            Self::Change => "CHANGE THE MACHINE",
            Self::Program => "PROGRAM",
            Self::Dialog => "IN A DIALOG",
            Self::Line => "IN A LINE OF INPUT",
        }
    }
}

/// Whether an action can lead to a change of the machine. None changes it by itself: a menu and a dialog stand between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It only looks.
    Looks,
    /// It leads there.
    Changes,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Its name: what the settings and the palette call it.
    pub name: &'static str,
    /// Its keys, unless the settings name others; none: it is reached by the palette.
    pub keys: &'static [Key],
    /// What it does, a few words.
    pub doc: &'static str,
    /// Its word in the footer; empty: it does not stand there.
    pub hint: &'static str,
    /// Where it holds.
    pub scope: Scope,
    /// Its heading.
    pub group: Group,
    /// Whether it leads to a change of the machine.
    pub reach: Reach,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static [Key],
    group: Group,
    hint: &'static str,
    doc: &'static str,
) -> Binding {
    let scope = match group {
        Group::Dialog => Scope::Dialog,
        Group::Line => Scope::Line,
        _ => Scope::All,
    };
    Binding { action, name, keys, doc, hint, scope, group, reach: Reach::Looks }
}

const fn in_scope(scope: Scope, binding: Binding) -> Binding {
    Binding { scope, ..binding }
}

use Action as A;
use Group as G;

/// All bindings, in the order of the help screen.
pub const BINDINGS: &[Binding] = &[
    bind(A::LineDown, "line-down", &[c('j'), k(KeyCode::Down)], G::Move, "line", "line down"),
    bind(A::LineUp, "line-up", &[c('k'), k(KeyCode::Up)], G::Move, "", "line up"),
    in_scope(
        Scope::Tree,
        bind(A::Fold, "fold", &[c('h'), k(KeyCode::Left)], G::Move, "", "fold, or to the parent"),
    ),
    in_scope(
        Scope::Tree,
        bind(A::Unfold, "unfold", &[c('l'), k(KeyCode::Right)], G::Move, "", "unfold"),
    ),
    in_scope(Scope::Tree, bind(A::Toggle, "toggle", &[c(' ')], G::Move, "", "fold or unfold")),
    in_scope(Scope::Tree, bind(A::FoldAll, "fold-all", &[c('-')], G::Move, "", "fold all")),
    in_scope(Scope::Tree, bind(A::UnfoldAll, "unfold-all", &[c('+')], G::Move, "", "unfold all")),
    bind(A::First, "first", &[c('g'), k(KeyCode::Home)], G::Move, "", "first line"),
    bind(A::Last, "last", &[c('G'), k(KeyCode::End)], G::Move, "", "last line"),
    bind(
        A::PageDown,
        "page-down",
        &[k(KeyCode::PageDown), ctrl('d')],
        G::Move,
        "page",
        "page down",
    ),
    bind(A::PageUp, "page-up", &[k(KeyCode::PageUp), ctrl('u')], G::Move, "", "page up"),
    bind(A::Open, "open", &[k(KeyCode::Enter)], G::Move, "open", "open what is selected"),
    bind(A::NextPane, "next-pane", &[k(KeyCode::Tab)], G::Move, "pane", "next pane"),
    bind(A::PreviousPane, "previous-pane", &[k(KeyCode::BackTab)], G::Move, "", "previous pane"),
    Binding {
        reach: Reach::Changes,
        ..bind(A::Act, "act", &[c('a')], G::Change, "act", "plan, ask, send")
    },
    bind(A::Back, "back", &[c('b'), k(KeyCode::Backspace)], G::Move, "back", "back, 50 places"),
    bind(A::Escape, "escape", &[k(KeyCode::Esc)], G::Move, "close", "close, clear, leave"),
    bind(A::NextFinding, "next-finding", &[c('n')], G::Move, "next finding", "next finding"),
    bind(A::PreviousFinding, "previous-finding", &[c('N')], G::Move, "", "previous finding"),
    bind(A::View('1'), "overview", &[c('1')], G::Views, "", "overview"),
    bind(A::View('2'), "findings", &[c('2')], G::Views, "", "findings"),
    bind(A::View('3'), "process", &[c('3')], G::Views, "", "process"),
    bind(A::View('4'), "environment", &[c('4')], G::Views, "", "environment"),
    bind(A::View('5'), "libraries", &[c('5')], G::Views, "", "libraries"),
    bind(A::View('6'), "files", &[c('6')], G::Views, "", "files and sockets"),
    bind(A::View('7'), "listeners", &[c('7')], G::Views, "", "listeners"),
    bind(A::View('8'), "releases", &[c('8')], G::Views, "", "releases"),
    bind(A::View('9'), "pidfiles", &[c('9')], G::Views, "", "pidfiles"),
    bind(A::View('0'), "blind-spots", &[c('0')], G::Views, "blind spots", "blind spots"),
    bind(A::View('t'), "timeline", &[c('t')], G::Views, "timeline", "time line"),
    bind(A::View('u'), "plan", &[c('u')], G::Views, "upgrade", "upgrade: shows the plan"),
    bind(A::Rule, "rule", &[c('x')], G::Views, "rule", "page of this rule"),
    bind(A::Filter, "filter", &[c('/')], G::Look, "filter", "filter: text app: rule: …"),
    bind(A::OnlyFlagged, "only-flagged", &[c('f')], G::Look, "flagged", "only with findings"),
    bind(A::Sort, "sort", &[c('s')], G::Look, "sort", "sort a table; the same again reverses"),
    bind(A::Mark, "mark", &[c('m')], G::Look, "mark", "mark a process, or a look"),
    bind(A::Diff, "diff", &[c('d')], G::Look, "diff", "diff with the mark"),
    in_scope(
        Scope::Environment,
        bind(A::Reveal, "reveal", &[c('v')], G::Look, "reveal", "reveal one value for 10 s"),
    ),
    bind(A::Wrap, "wrap", &[c('w')], G::Look, "wrap", "wrap long values"),
    bind(A::Zoom, "zoom", &[c('z')], G::Look, "", "pane to full size"),
    bind(A::Copy, "copy", &[c('y')], G::Look, "copy", "copy to the terminal's clipboard"),
    bind(A::Plain, "plain", &[c('Y')], G::Look, "as text", "the view as plain text"),
    bind(A::Pause, "pause", &[c('p')], G::Time, "pause", "pause, and live again"),
    bind(A::LookBack, "look-back", &[c(',')], G::Time, "", "one look back"),
    bind(A::LookForward, "look-forward", &[c('.')], G::Time, "", "one look forward"),
    bind(A::EventBack, "event-back", &[c('<')], G::Time, "", "one event back"),
    bind(A::EventForward, "event-forward", &[c('>')], G::Time, "", "one event forward"),
    bind(A::Baseline, "baseline", &[c('=')], G::Time, "", "mark what differs from now on"),
    bind(A::ReadAgain, "read-again", &[c('r')], G::Time, "read again", "look again now"),
    bind(A::Palette, "palette", &[c(':')], G::Program, "all actions", "every action by name"),
    bind(A::Mouse, "mouse", &[], G::Program, "", "the mouse on and off"),
    bind(A::Demo, "demo", &[], G::Program, "", "explore the recorded incident"),
    bind(A::OpenFile, "open-file", &[], G::Program, "", "open a snapshot or a recording"),
    bind(A::Hosts, "hosts", &[c('@')], G::Views, "", "hosts, of several recordings"),
    bind(A::Tour, "tour", &[], G::Program, "", "the tour of the demo, from its start"),
    bind(A::Repaint, "repaint", &[ctrl('l')], G::Program, "", "repaint"),
    bind(A::Suspend, "suspend", &[ctrl('z')], G::Program, "", "suspend"),
    bind(A::Quit, "quit", &[c('q'), ctrl('c')], G::Program, "quit", "quit"),
    bind(A::Help, "help", &[c('?')], G::Program, "help", "help"),
    bind(
        A::FocusNext,
        "focus-next",
        &[k(KeyCode::Tab), k(KeyCode::Right)],
        G::Dialog,
        "move",
        "next button",
    ),
    bind(
        A::FocusPrevious,
        "focus-previous",
        &[k(KeyCode::BackTab), k(KeyCode::Left)],
        G::Dialog,
        "",
        "previous button",
    ),
    bind(A::Press, "press", &[k(KeyCode::Enter)], G::Dialog, "press", "press the focused button"),
    bind(A::Cancel, "cancel", &[k(KeyCode::Esc), c('q'), c('b')], G::Dialog, "cancel", "cancel"),
    bind(
        A::ScrollDown,
        "scroll-down",
        &[k(KeyCode::Down), c('j')],
        G::Dialog,
        "scroll",
        "scroll down",
    ),
    bind(A::ScrollUp, "scroll-up", &[k(KeyCode::Up), c('k')], G::Dialog, "", "scroll up"),
    bind(
        A::CopyCommand,
        "copy-command",
        &[c('y')],
        G::Dialog,
        "copy the command",
        "copy the command",
    ),
    bind(A::Accept, "accept", &[k(KeyCode::Enter)], G::Line, "keep", "take what is written"),
    bind(
        A::Abandon,
        "abandon",
        &[k(KeyCode::Esc), ctrl('c')],
        G::Line,
        "clear",
        "leave without it",
    ),
];

/// The line of an action.
pub fn of(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.action == action)
}
