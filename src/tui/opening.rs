//! What can be opened in place of what is shown, and who makes the inspector of it.

use super::run::Inspector;

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What farrier was started on.
    Home,
    /// The incident that ships inside the program.
    Demo,
    /// A machine among those that farrier was started on, by its number.
    Host(usize),
    /// A snapshot or a recording, by the path that was written.
    File(String),
}

/// Makes the inspector of what is wanted, or says why it cannot be opened.
pub type Opener<'a> = &'a dyn Fn(&Wanted) -> Result<Inspector, String>;
