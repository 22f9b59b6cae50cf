//! `docs/rules`: a page a rule, and the table of all.

use std::fmt::Write as _;

use super::{MADE, Page};
use crate::contract::Rule;
use crate::rules::RULES;

/// The table and the pages.
pub fn pages() -> Vec<Page> {
    let mut index =
        format!("{MADE}# Rules\n\n| rule | it looks for | mended by |\n| --- | --- | --- |\n");
    for rule in RULES {
        let _ = writeln!(
            index,
            "| [{name}]({name}.md) | {} | {} |",
            rule.summary,
            rule.offers.map_or(String::new(), |operation| format!("`{}`", operation.name())),
            name = rule.name,
        );
    }
    let index = Page { path: "rules/index.md".into(), text: index };
    std::iter::once(index).chain(RULES.iter().map(|rule| page(rule))).collect()
}

fn page(rule: &Rule) -> Page {
    let mut text =
        format!("{MADE}# {}\n\n{}\n\n{}\n", rule.name, rule.summary, rule.meaning.trim());
    if let Some(operation) = rule.offers {
        let _ = writeln!(text, "\nMended by the operation `{}`.", operation.name());
    }
    let causes: Vec<String> = crate::rules::effects(rule)
        .map(|effect| format!("[{name}]({name}.md)", name = effect.name))
        .collect();
    if !causes.is_empty() {
        let _ = writeln!(text, "\nWhat follows from it: {}.", causes.join(", "));
    }
    Page { path: format!("rules/{}.md", rule.name), text }
}
