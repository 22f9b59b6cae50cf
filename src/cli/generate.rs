//! What comes out of the command tree itself: completions, the manual page, and `docs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::{Output, Status, command};
use crate::book::{self, CHAPTERS, Page};
use crate::os::own;

/// Arguments of `farrier completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints them.
    pub fn run(&self, output: &mut Output) {
        let mut bytes = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "farrier", &mut bytes);
        output.print(&String::from_utf8(bytes).unwrap_or_default());
    }
}

/// Arguments of `farrier generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// The chapter
    what: What,
    /// Where `docs` is
    #[arg(default_value = "docs")]
    directory: PathBuf,
}

/// A chapter of `docs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    All,
    Cli,
    Keys,
    Man,
    Rules,
    Schemas,
    Servers,
    Settings,
}

impl What {
    fn holds(self, chapter: &str) -> bool {
        self == Self::All
            || self.to_possible_value().is_some_and(|value| value.get_name() == chapter)
    }
}

impl Generate {
    /// Writes the pages.
    pub fn run(&self, output: &mut Output) -> anyhow::Result<Status> {
        let chapters = CHAPTERS.iter().filter(|chapter| self.what.holds(chapter.name));
        for page in chapters.flat_map(|chapter| (chapter.pages)(&command())) {
            own::write_page(&self.directory.join(&page.path), &page.text)?;
            output.print(&format!("{}\n", page.path));
        }
        Ok(Status::DONE)
    }
}

/// Every page that is made, for the test that compares them with what is committed.
pub fn pages() -> Vec<Page> {
    CHAPTERS.iter().flat_map(|chapter| (chapter.pages)(&command())).collect()
}

/// The manual page.
pub fn man() -> String {
    book::manual_page(&command())
}
