//! TARGETs of the reading commands: what of a look is shown.

use std::path::{Component, Path};

use super::machine::Seen;
use crate::os::own;
use crate::os::shown;
use crate::plans::Refused;
use crate::settings::Settings;
use crate::survey::Wish;
use crate::survey::target::{Target, Unresolved, resolve};

/// What TARGETs chose.
pub enum Chosen {
    /// These apps; all of them where no TARGET was given.
    Apps(Box<Seen>),
    /// A TARGET names nothing, or too much; why, and what can be given instead.
    Refused(String),
}

/// A TARGET as it was typed; a path is completed against farrier's own directory.
#[expect(clippy::unnecessary_wraps, reason = "clap asks for a parser that may refuse")]
pub fn word(typed: &str) -> Result<String, std::convert::Infallible> {
    let path = Path::new(typed);
    if path.is_absolute() || !(typed.contains('/') || typed == "." || typed == "..") {
        return Ok(typed.to_owned());
    }
    let mut whole = own::directory();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            other => whole.push(other),
        }
    }
    Ok(whole.to_str().map_or_else(|| typed.to_owned(), str::to_owned))
}

/// What a look is to look for: roots that TARGETs name, although nothing may serve them.
pub fn wish(targets: &[String], settings: &Settings) -> Wish {
    let named = targets.iter().map(std::path::PathBuf::from).filter(|path| path.is_absolute());
    Wish {
        roots: named.collect(),
        limits: settings.limits,
        zone: settings.zone.clone(),
        audit: settings.audit_file.clone(),
        ..Wish::default()
    }
}

/// Keeps what the TARGETs name.
pub fn choose(mut seen: Seen, targets: &[String]) -> Chosen {
    if targets.is_empty() {
        return Chosen::Apps(Box::new(seen));
    }
    let mut ids = Vec::new();
    for word in targets {
        match resolve(&seen.census, word) {
            Ok(target) => ids.push(target.app),
            Err(refused) => return Chosen::Refused(words(&refused)),
        }
    }
    seen.census.apps.retain(|app| ids.contains(&app.id));
    seen.verdicts.0.retain(|answered| ids.contains(&answered.app));
    Chosen::Apps(Box::new(seen))
}

/// A refusal with its ways out, a line each.
pub fn words(refused: &Unresolved) -> String {
    std::iter::once(refused.to_string())
        .chain(refused.ways_out().into_iter().map(|line| format!("  {line}")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A pidfile that was named and leads to no master is not enough to choose whom a signal is for.
pub fn leads_nowhere(target: &Target) -> Option<Refused> {
    let pidfile = target.pidfile.as_ref().filter(|_| target.master.is_none())?;
    Some(Refused::new(
        format!("{} names no living master", shown(pidfile)),
        format!("name the app or a master: {}", target.app),
    ))
}
