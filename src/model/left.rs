//! An upgrade that a farrier left before its end: what the audit log tells of it.

use jiff::Timestamp;

use super::{App, Master};
use crate::os::own::Leave;
use crate::os::{Pid, Text};

/// The ways to leave, each as the audit log has it, and as it is told.
const WAYS: &[(Leave, &str, &str)] = &[
    (Leave::Operator, "Broken off", "it was broken off"),
    (Leave::Terminal, "Its terminal went", "its terminal went"),
    (Leave::Told, "It was told to end", "farrier was told to end"),
];

/// How somebody left, as the audit log has it.
pub fn words(leave: Leave) -> &'static str {
    WAYS.iter().find(|(way, ..)| *way == leave).map_or("Broken off", |(_, words, _)| words)
}

/// An upgrade that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Who carried it out: the user before sudo, who logged in, or the number of the user.
    pub by: Text,
    /// When its last line was written.
    pub at: Timestamp,
    /// The last step that was over, and how many there are.
    pub step: (usize, usize),
    /// Why, in words; `None`: its last line does not say, since farrier was killed.
    pub why: Option<&'static str>,
    /// The farrier that wrote it.
    pub writer: Pid,
    /// The master that it began with.
    pub old: (Pid, u64),
}

impl Left {
    /// Whether that master still lives beside another.
    pub fn is_about(&self, app: &App) -> bool {
        let is = |master: &Master| {
            let started = master.process.stat.get().map(|stat| stat.started);
            (master.process.pid, started) == (self.old.0, Some(self.old.1))
        };
        app.living_masters().any(is) && app.living_masters().count() > 1
    }
}

/// What the end of an audit log says of the last upgrade of an app: `None` where it came to an end, whichever.
pub fn left(log: &Text, app: &str) -> Option<Left> {
    let text = String::from_utf8_lossy(log.bytes());
    let mut why = None;
    for line in text.lines().rev() {
        let Some(line) = parse(line, app).filter(|line| line.signal == "USR2") else { continue };
        match line.stage {
            "result" if why.is_none() => {
                let (_, _, told) =
                    WAYS.iter().find(|(_, words, _)| line.words.starts_with(words))?;
                why = Some((*told, line.at));
            }
            "step" => {
                let (at, rest) = line.words.split_once(" of ")?;
                let (begun, all) =
                    (at.parse::<usize>().ok()?, rest.split(' ').next()?.parse().ok()?);
                return Some(Left {
                    by: line.by.into(),
                    at: why.map_or(line.at, |(_, at)| at),
                    step: (begun.saturating_sub(1), all),
                    why: why.map(|(told, _)| told),
                    writer: line.writer,
                    old: line.to,
                });
            }
            _ => return None,
        }
    }
    None
}

/// A line of the audit log.
pub(super) struct Line<'a> {
    pub at: Timestamp,
    pub writer: Pid,
    pub stage: &'a str,
    pub signal: &'a str,
    pub to: (Pid, u64),
    by: &'a str,
    pub words: &'a str,
}

/// A line such as `TIME farrier[7]: step USR2 pid=47 pidfd=9 started=81 uid=0 app=/srv by=euid:0,… 3 of 8  …`.
pub(super) fn parse<'a>(line: &'a str, app: &str) -> Option<Line<'a>> {
    let (head, tail) = line.split_once(&format!(" app={app} by="))?;
    let (time, head) = head.split_once(" farrier[")?;
    let (writer, head) = head.split_once("]: ")?;
    let mut fields = head.split(' ');
    let (stage, signal) = (fields.next()?, fields.next()?);
    let mut number = |name: &str| fields.find_map(|field| field.strip_prefix(name));
    let pid = number("pid=")?.parse().ok()?;
    let started = number("started=")?.parse().ok()?;
    let (who, words) = tail.split_once(' ')?;
    let mut ids = who.split(',').filter_map(|part| part.split_once(':'));
    let named = |name: &str| {
        let mut ids = who.split(',').filter_map(|part| part.split_once(':'));
        ids.find(|(key, value)| *key == name && *value != "-").map(|(_, value)| value)
    };
    let by = named("sudo").or_else(|| named("loginuid")).or_else(|| ids.next().map(|(_, id)| id));
    Some(Line {
        at: time.parse().ok()?,
        writer: writer.parse().ok()?,
        stage,
        signal,
        to: (pid, started),
        // A recording does not tell who it was.
        by: by.unwrap_or("somebody"),
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Text {
        let time = |nth: usize| format!("2026-11-22T23:25:0{nth}Z farrier[77]: ");
        let lines: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(nth, line)| {
                let (stage, words) = line.split_once(' ').unwrap();
                let to = "USR2 pid=47 pidfd=9 started=81 uid=0 app=/srv/my shop";
                format!(
                    "{}{stage} {to} by=euid:0,loginuid:1000,sudo:-,tty:/dev/pts/3 {words}",
                    time(nth)
                )
            })
            .collect();
        Text::from(lines.join("\n").as_str())
    }

    #[test]
    fn the_last_step_that_was_begun_was_not_over() {
        let log = log(&["intent Upgrade", "step 3 of 8  new master", "step 7 of 8  retire 47"]);
        let left = left(&log, "/srv/my shop").unwrap();
        assert_eq!((left.step, left.why), ((6, 8), None));
        assert_eq!((left.old, left.writer.number()), ((Pid::new(47).unwrap(), 81), 77));
        assert_eq!(left.by, "1000".into());
        assert_eq!(left.at.to_string(), "2026-11-22T23:25:02Z");
        assert_eq!(super::left(&log, "/srv"), None);
    }

    #[test]
    fn what_came_to_an_end_was_not_left() {
        let over = log(&["step 7 of 8  retire", "result 66 serves alone"]);
        assert_eq!(left(&over, "/srv/my shop"), None);
        let went = log(&["step 6 of 8  ready", "result Its terminal went. 66 is ready"]);
        let left = left(&went, "/srv/my shop").unwrap();
        assert_eq!((left.step, left.why), ((5, 8), Some("its terminal went")));
    }
}
