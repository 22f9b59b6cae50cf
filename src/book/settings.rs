//! `docs/settings.md`: what may stand in the settings file.

use std::fmt::Write as _;

use super::{MADE, Page};
use crate::settings::SETTINGS;

/// The page.
pub fn pages() -> Vec<Page> {
    let mut text = format!(
        "{MADE}# Settings\n\nTOML. `/etc/farrier.toml` and `$XDG_CONFIG_HOME/farrier/config.toml` are both read, the \
         second wins key by key; `--config FILE` reads that file and no other. A file that others than root and farrier's \
         own user may write is refused.\n\n| setting | what it does (default) |\n| --- | --- |\n"
    );
    for setting in SETTINGS {
        let _ = writeln!(text, "| `{}` | {} |", setting.name, setting.does);
    }
    vec![Page { path: "settings.md".into(), text }]
}
