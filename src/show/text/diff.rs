//! `farrier diff` as text: what came, what went, what is another than it was; the rest in one line.

use std::fmt::Write as _;

use super::Paint;
use crate::model::Census;
use crate::show::compare::{App, Change, Compared, Comparison, Fate, Known, Moment, Value};
use crate::show::words::{Mark, counted, elapsed, left, pids, width};

/// Columns of a line that says before and after at once.
const LINE: usize = 100;

/// Columns of a name, within reason.
const NAME: usize = 34;

/// The whole comparison; times in the zone of the later look.
pub fn diff(comparison: &Comparison, census: &Census, paint: Paint) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut out = moment("before", before, census, "", paint);
    let later = after.taken_at.duration_since(before.taken_at).as_secs();
    let later = match u64::try_from(later) {
        Ok(seconds) => format!(", {} later", elapsed(seconds)),
        Err(_) => ", which is earlier".into(),
    };
    out += &moment("after", after, census, &later, paint);
    if before.host != after.host {
        out += "these are two machines: no process of one is a process of the other\n";
    } else if comparison.other_boot {
        out += "the machine was booted in between: every process is new\n";
    }
    for app in &comparison.apps {
        out.push('\n');
        out += &self::app(app, paint);
    }
    if comparison.apps.is_empty() {
        out += "\nneither look found an app\n";
    }
    out += &unknown(comparison, paint);
    out
}

fn moment(label: &str, at: &Moment, census: &Census, later: &str, paint: Paint) -> String {
    let host = at.host.as_ref().map_or("?".into(), ToString::to_string);
    format!("{}{host}  {}{later}\n", paint.quiet(&left(label, 8)), census.day(at.taken_at))
}

fn app(app: &App, paint: Paint) -> String {
    let title = format!("{} ({})", app.name, app.id);
    let mut out = match app.fate {
        Fate::Stayed if app.is_same() => {
            let found = app.findings.len();
            let findings = match found {
                0 => "no finding".into(),
                _ => format!("{} as before", counted(found, "finding")),
            };
            return format!(
                "{}: nothing that is compared differs; {findings}\n",
                paint.strong(&title)
            );
        }
        Fate::Stayed => paint.strong(&title),
        Fate::Came => format!("+ {} is new", paint.strong(&title)),
        Fate::Went => format!("{} {} is gone", Mark::Ghost.sign(), paint.strong(&title)),
    };
    out.push('\n');
    out += &changes(&app.changes, 2, paint);
    for master in &app.masters {
        out += &self::master(master, paint);
    }
    out += &findings(app, paint);
    out
}

fn master(master: &Compared, paint: Paint) -> String {
    let (pid, role) = (master.pid, master.role.name());
    let workers = |what: &str, all: &[crate::os::Pid]| match all.len() {
        0 => String::new(),
        1 => format!("    worker {} is {what}\n", pids(all)),
        _ => format!("    workers {} are {what}\n", pids(all)),
    };
    let head = paint.strong(&format!("master {pid}"));
    let mut out = match (master.fate, master.instead_of) {
        (Fate::Stayed, _) if master.is_same() => {
            return format!("  = {head} {role} is as it was\n");
        }
        (Fate::Stayed, _) => format!("  = {head} {role} is the same process\n"),
        (Fate::Came, Some(other)) => {
            format!("  + {head} {role} is new; what differs from {other}:\n")
        }
        (Fate::Came, None) => format!("  + {head} {role} is new\n"),
        (Fate::Went, _) => format!("  {} {head}, which was {role}, is gone\n", Mark::Ghost.sign()),
    };
    out += &changes(&master.changes, 4, paint);
    let parts = [("environment", &master.environment), ("libraries", &master.libraries)];
    for (title, all) in parts.into_iter().filter(|(_, all)| !all.is_empty()) {
        let _ = writeln!(out, "    {}", paint.quiet(title));
        out += &changes(all, 6, paint);
    }
    if master.hidden_alike > 0 && !master.environment.is_empty() {
        let _ = writeln!(
            out,
            "      {} {} of one length: equal or not cannot be told of two files",
            Mark::Hidden.sign(),
            counted(master.hidden_alike, "hidden value"),
        );
    }
    out += &workers("new", &master.workers_came);
    out += &workers("gone", &master.workers_went);
    out
}

/// A line a change; two where one would be too long.
fn changes(all: &[Change], indent: usize, paint: Paint) -> String {
    let column = all.iter().map(|change| width(&change.what.to_string())).max().unwrap_or(0);
    let (column, blanks) = (column.min(NAME), " ".repeat(indent));
    let mut out = String::new();
    for change in all {
        let what = change.what.to_string();
        let name = if width(&what) > column { what } else { left(&what, column) };
        let words = match (&change.before, &change.after) {
            (Value::Nothing, after) => {
                (Mark::Differs, format!("new: {}", value(after, paint)), None)
            }
            (before, Value::Nothing) => {
                (Mark::Differs, format!("gone: {}", value(before, paint)), None)
            }
            (before, after) => (Mark::Differs, value(before, paint), Some(value(after, paint))),
        };
        let (mark, first, second) = (words.0.sign(), words.1, words.2);
        let start = format!("{blanks}{mark} {name}  ");
        match second {
            None => drop(writeln!(out, "{start}{first}")),
            Some(second) if width(&start) + width(&first) + width(&second) + 6 <= LINE => {
                let _ = writeln!(out, "{start}{first}, now {second}");
            }
            Some(second) => {
                let _ = writeln!(out, "{start}{first}");
                let _ = writeln!(out, "{}now {second}", " ".repeat(indent + 4));
            }
        }
    }
    out
}

fn value(value: &Value, paint: Paint) -> String {
    match value {
        Value::Shown(text) => text.to_string(),
        Value::Hidden(length) => paint.quiet(&format!("{} hidden, {length}", Mark::Hidden.sign())),
        Value::Nothing => "none".into(),
    }
}

fn findings(app: &App, paint: Paint) -> String {
    let mut out = String::new();
    for found in app.findings.iter().filter(|found| found.known != Known::Stayed) {
        let (sign, word) = match found.known {
            Known::Came => ('+', "new"),
            Known::Undecided => (Mark::Unknown.sign(), "not decided any more"),
            Known::Went | Known::Stayed => (Mark::Ghost.sign(), "gone"),
        };
        let severity = paint.severity(found.severity, found.severity.name());
        let _ = writeln!(
            out,
            "  {sign} {severity} {} is {word}: {}",
            paint.strong(found.rule),
            found.summary
        );
    }
    let stayed: Vec<&str> = app
        .findings
        .iter()
        .filter(|found| found.known == Known::Stayed)
        .map(|found| found.rule)
        .collect();
    if !stayed.is_empty() {
        let _ = writeln!(
            out,
            "  = {} as before: {}",
            counted(stayed.len(), "finding"),
            stayed.join(", ")
        );
    }
    out
}

/// What one of them does not show.
fn unknown(comparison: &Comparison, paint: Paint) -> String {
    let mut out = String::new();
    for lacking in &comparison.uncompared {
        let side = if lacking.after { "after" } else { "before" };
        let _ = writeln!(
            out,
            "{} {} was not compared: {side}, {}  {}",
            paint.mark(Mark::Unknown),
            lacking.what,
            lacking.why,
            paint.quiet(&format!("({})", lacking.place))
        );
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}
