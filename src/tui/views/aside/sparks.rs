//! What went on in the last minute, as a line of small bars: how many waited at a socket, how busy processes were.

use crate::model::{App, Census};
use crate::os::Pid;
use crate::tui::members::same;
use crate::tui::place::Identity;
use crate::tui::state::State;

/// Nanoseconds for which one bar stands: bars move by whole ones, so that a screen stands still in between.
const EACH: i64 = 2_000_000_000;
/// So many bars are a minute.
const BARS: i64 = 30;

/// The bars of a minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spark {
    /// The bars; blank where nobody looked.
    pub bars: String,
    /// The highest value of them.
    pub most: f64,
}

/// How many waited at a socket; `None`: fewer than two looks tell it.
pub fn queue(state: &State, inode: u64) -> Option<Spark> {
    let mut backlog = 0;
    let mut values = Vec::new();
    for census in looks(state) {
        let listener = census.apps.iter().flat_map(|app| &app.listeners).find(|l| l.inode == inode);
        let Some(listener) = listener else { continue };
        backlog = listener.backlog.get().copied().unwrap_or(backlog);
        if let Some(queued) = listener.queued.get() {
            values.push((census.boot_time, f64::from(*queued)));
        }
    }
    let full = f64::from(backlog);
    spark(state, &values, |value| {
        // Powers of four: a quiet queue looks quiet.
        let step = [0.0, 3.0, 15.0, 63.0, 255.0, 1023.0].iter().position(|top| value <= *top);
        if full > 0.0 && value >= full { 6 } else { step.unwrap_or(6) }
    })
}

/// How many cores a master and its workers used; `None`: fewer than three looks tell it.
pub fn cores(state: &State, app: &App, master: Pid) -> Option<Spark> {
    let mut values = Vec::new();
    let mut before: Option<(i64, Vec<(Identity, u64)>)> = None;
    for census in looks(state) {
        let Some(now) = census.app(&app.id).and_then(|app| used(app, master)) else {
            before = None;
            continue;
        };
        if let Some((then, was)) = &before
            && census.boot_time > *then
        {
            // Who is in both looks: what came or went in between has no share that is known.
            let ticks: u64 = now
                .iter()
                .filter_map(|(id, cpu)| {
                    let (_, was) = was.iter().find(|(other, _)| same(*other, *id))?;
                    Some(cpu.saturating_sub(*was))
                })
                .sum();
            let seconds = seconds(census.boot_time - then);
            let rate = census.host.get().map_or(100, |host| host.ticks).max(1);
            let whole = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            values.push((census.boot_time, whole(ticks) / whole(rate) / seconds));
        }
        before = Some((census.boot_time, now));
    }
    spark(state, &values, |value| {
        [0.05, 0.1, 0.25, 0.5, 1.0, 2.0].iter().position(|top| value < *top).unwrap_or(6)
    })
}

fn seconds(nanoseconds: i64) -> f64 {
    let milliseconds = u32::try_from(nanoseconds / 1_000_000).unwrap_or(u32::MAX);
    f64::from(milliseconds.max(1)) / 1000.0
}

/// The time that each of a master's processes has used.
fn used(app: &App, master: Pid) -> Option<Vec<(Identity, u64)>> {
    let master = app.master(master)?;
    let all = std::iter::once(&master.process).chain(master.workers.iter().map(|w| &w.process));
    Some(all.filter_map(|p| Some((p.identity(), p.stat.get()?.cpu))).collect())
}

/// The looks of the last minute before the one that is shown, the oldest first.
fn looks(state: &State) -> Vec<&Census> {
    let end = state.shown().map_or(0, |look| look.census.boot_time);
    let from = end.saturating_sub(BARS * EACH);
    let back = state.history.until(end).rev().map(|look| &*look.census);
    let mut looks: Vec<&Census> = back.take_while(|census| census.boot_time >= from).collect();
    looks.reverse();
    looks
}

/// Each bar is the highest value of its time.
fn spark(state: &State, values: &[(i64, f64)], level: impl Fn(f64) -> usize) -> Option<Spark> {
    const SIGNS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    if values.len() < 2 {
        return None;
    }
    let last = state.shown()?.census.boot_time.div_euclid(EACH);
    let bars = (last - BARS + 1..=last).map(|bar| {
        let mine = values.iter().filter(|(at, _)| at.div_euclid(EACH) == bar).map(|(_, v)| *v);
        let highest = mine.reduce(f64::max);
        highest.map_or(' ', |value| SIGNS.get(level(value)).copied().unwrap_or(' '))
    });
    let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    Some(Spark { bars: bars.collect(), most })
}
