//! What stands in the way of a restart under the same pid, in place or worker by worker: no second master is there to
//! serve on, so that what would not come up has to be seen before.

use crate::contract::line::named;
use crate::contract::{Restart, Way};
use crate::model::{App, Gemfile, Layout, Lock, Master};
use crate::os::shown;
use crate::servers::server;

use super::masters::cannot_act;
use super::usr2;

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What was looked at: the same word in every look.
    pub what: &'static str,
    /// What is the matter, a sentence.
    pub words: String,
}

fn obstacle(what: &'static str, words: impl Into<String>) -> Obstacle {
    Obstacle { what, words: words.into() }
}

/// The best restart of a master by its server's card that brings new code, as far as was seen.
pub fn best(app: &App, master: &Master) -> Option<&'static Restart> {
    let all = server(app.kind)?.restarts.iter();
    let mut fit = all.filter(|restart| restart.is_for(master) == Some(true));
    fit.find(|restart| restart.way() != Way::Rolling || old_gems(app, master).is_none())
}

/// All that is seen to stand in the way, that it does not lead to a place that is there left out.
pub fn obstacles(app: &App, master: &Master, way: Way) -> Vec<Obstacle> {
    let found = [
        elsewhere(app, master),
        starting(app, master),
        gems(app, master),
        old_gems(app, master).filter(|_| way == Way::Rolling),
        unreaped(master),
    ];
    found.into_iter().flatten().collect()
}

/// The first thing that would keep it from being carried out now, in words; `None`: nothing that was seen.
pub fn against(app: &App, master: &Master) -> Option<String> {
    let pid = master.process.pid;
    if let Some(why) = cannot_act(master) {
        return Some(why);
    }
    if let Some(gone) = usr2::missing(master) {
        return Some(format!("{gone} is gone: {pid} would end there"));
    }
    if app.living_masters().any(|other| other.process.pid != pid) {
        return Some(format!("{pid} is not the only master"));
    }
    let way = best(app, master).map(Restart::way)?;
    obstacles(app, master, way).into_iter().next().map(|found| found.words)
}

fn layout(app: &App) -> Option<&Layout> {
    app.layout.get()?.as_ref()
}

/// The release that a restart would load, by the directory that it changes to.
pub fn leads_to(app: &App, master: &Master) -> Option<String> {
    let directory = master.restart.directory.get()?;
    layout(app)?.release_of(directory.real.get()?.as_ref()?)
}

/// It would load another release than the one that `current` names.
fn elsewhere(app: &App, master: &Master) -> Option<Obstacle> {
    let current = layout(app)?.current_release()?;
    let leads = leads_to(app, master).filter(|leads| leads != current)?;
    let directory = shown(&master.restart.directory.get()?.path);
    let words = format!(
        "it starts again in {directory}, which is {}, and current names {}",
        named(&leads),
        named(current)
    );
    Some(obstacle("release", words))
}

/// Its workers are not all there yet: a restart in that moment hangs (`failures.md` F64). Where what it starts there does
/// not come up, and the restart leads away from that, nothing is worse for it.
fn starting(app: &App, master: &Master) -> Option<Obstacle> {
    let wanted = usize::try_from(master.workers_wanted()?).ok()?;
    if master.serves_alone == Some(true) || is_way_back(app, master) {
        return None;
    }
    let pid = master.process.pid;
    let alive = master.workers_alive().count();
    let loading = master.workers_alive().filter(|w| w.serves.get() == Some(&false)).count();
    let serve = alive - loading;
    let words = match (serve < wanted, loading) {
        (true, 0) => {
            format!("{pid} has {serve} of {wanted} workers: it has to start the others first")
        }
        (true, _) => {
            format!("{serve} of {wanted} workers of {pid} serve: the others still load the app")
        }
        (false, _) => return None,
    };
    Some(obstacle("workers", words))
}

/// Whether what it starts does not come up, and a restart would lead to another release than that.
pub fn is_way_back(app: &App, master: &Master) -> bool {
    let stands_in = master.release.get().and_then(Option::as_deref);
    let leads = leads_to(app, master);
    if stands_in.is_none() || leads.as_deref() == stands_in {
        return false;
    }
    let serving = || master.workers_alive().filter(|worker| worker.may_answer());
    let elsewhere = |release: Option<&str>| release != stands_in;
    serving().all(|worker| elsewhere(worker.release.get().and_then(Option::as_deref)))
}

/// The lock file that the restart will be held to, and the one of the release that runs.
fn locks<'a>(app: &'a App, master: &'a Master) -> Option<(&'a Lock, &'a Lock)> {
    let gemfile: &Gemfile = master.restart.gemfile.get()?.as_ref()?;
    let leads = leads_to(app, master);
    let of = |name: &str| layout(app)?.release(name)?.lock.get()?.as_ref();
    let next = leads.as_deref().and_then(of).or_else(|| gemfile.lock.get()?.as_ref())?;
    Some((of(master.release.get()?.as_deref()?)?, next))
}

/// Gems of the next lock file that are not installed, where that is no group that is left out here: the ones that the
/// running release shares with it are there.
fn gems(app: &App, master: &Master) -> Option<Obstacle> {
    let gems = master.restart.gems.get()?.as_ref()?;
    let (runs, _) = locks(app, master)?;
    let split = |text: &str| text.split_once(' ').map(|(n, v)| (n.to_owned(), v.to_owned()));
    let missing: Vec<(String, String)> = gems.missing.iter().filter_map(|m| split(m)).collect();
    let left_out = missing.iter().any(|(name, version)| runs.gems.get(name) == Some(version));
    let moved = |name: &String| {
        let before = runs.gems.get(name).map(|version| format!("{name} {version}"));
        before.is_some_and(|before| gems.others.contains(&before))
    };
    let lacking = missing.iter().filter(|(name, _)| !left_out || moved(name));
    let lacking: Vec<String> = lacking.map(|(name, version)| format!("{name} {version}")).collect();
    let (first, more) = lacking.split_first()?;
    let more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(obstacle("gems", format!("{first}{more} of the lock file is not installed")))
}

/// Workers that are replaced under a master with a bundle keep the gems that it has loaded.
fn old_gems(app: &App, master: &Master) -> Option<Obstacle> {
    let apart = master.loaded.get()?.own_bundle.value() == Some(&true);
    let (runs, next) = locks(app, master).filter(|_| !apart)?;
    (runs.gems != next.gems).then(|| {
        let words = format!(
            "the lock files differ, and new workers get the gems that {} has loaded",
            master.process.pid
        );
        obstacle("bundle", words)
    })
}

/// Workers whose parent was another worker are nobody's when that has ended, and a first process that reaps none leaves
/// the master waiting for them.
fn unreaped(master: &Master) -> Option<Obstacle> {
    let forks = master.loaded.get()?.forks_from_worker.value() == Some(&true);
    let first = master.process.own_number().number() == 1;
    (forks && first).then(|| {
        let words =
            "its workers are forked by a worker, and no first process reaps them: it would hang";
        obstacle("reaper", words)
    })
}
