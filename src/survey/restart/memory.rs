//! What the master's memory says that the next re-execution runs: nothing is left to infer.

use super::{Known, Start};
use crate::facts::{Fact, Place};
use crate::os::StartContext;

impl Known<'_> {
    /// `START_CTX` as it is: a configuration's `working_directory` and `START_CTX[0] =` are in it already.
    pub(super) fn remembered(&self, context: &StartContext) -> Start {
        let place = |key: &str| Place::new(format!("{}[{key}]", self.context.place));
        let directory = context.directory.path();
        let program = context.program.path();
        let at = place("0");
        let program = match context.program.utf8() {
            // As `execvp(3)` has it: without a slash by PATH, else from the directory.
            Some(name) if !name.contains('/') => {
                let found = self.found_in_path(name, &at);
                Fact { place: at, value: found }
            }
            _ => Fact::known(at, self.spot(&directory.join(program))),
        };
        (
            Fact::known(place(":cwd"), self.spot(directory)),
            program,
            Fact::known(place(":argv"), context.arguments.as_slice().into()),
        )
    }
}
