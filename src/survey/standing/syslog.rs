//! What systemd told the system's log of a service, where that is a text file: how it ended last.

use std::path::Path;

use super::super::once::Once;
use crate::facts::Place;
use crate::os::{Ask, Found, PathAsk, Root, Text};

/// Where it is written as text. The journal's own files are not read: to find a unit in them takes many readings.
const FILES: &[&str] = &["/var/log/syslog", "/var/log/messages", "/var/log/daemon.log"];
/// So much of the end is read.
const END: u32 = 256 << 10;

/// How a service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With another result than success.
    Failed(String),
    /// As it was told, or by itself without an error.
    Quietly,
}

/// How a service ended last since the machine started, and where that stands.
pub(super) fn end(once: &Once<'_>, unit: &str) -> Option<(End, Place)> {
    FILES.iter().map(Path::new).find_map(|file| {
        let ask = Ask::path(Root::Own, file, PathAsk::Tail(END));
        let Ok(Found::File(Some(text))) = once.one(&ask) else { return None };
        Some((last(&text, unit)?, Place::path(file)))
    })
}

/// The last word on it (`unit.c`, `unit_log_result`; before version 239 a success was not told). What was written before
/// the kernel's first line is of another start of the machine.
fn last(log: &Text, unit: &str) -> Option<End> {
    let text = String::from_utf8_lossy(log.bytes());
    let mut found = None;
    for line in text.lines() {
        if line.contains("kernel: ") && line.contains("Linux version ") {
            found = None;
        }
        let Some((_, said)) = line.split_once(" systemd[1]: ") else { continue };
        let Some(said) = said.strip_prefix(unit).and_then(|rest| rest.strip_prefix(": ")) else {
            continue;
        };
        if let Some(result) = said.strip_prefix("Failed with result '") {
            found = Some(End::Failed(result.split('\'').next().unwrap_or_default().to_owned()));
        } else if said.starts_with("Deactivated successfully") || said.starts_with("Succeeded") {
            found = Some(End::Quietly);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_end_since_the_start_counts() {
        let of = |lines: &[&str]| {
            let at = |line: &&str| format!("Dec  1 03:00:00 web-1 {line}\n");
            let text = lines.iter().map(at).collect::<Vec<_>>().concat();
            last(&Text::from(text.as_str()), "shop.service")
        };
        let (failed, fine) = (
            "systemd[1]: shop.service: Failed with result 'exit-code'.",
            "systemd[1]: shop.service: Deactivated successfully.",
        );
        assert_eq!(of(&[fine, failed]), Some(End::Failed("exit-code".into())));
        assert_eq!(of(&[failed, fine]), Some(End::Quietly));
        assert_eq!(of(&[failed, "kernel: [0.0] Linux version 6.1"]), None);
        assert_eq!(of(&["systemd[1]: myshop.service: Failed with result 'x'."]), None);
        assert_eq!(of(&["systemd[812]: shop.service: Failed with result 'x'."]), None);
    }
}
