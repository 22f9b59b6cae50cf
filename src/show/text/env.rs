//! `farrier env` as text: a line a variable, more where it has changed or will change, hidden values by their length.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Paint;
use crate::facts::environ::Environ;
use crate::facts::{Fact, Lack};
use crate::model::{Changes, Handed};
use crate::os::Text;
use crate::show::json::env_diff::{Difference, Side};
use crate::show::veil::{Veil, Veiled};
use crate::show::words::{Mark, counted, left, width};

/// The environment of a process as it was started with it and as it is now, of which at least one is known; and of a
/// master what its next re-execution hands on.
pub fn env(
    start: &Fact<Environ>,
    live: &Fact<Environ>,
    next: Option<&Fact<Changes>>,
    veil: &mut Veil<'_>,
    paint: Paint,
) -> String {
    let mut out = head("started with", start, veil, paint);
    out += &head("now, from memory,", live, veil, paint);
    out += &next.map(|next| head_of_next(next, paint)).unwrap_or_default();
    let (then, now) = (start.get().map(|e| veil.all(e)), live.get().map(|e| veil.all(e)));
    let mut lines: BTreeMap<Text, (Option<Veiled>, Option<Veiled>)> = BTreeMap::new();
    for (name, value) in then.iter().flatten() {
        lines.entry(name.clone()).or_default().0 = Some(value.clone());
    }
    for (name, value) in now.iter().flatten() {
        lines.entry(name.clone()).or_default().1 = Some(value.clone());
    }
    let changes = next.and_then(Fact::get);
    for name in changes.iter().flat_map(|changes| changes.keys()) {
        lines.entry(name.clone()).or_default();
    }
    let both = then.is_some() && now.is_some();
    let mut equals = Equals::default();
    let column = column(lines.keys());
    for (plain, (then, now)) in &lines {
        let name = left(&plain.to_string(), column);
        let mut write = |mark: char, name: &str, moment: &str, value: &Veiled| {
            let again = equals.of(name, value);
            let _ = writeln!(out, "{mark} {name} {moment}{}{again}", shown(value, paint));
        };
        match (then, now) {
            (Some(then), Some(now)) if then != now => {
                write(Mark::Differs.sign(), &name, "started: ", then);
                write(' ', &left("", column), "now: ", now);
            }
            (Some(then), None) if both => {
                write(Mark::Differs.sign(), &name, "only started: ", then);
            }
            (None, Some(now)) if both => write(Mark::Differs.sign(), &name, "only now: ", now),
            (Some(value), _) | (None, Some(value)) => write(' ', &name, "", value),
            (None, None) => {}
        }
        let Some((handed, place)) = changes.and_then(|changes| changes.get(plain)) else {
            continue;
        };
        let place = paint.quiet(&format!(" ({place})"));
        let value = match handed {
            Handed::Set(value) => shown(&veil.value(plain, value), paint),
            Handed::Unknown(text) => format!("{} {text}", Mark::Unknown.sign()),
        };
        let (sign, name) = match (then, now) {
            (None, None) => (Mark::Differs.sign(), name),
            _ => (' ', left("", column)),
        };
        let _ = writeln!(out, "{sign} {name} next USR2: {value}{place}");
    }
    out
}

/// How much of what the next re-execution hands on is another value than now.
fn head_of_next(next: &Fact<Changes>, paint: Paint) -> String {
    let words = match &next.value {
        Ok(changes) if changes.is_empty() => "the next USR2 hands on the same".to_owned(),
        Ok(changes) => {
            let count = counted(changes.len(), "variable");
            format!("the next USR2 hands on the same, but for {count}")
        }
        Err(lack) => format!("what the next USR2 hands on is not known: {}", why(lack)),
    };
    paint.strong(&words) + "\n"
}

/// What is known of one of them.
fn head(when: &str, fact: &Fact<Environ>, veil: &mut Veil<'_>, paint: Paint) -> String {
    let words = match &fact.value {
        Ok(environ) => {
            let all = veil.all(environ);
            let hidden = all.values().filter(|v| matches!(v, Veiled::Hidden { .. })).count();
            format!("{when} {}, {hidden} hidden", counted(all.len(), "variable"))
        }
        Err(lack) => format!("{when} what is not known: {}", why(lack)),
    };
    paint.strong(&words) + "\n"
}

fn why(lack: &Lack) -> String {
    match lack {
        Lack::Overwritten => "the process title has been written over it".into(),
        other => other.to_string(),
    }
}

/// The first name of each hidden value.
#[derive(Default)]
struct Equals(BTreeMap<usize, String>);

impl Equals {
    fn of(&mut self, name: &str, value: &Veiled) -> String {
        let Veiled::Hidden { same_as, .. } = value else { return String::new() };
        let name = name.trim_end();
        let known = self.0.entry(*same_as).or_insert_with(|| name.to_owned());
        if known == name || name.is_empty() { String::new() } else { format!(", same as {known}") }
    }
}

/// What differs between two environments.
pub fn diff(sides: (Side, Side), difference: &Difference, paint: Paint) -> String {
    let names = [sides.0, sides.1].map(|side| match (sides.0.pid == sides.1.pid, side.live) {
        (true, true) => "now".to_owned(),
        (true, false) => "started".to_owned(),
        (false, _) => side.pid.to_string(),
    });
    let [first, second] = &names;
    let mut out = String::new();
    let keys = difference.differ.keys();
    let keys = keys.chain(difference.only_first.keys()).chain(difference.only_second.keys());
    let column = column(keys);
    for (name, (here, there)) in &difference.differ {
        let name = left(&name.to_string(), column);
        let _ = writeln!(out, "{} {name} {first}: {}", Mark::Differs.sign(), shown(here, paint));
        let _ = writeln!(out, "  {} {second}: {}", left("", column), shown(there, paint));
    }
    for (side, only) in [(first, &difference.only_first), (second, &difference.only_second)] {
        for (name, value) in only {
            let name = left(&name.to_string(), column);
            let sign = Mark::Differs.sign();
            let _ = writeln!(out, "{sign} {name} only {side}: {}", shown(value, paint));
        }
    }
    let differ = difference.differ.len();
    let only = difference.only_first.len() + difference.only_second.len();
    let what = match (sides.0.pid == sides.1.pid, sides.0.live) {
        (true, _) => format!("{}, now and as it was started", sides.0.pid),
        (false, true) => format!("{first} and {second}, as they are now"),
        (false, false) => format!("{first} and {second}, as they were started"),
    };
    let same = difference.same;
    let _ = writeln!(out, "{what}: {differ} differ, {only} only in one, {same} the same");
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
