//! Files that the next re-execution opens for its output.

use super::Directory;
use crate::facts::Fact;
use crate::facts::files::Spot;
use crate::os::{Access, FileStat};

/// A file that the next configuration sends the standard output or error to.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The setting: `stderr_path`, `stdout_path`.
    pub setting: &'static str,
    /// The line where it is set, from 1.
    pub line: usize,
    /// The file.
    pub file: Spot,
    /// What stands under its name itself: a link, perhaps one that leads nowhere.
    pub name: Fact<Option<FileStat>>,
    /// What decides besides its mode; `None`: nothing is there.
    pub access: Fact<Option<Access>>,
    /// The directories that lead to it, the one that holds it first; none where it is not known where the path starts.
    pub directories: Vec<Directory>,
}
