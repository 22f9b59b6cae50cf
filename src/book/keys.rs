//! `docs/keys.md`: the keys of the inspector, from the table that its footer and its help are made from.

use std::fmt::Write as _;

use super::{MADE, Page};
use crate::tui::keys::{BINDINGS, Group};

/// The page.
pub fn pages() -> Vec<Page> {
    let mut text = format!(
        "{MADE}# Keys\n\nWhat leads to a change of the machine passes a dialog in which Cancel has the focus. \
         Keys are changed by the name of their action: see [settings.md](settings.md#keys). An action without a key is \
         in the palette.\n"
    );
    let mut groups: Vec<Group> = Vec::new();
    for binding in BINDINGS {
        if !groups.contains(&binding.group) {
            groups.push(binding.group);
        }
    }
    for group in groups {
        let title = group.title();
        let _ =
            writeln!(text, "\n## {title}\n\n| keys | action | what it does |\n| --- | --- | --- |");
        for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
            let keys: Vec<String> = binding
                .keys
                .iter()
                .map(|key| format!("`{}`", key.to_string().replace('|', "\\|")))
                .collect();
            let keys =
                if keys.is_empty() { format!("`:{}`", binding.name) } else { keys.join(" ") };
            let _ = writeln!(text, "| {keys} | `{}` | {} |", binding.name, binding.doc);
        }
    }
    vec![Page { path: "keys.md".into(), text }]
}
