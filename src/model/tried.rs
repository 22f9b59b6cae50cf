//! A release that a master was upgraded to and that did not stay, as farrier's own audit log tells it.

use jiff::Timestamp;

use super::left::{Line, parse};
use crate::os::{Pid, Text};

/// What stands before the release in the words of an intent.
const RELEASE: &str = "; release ";

/// The words of an intent, with the release that it starts or ends.
pub fn words(title: &str, release: Option<&str>) -> String {
    match release {
        Some(release) => {
            format!("{title}{RELEASE}{}", crate::os::text::escaped(release.as_bytes()))
        }
        None => title.to_owned(),
    }
}

/// Such a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Its name.
    pub release: String,
    /// farrier itself took it back; else it ended by itself, or by another hand.
    pub taken_back: bool,
    /// When farrier was told to.
    pub at: Timestamp,
    /// The farrier that wrote it.
    pub writer: Pid,
}

/// The last release that an audit log says this master was upgraded to, or went back from, since that time. A master is
/// told by its number and its start; a rollback names the number of who stays.
pub fn tried(log: &Text, app: &str, master: (Pid, u64), since: Timestamp) -> Option<Tried> {
    let text = String::from_utf8_lossy(log.bytes());
    let mut last: Option<(Tried, (Pid, u64))> = None;
    let lines = text.lines().filter_map(|line| parse(line, app));
    for line in lines.filter(|line| line.at >= since) {
        match line.stage {
            "intent" => {
                let Some(taken_back) = is_about(&line, master) else { continue };
                let Some((_, release)) = line.words.rsplit_once(RELEASE) else { continue };
                let tried = Tried {
                    release: release.to_owned(),
                    taken_back,
                    at: line.at,
                    writer: line.writer,
                };
                last = Some((tried, line.to));
            }
            // Nothing came of it, since nothing was sent.
            "result" if line.words.starts_with("not sent") => {
                last = last.filter(|(tried, to)| tried.writer != line.writer || *to != line.to);
            }
            _ => {}
        }
    }
    last.map(|(tried, _)| tried)
}

/// Whether an intent began an upgrade of this master (`false`) or took one back (`true`).
fn is_about(line: &Line<'_>, master: (Pid, u64)) -> Option<bool> {
    if line.signal == "USR2" {
        return (line.to == master).then_some(false);
    }
    let (title, _) = line.words.rsplit_once(RELEASE)?;
    let (before, back) = title.rsplit_once(" back to ")?;
    (before.starts_with("Roll ") && back.parse() == Ok(master.0.number())).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: &str = "app=/srv/my shop by=euid:0,loginuid:-,sudo:-,tty:-";

    fn of(lines: &[&str], since: &str) -> Option<(String, bool)> {
        let lines: Vec<String> = (0..)
            .zip(lines)
            .map(|(nth, line)| {
                let line = line.replace("APP", BY);
                format!("2026-11-22T23:25:0{nth}Z farrier[77]: {line}\n")
            })
            .collect();
        let log = Text::from(lines.concat().as_str());
        let found =
            tried(&log, "/srv/my shop", (Pid::new(47).unwrap(), 81), since.parse().unwrap());
        found.map(|tried| (tried.release, tried.taken_back))
    }

    const UP: &str = "intent USR2 pid=47 pidfd=9 started=81 uid=0 APP Upgrade shop; release r2";
    const BACK: &str =
        "intent QUIT pid=66 pidfd=9 started=99 uid=0 APP Roll my shop back to 47; release r2";

    #[test]
    fn an_upgrade_and_a_rollback_name_the_release() {
        let early = "2026-11-22T23:00:00Z";
        assert_eq!(of(&[UP], early), Some(("r2".into(), false)));
        assert_eq!(of(&[UP, BACK], early), Some(("r2".into(), true)));
        assert_eq!(of(&[UP, BACK], "2026-11-22T23:30:00Z"), None);
    }

    #[test]
    fn another_master_and_what_was_not_sent_say_nothing() {
        let early = "2026-11-22T23:00:00Z";
        assert_eq!(of(&[&UP.replace("=81", "=82")], early), None);
        assert_eq!(of(&[&BACK.replace("to 47", "to 147")], early), None);
        assert_eq!(of(&[&UP.replace("; release r2", "")], early), None);
        let refused = "result USR2 pid=47 pidfd=9 started=81 uid=0 APP not sent: it ended";
        assert_eq!(of(&[UP, refused], early), None);
    }

    #[test]
    fn a_recording_tells_the_same() {
        let lines =
            format!("2026-11-22T23:25:03.123456789Z farrier[77]: {}\n", BACK.replace("APP", BY));
        let (masked, _) = crate::os::secrets::mask_log(&Text::from(lines.as_str()));
        let since = "2026-11-22T23:00:00Z".parse().unwrap();
        let found = tried(&masked, "/srv/my shop", (Pid::new(47).unwrap(), 81), since);
        assert_eq!(found.map(|tried| tried.release).as_deref(), Some("r2"), "{masked}");
    }

    #[test]
    fn a_name_is_found_behind_the_last_mark() {
        assert_eq!(words("Upgrade a; release b", Some("r2")), "Upgrade a; release b; release r2");
        assert_eq!(words("Stop shop", None), "Stop shop");
    }
}
