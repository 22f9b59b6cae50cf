//! `farrier explain` as text: one rule's page, or the table of all.

use std::fmt::Write as _;

use super::Paint;
use crate::contract::Rule;
use crate::show::words::left;

/// The table of rules: name and what it looks for.
pub fn table(rules: &[&Rule], paint: Paint) -> String {
    let widest = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in rules {
        let _ = writeln!(out, "{}  {}", paint.strong(&left(rule.name, widest)), rule.summary);
    }
    out
}

/// One rule's page.
pub fn page(rule: &Rule, paint: Paint) -> String {
    let mut out =
        format!("{}\n{}\n\n{}\n", paint.strong(rule.name), rule.summary, rule.meaning.trim());
    if let Some(operation) = rule.offers {
        let _ = writeln!(out, "\nMended by: farrier plan {} TARGET", operation.name());
    }
    let effects: Vec<&str> = crate::rules::effects(rule).map(|effect| effect.name).collect();
    if !effects.is_empty() {
        let _ = writeln!(out, "\nWhat follows from it: {}", effects.join(", "));
    }
    out
}
