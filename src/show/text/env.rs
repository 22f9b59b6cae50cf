//! `farrier env` as text: a line a variable, hidden values by their length.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Paint;
use crate::os::{Pid, Text};
use crate::show::json::env_diff::Difference;
use crate::show::veil::Veiled;
use crate::show::words::{Mark, counted, left, width};

/// The environment that a process was started with.
pub fn env(all: &BTreeMap<Text, Veiled>, paint: Paint) -> String {
    let hidden = all.values().filter(|value| matches!(value, Veiled::Hidden { .. })).count();
    let title = format!("started with {}, {hidden} hidden", counted(all.len(), "variable"));
    let mut out = paint.strong(&title) + "\n";
    let mut first = BTreeMap::new();
    let column = column(all.keys());
    for (name, value) in all {
        let name = name.to_string();
        let again = match value {
            Veiled::Hidden { same_as, .. } => {
                let known = first.entry(*same_as).or_insert_with(|| name.clone());
                (*known != name).then(|| format!(", same as {known}"))
            }
            Veiled::Shown(_) => None,
        };
        let value = shown(value, paint);
        let _ = writeln!(out, "  {} {value}{}", left(&name, column), again.unwrap_or_default());
    }
    out
}

/// What differs between two processes, each as it was started.
pub fn diff(pids: (Pid, Pid), difference: &Difference, paint: Paint) -> String {
    let (first, second) = pids;
    let mut out = String::new();
    let names = difference.differ.keys();
    let names = names.chain(difference.only_first.keys()).chain(difference.only_second.keys());
    let column = column(names);
    for (name, (here, there)) in &difference.differ {
        let name = left(&name.to_string(), column);
        let _ = writeln!(out, "{} {name} {first}: {}", Mark::Differs.sign(), shown(here, paint));
        let _ = writeln!(out, "  {} {second}: {}", left("", column), shown(there, paint));
    }
    for (pid, only) in [(first, &difference.only_first), (second, &difference.only_second)] {
        for (name, value) in only {
            let name = left(&name.to_string(), column);
            let _ = writeln!(
                out,
                "{} {name} only {pid}: {}",
                Mark::Differs.sign(),
                shown(value, paint)
            );
        }
    }
    let differ = difference.differ.len();
    let only = difference.only_first.len() + difference.only_second.len();
    let _ = writeln!(
        out,
        "{first} and {second}, as they were started: {differ} differ, {only} only in one, {} the same",
        difference.same
    );
    out
}

/// Columns of the names, within reason.
fn column<'a>(names: impl Iterator<Item = &'a Text>) -> usize {
    names.map(|name| width(&name.to_string())).max().unwrap_or(0).min(32)
}

fn shown(value: &Veiled, paint: Paint) -> String {
    match value {
        Veiled::Shown(text) => text.to_string(),
        Veiled::Hidden { length, .. } => {
            paint.quiet(&format!("{} hidden, {length}", Mark::Hidden.sign()))
        }
    }
}
