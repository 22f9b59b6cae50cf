//! A comparison in lines: what came, went, is another than it was; the rest in a line each. What prints them dresses them.

use crate::contract::Severity;
use crate::model::{AppId, Census};
use crate::os::Pid;
use crate::show::compare::{App, Change, Compared, Comparison, Fate, Known, Moment, Value};
use crate::show::words::{Mark, counted, elapsed, left, pids, width};

/// Columns of a name, within reason.
const NAME: usize = 34;

/// How a piece of a line is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dress {
    /// Not at all.
    Plain,
    /// A subject or a title.
    Strong,
    /// A label, a source.
    Quiet,
    /// The mark of what is not known.
    Unknown,
    /// A severity.
    Grave(Severity),
}

/// A line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What it says; nothing: it is blank.
    pub pieces: Vec<(Dress, String)>,
    /// It tells of something that is as it was.
    pub same: bool,
    /// The app that it is about, and the master.
    pub of: Option<(AppId, Option<Pid>)>,
}

impl Line {
    fn plain(text: impl Into<String>) -> Self {
        Self::default().and(Dress::Plain, text)
    }

    fn and(mut self, dress: Dress, text: impl Into<String>) -> Self {
        self.pieces.push((dress, text.into()));
        self
    }

    /// What it says, undressed.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The whole comparison, in lines of so many columns where a line says before and after at once; times in the zone of
/// the later look.
pub fn lines(comparison: &Comparison, census: &Census, columns: usize) -> Vec<Line> {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut out = vec![moment("before", before, census, "")];
    let later = after.taken_at.duration_since(before.taken_at).as_secs();
    let later = match u64::try_from(later) {
        Ok(seconds) => format!(", {} later", elapsed(seconds)),
        Err(_) => ", which is earlier".into(),
    };
    out.push(moment("after", after, census, &later));
    if before.host != after.host {
        out.push(Line::plain(
            "these are two machines: no process of one is a process of the other",
        ));
    } else if comparison.other_boot {
        out.push(Line::plain("the machine was booted in between: every process is new"));
    }
    for app in &comparison.apps {
        out.push(Line::default());
        out.extend(self::app(app, columns));
    }
    if comparison.apps.is_empty() {
        out.extend([Line::default(), Line::plain("neither look found an app")]);
    }
    out.extend(unknown(comparison));
    out
}

fn moment(label: &str, at: &Moment, census: &Census, later: &str) -> Line {
    let host = at.host.as_ref().map_or("?".into(), ToString::to_string);
    let words = format!("{host}  {}{later}", census.day(at.taken_at));
    Line::default().and(Dress::Quiet, left(label, 8)).and(Dress::Plain, words)
}

fn app(app: &App, columns: usize) -> Vec<Line> {
    let title = format!("{} ({})", app.name, app.id);
    let strong = |before: &str, after: &str| {
        let line = Line::plain(before).and(Dress::Strong, title.clone());
        line.and(Dress::Plain, after)
    };
    let mut out = match app.fate {
        Fate::Stayed if app.is_same() => {
            let found = app.findings.len();
            let findings = match found {
                0 => "no finding".into(),
                _ => format!("{} as before", counted(found, "finding")),
            };
            let words = format!(": nothing that is compared differs; {findings}");
            return of_app(app, vec![strong("", &words)]);
        }
        Fate::Stayed => vec![strong("", "")],
        Fate::Came => vec![strong("+ ", " is new")],
        Fate::Went => vec![strong(&format!("{} ", Mark::Ghost.sign()), " is gone")],
    };
    out.extend(changes(&app.changes, 2, columns));
    for master in &app.masters {
        let mut lines = self::master(master, columns);
        for line in &mut lines {
            line.of = Some((app.id.clone(), Some(master.pid)));
        }
        out.extend(lines);
    }
    out.extend(findings(app));
    of_app(app, out)
}

/// Lines that are about no master are about their app.
fn of_app(app: &App, mut lines: Vec<Line>) -> Vec<Line> {
    for line in &mut lines {
        line.of.get_or_insert_with(|| (app.id.clone(), None));
    }
    lines
}

fn master(master: &Compared, columns: usize) -> Vec<Line> {
    let (pid, role) = (master.pid, master.role.name());
    let workers = |what: &str, all: &[Pid]| match all.len() {
        0 => None,
        1 => Some(Line::plain(format!("    worker {} is {what}", pids(all)))),
        _ => Some(Line::plain(format!("    workers {} are {what}", pids(all)))),
    };
    let head = |sign: char, words: String| {
        let line = Line::plain(format!("  {sign} ")).and(Dress::Strong, format!("master {pid}"));
        line.and(Dress::Plain, words)
    };
    let mut out = vec![match (master.fate, master.instead_of) {
        (Fate::Stayed, _) if master.is_same() => {
            return vec![Line { same: true, ..head('=', format!(" {role} is as it was")) }];
        }
        (Fate::Stayed, _) => head('=', format!(" {role} is the same process")),
        (Fate::Came, Some(other)) => {
            head('+', format!(" {role} is new; what differs from {other}:"))
        }
        (Fate::Came, None) => head('+', format!(" {role} is new")),
        (Fate::Went, _) => head(Mark::Ghost.sign(), format!(", which was {role}, is gone")),
    }];
    out.extend(changes(&master.changes, 4, columns));
    let parts = [("environment", &master.environment), ("libraries", &master.libraries)];
    for (title, all) in parts.into_iter().filter(|(_, all)| !all.is_empty()) {
        out.push(Line::plain("    ").and(Dress::Quiet, title));
        out.extend(changes(all, 6, columns));
    }
    if master.hidden_alike > 0 && !master.environment.is_empty() {
        out.push(Line::plain(format!(
            "      {} {} of one length: equal or not is not told",
            Mark::Hidden.sign(),
            counted(master.hidden_alike, "hidden value"),
        )));
    }
    out.extend(workers("new", &master.workers_came));
    out.extend(workers("gone", &master.workers_went));
    out
}

/// A line a change; two where one would be too long.
fn changes(all: &[Change], indent: usize, columns: usize) -> Vec<Line> {
    let column = all.iter().map(|change| width(&change.what.to_string())).max().unwrap_or(0);
    let (column, blanks) = (column.min(NAME), " ".repeat(indent));
    let mut out = Vec::new();
    for change in all {
        let what = change.what.to_string();
        let name = if width(&what) > column { what } else { left(&what, column) };
        let start = Line::plain(format!("{blanks}{} {name}  ", Mark::Differs.sign()));
        match (&change.before, &change.after) {
            (Value::Nothing, after) => out.push(value(start.and(Dress::Plain, "new: "), after)),
            (before, Value::Nothing) => out.push(value(start.and(Dress::Plain, "gone: "), before)),
            (before, after) => {
                let first = value(start, before);
                let whole = value(first.clone().and(Dress::Plain, ", now "), after);
                if width(&whole.text()) <= columns {
                    out.push(whole);
                } else {
                    out.push(first);
                    let second = Line::plain(format!("{}now ", " ".repeat(indent + 4)));
                    out.push(value(second, after));
                }
            }
        }
    }
    out
}

fn value(line: Line, value: &Value) -> Line {
    match value {
        Value::Shown(text) => line.and(Dress::Plain, text.to_string()),
        Value::Hidden(length) => {
            line.and(Dress::Quiet, format!("{} hidden, {length}", Mark::Hidden.sign()))
        }
        Value::Nothing => line.and(Dress::Plain, "none"),
    }
}

fn findings(app: &App) -> Vec<Line> {
    let mut out = Vec::new();
    for found in app.findings.iter().filter(|found| found.known != Known::Stayed) {
        let (sign, word) = match found.known {
            Known::Came => ('+', "new"),
            Known::Undecided => (Mark::Unknown.sign(), "not decided any more"),
            Known::Went | Known::Stayed => (Mark::Ghost.sign(), "gone"),
        };
        let line = Line::plain(format!("  {sign} "));
        let line = line.and(Dress::Grave(found.severity), found.severity.name());
        let line = line.and(Dress::Plain, " ").and(Dress::Strong, found.rule);
        out.push(line.and(Dress::Plain, format!(" is {word}: {}", found.summary)));
    }
    let stayed: Vec<&str> = app
        .findings
        .iter()
        .filter(|found| found.known == Known::Stayed)
        .map(|found| found.rule)
        .collect();
    if !stayed.is_empty() {
        let many = counted(stayed.len(), "finding");
        let line = Line::plain(format!("  = {many} as before: {}", stayed.join(", ")));
        out.push(Line { same: true, ..line });
    }
    out
}

/// What one of them does not show.
fn unknown(comparison: &Comparison) -> Vec<Line> {
    let mut out = Vec::new();
    for lacking in &comparison.uncompared {
        let side = if lacking.after { "after" } else { "before" };
        let words = format!(" {} was not compared: {side}, {}  ", lacking.what, lacking.why);
        let line = Line::default().and(Dress::Unknown, Mark::Unknown.sign().to_string());
        let line = line.and(Dress::Plain, words);
        out.push(line.and(Dress::Quiet, format!("({})", lacking.place)));
    }
    if !out.is_empty() {
        out.insert(0, Line::default());
    }
    out
}
