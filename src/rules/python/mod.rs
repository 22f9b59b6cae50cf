//! What only Python's servers have: the interpreter of a virtual environment, which a re-execution names.

pub mod venv_missing;

use crate::contract::Runtime;
use crate::facts::files::Spot;
use crate::model::{App, Restart};
use crate::os::Text;
use crate::servers::python::command::{base, is_python};
use crate::servers::server;

/// The interpreter that the next re-execution executes, where Python's does; `None`: another does, or it is not known.
pub fn interpreter<'a>(app: &App, restart: &'a Restart) -> Option<&'a Spot> {
    if !is_by(app) {
        return None;
    }
    let behind = restart.interpreter.get().and_then(Option::as_ref);
    behind.or_else(|| {
        let program = restart.program.get()?;
        is_python(base(&Text::from(program.path.as_path()))).then_some(program)
    })
}

/// Whether Python runs the server.
pub fn is_by(app: &App) -> bool {
    server(app.kind).is_some_and(|server| server.runtime == Runtime::Python)
}
