//! Rules about release directories and the link `current`.

pub mod current_broken;
pub mod release_deleted;
pub mod release_mixed;
pub mod release_pinned;
pub mod release_prune_risk;
pub mod release_stale;

use crate::facts::{Fact, Lack, Place};
use crate::model::{Layout, Master, Setting};

use crate::contract::{Evidence, Finding, Look};

/// What shows that a master that preloads the app was reloaded into a release that it never loaded: it started before
/// that release arrived and before `current` was switched, and all its workers are younger than the switch. Empty: it
/// was not.
fn reload(look: &mut Look<'_>, layout: &Layout, master: &Master, current: &str) -> Vec<Evidence> {
    seen_reload(look, layout, master, current).unwrap_or_default()
}

fn seen_reload(
    look: &mut Look<'_>,
    layout: &Layout,
    master: &Master,
    current: &str,
) -> Option<Vec<Evidence>> {
    let pid = master.process.pid;
    let started = look.of(pid, "start", &master.process.started_at)?;
    let at = &layout.current.switched_at;
    let switched = look.at("the time when current was switched", at)?;
    if started >= switched {
        return None;
    }
    let Some(release) = layout.release(current) else {
        look.at("the releases", &layout.releases);
        return None;
    };
    let arrived = look.at(format!("the arrival of {current}"), &release.arrived)?;
    let mut workers = master.workers_alive().map(|worker| &worker.process).peekable();
    if started >= arrived || workers.peek().is_none() {
        return None;
    }
    for worker in workers {
        if look.of(worker.pid, "start", &worker.started_at)? < switched {
            return None;
        }
    }
    let config = look.of(pid, "configuration", &master.loaded)?;
    let line = match &config.preload_app {
        Setting::Set { value: true, line } => *line,
        Setting::Unevaluable { text, .. } => {
            let lack = Lack::Unevaluable(format!("preload_app {text}"));
            look.of(pid, "preload_app", &Fact::<()>::lacking(master.loaded.place.clone(), lack));
            return None;
        }
        Setting::Set { value: false, .. } | Setting::NotSet => return None,
    };
    let seen = |fact: String, place: &Place| Evidence { fact, place: place.clone() };
    Some(vec![
        seen(format!("{pid} runs in {current}"), &master.process.cwd.place),
        seen(format!("{pid} started before that release arrived"), &release.arrived.place),
        seen("all its workers started after current was switched".into(), &at.place),
        seen("preload_app true".into(), &config.at(line)),
    ])
}

/// The same finding with more evidence.
fn with(mut finding: Finding, evidence: Vec<Evidence>) -> Finding {
    finding.evidence.extend(evidence);
    finding
}
