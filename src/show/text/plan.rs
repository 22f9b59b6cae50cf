//! A plan as text: the lines of the dialog, in their order (`screens.md` §2.7).

use super::super::words::Mark;
use super::Paint;
use crate::plans::course::Course;
use crate::plans::{CheckState, Confirm, Plan, Refused};

/// The column at which the values begin.
const LABEL: usize = 10;

/// A plan: SEND, DOES, AFTER IT, WAY BACK, NEXT, CHECKED, BY HAND, and the word that it asks for.
pub fn plan(plan: &Plan, paint: Paint) -> String {
    let mut out = format!("{}\n\n", paint.strong(&plan.title));
    line(&mut out, "SEND", &plan.send, paint);
    line(&mut out, "DOES", &plan.does, paint);
    line(&mut out, "AFTER IT", &plan.after, paint);
    line(&mut out, "WAY BACK", &plan.way_back, paint);
    let width = plan.next.iter().map(|next| next.what.len()).max().unwrap_or(0);
    let mut label = "NEXT";
    for next in &plan.next {
        let mark = paint.mark(mark(next.state));
        let source = paint.quiet(&format!("({})", next.source));
        line(
            &mut out,
            label,
            &format!("{mark} {:width$}  {} {source}", next.what, next.value),
            paint,
        );
        label = "";
    }
    let mut label = "CHECKED";
    for check in &plan.checks {
        line(&mut out, label, &format!("{} {}", paint.mark(mark(check.state)), check.words), paint);
        label = "";
    }
    line(&mut out, "BY HAND", &plan.by_hand, paint);
    if let Confirm::Word(word) = &plan.confirm {
        line(&mut out, "ASKS FOR", &format!("the name {word}, or --yes --force"), paint);
    }
    out
}

/// An operation of several steps: the plan of its first signal, then the steps.
pub fn course(course: &Course, paint: Paint) -> String {
    let mut out = plan(&course.shown(), paint);
    let width = course.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
    let mut label = "STEPS";
    for (at, step) in course.steps.iter().enumerate() {
        let within = match step.within.as_secs() {
            0 => String::new(),
            seconds => format!(", within {seconds} s"),
        };
        let name = format!("{:width$}", step.name);
        let words = format!("{} {name}  {}{within}", at + 1, step.must_see);
        line(&mut out, label, &words, paint);
        line(&mut out, "", &format!("  {:width$}  back: {}", "", step.way_back), paint);
        label = "";
    }
    if let Some(left) = &course.left {
        line(&mut out, "THEN", left, paint);
    }
    out
}

/// Why nothing is sent, and the way out: one message.
pub fn refused(refused: &Refused) -> String {
    format!("Not sent: {}. {}", refused.reason, sentence(&refused.way_out))
}

/// With a capital at its start, unless it starts with a command.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    match rest.next() {
        Some(first) if !words.starts_with("farrier ") => first.to_uppercase().chain(rest).collect(),
        _ => words.to_owned(),
    }
}

fn line(out: &mut String, label: &str, value: &str, paint: Paint) {
    let padded = format!("{label:LABEL$}");
    out.push_str(&paint.quiet(&padded));
    out.push_str(value);
    out.push('\n');
}

/// The sign of a check.
pub fn mark(state: CheckState) -> Mark {
    match state {
        CheckState::Holds => Mark::Fine,
        CheckState::Warns => Mark::Warning,
        CheckState::Stops | CheckState::Unseen => Mark::Critical,
        CheckState::Blind => Mark::Unknown,
    }
}
