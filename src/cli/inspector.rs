//! `farrier` without a command: the inspector of this machine; without a terminal, what `farrier check` prints.

use std::time::Duration;

use super::{Options, Output, Status, check::Check, targets};
use crate::os::own;
use crate::tui::state::Rights;
use crate::tui::theme::{Colours, Theme};
use crate::tui::{self, Inspector};

/// Runs it.
pub fn run(options: &Options, output: &mut Output) -> anyhow::Result<Status> {
    if !own::is_interactive() {
        return Check::default().run(options, output);
    }
    let settings = options.settings()?;
    let paint = options.paint();
    let machine = options.clone();
    let status = tui::run(Inspector {
        sources: Box::new(move || machine.this_machine()),
        hands: None,
        wish: targets::wish(&[], &settings),
        ignore: settings.ignore,
        show: settings.show,
        refresh: Duration::from_secs_f64(options.refresh),
        theme: Theme {
            colours: if paint.colour { Colours::Dark } else { Colours::None },
            form: paint.form,
        },
        zone: own::zone(),
        rights: if settings.read_only { Rights::ReadOnly } else { Rights::Signals },
        show_secrets: false,
    })?;
    Ok(Status(status))
}
