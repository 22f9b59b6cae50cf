//! The pages of `docs` that are made from the program's own tables, so that there is one truth of each.

mod cli;
mod keys;
mod rules;
mod schemas;
mod servers;
mod settings;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its path below `docs`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// A chapter's card.
pub struct Chapter {
    /// Its name: what `farrier generate` takes.
    pub name: &'static str,
    /// Makes its pages; the command tree is handed in, since the command line stands above the book.
    pub pages: fn(&clap::Command) -> Vec<Page>,
}

/// All chapters.
pub const CHAPTERS: &[Chapter] = &[
    Chapter { name: "cli", pages: cli::pages },
    Chapter { name: "keys", pages: |_| keys::pages() },
    Chapter { name: "man", pages: cli::manual },
    Chapter { name: "rules", pages: |_| rules::pages() },
    Chapter { name: "schemas", pages: |_| schemas::pages() },
    Chapter { name: "servers", pages: |_| servers::pages() },
    Chapter { name: "settings", pages: |_| settings::pages() },
];

/// What a generated page begins with.
const MADE: &str = "<!-- Made by `farrier generate all`; a test compares. -->\n\n";

/// The manual page.
pub fn manual_page(command: &clap::Command) -> String {
    cli::roff(command)
}
