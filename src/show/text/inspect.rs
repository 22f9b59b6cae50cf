//! `farrier inspect` as text: a line an entry, what became of a file's path at its end.

use std::fmt::Write as _;

use super::Paint;
use crate::contract::Severity;
use crate::deploy::ruby::gem_of;
use crate::facts::files::Fate;
use crate::facts::opens::{Entry, Opens};
use crate::show::json::inspect::{Fd, device};
use crate::show::words::{Mark, left, right};

/// All entries, then what could not be read.
pub fn inspect(opens: &Opens, paint: Paint) -> String {
    let head = row("fd", "type", "mode", "device", "inode", "name");
    let mut out = paint.quiet(&head) + "\n";
    for entry in &opens.entries {
        let number = entry.inode.map_or("-".into(), |inode| inode.to_string());
        let line = row(
            &Fd::from(entry.slot).to_string(),
            entry.kind.unwrap_or("?"),
            entry.mode.unwrap_or("-"),
            &entry.device.map_or("-".into(), device),
            &number,
            &entry.name.to_string(),
        );
        let _ = writeln!(out, "{line}{}", note(entry, paint));
    }
    for (what, place, lack) in &opens.lacking {
        let _ = writeln!(
            out,
            "{} {what} was not read: {lack}  {}",
            paint.mark(Mark::Unknown),
            paint.quiet(&format!("({place})"))
        );
    }
    out
}

fn row(fd: &str, kind: &str, mode: &str, device: &str, inode: &str, name: &str) -> String {
    let (fd, kind, mode) = (right(fd, 4), left(kind, 7), left(mode, 4));
    format!("{fd}  {kind} {mode} {}  {}  {name}", right(device, 8), right(inode, 10))
}

/// What `lsof` does not say.
fn note(entry: &Entry, paint: Paint) -> String {
    let fate = match &entry.fate {
        Some(Ok(Fate::Deleted)) => paint.severity(Severity::Warning, "deleted"),
        Some(Ok(Fate::Replaced)) => {
            paint.severity(Severity::Warning, "replaced: another file stands at this path")
        }
        Some(Err(lack)) => paint.blind(&format!("whether it is still there was not read: {lack}")),
        Some(Ok(Fate::Same)) | None => String::new(),
    };
    let gem = gem_of(entry.name.path())
        .map(|gem| format!("gem {}", crate::os::text::escaped(gem.as_bytes())));
    let notes: Vec<String> = gem.into_iter().chain((!fate.is_empty()).then_some(fate)).collect();
    if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join("; ")) }
}
