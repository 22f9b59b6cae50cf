//! `farrier` without a command: the inspector of this machine; without a terminal, what `farrier check` prints.

use std::time::Duration;

use super::machine::recorded;
use super::{Options, Output, Status, check::Check, targets};
use crate::os::signal::LiveHands;
use crate::os::{Hands, own};
use crate::tui::state::Rights;
use crate::tui::theme::{Colours, Theme};
use crate::tui::{self, Inspector, Sources};

/// Seconds between two looks when nothing says otherwise.
const EVERY: f64 = 1.0;

/// Runs it.
pub fn run(options: &Options, show_secrets: bool, output: &mut Output) -> anyhow::Result<Status> {
    if !own::is_interactive() {
        return Check::default().run(options, output);
    }
    let settings = options.settings()?;
    let paint = options.paint();
    let (sources, recording) = sources(options)?;
    let rights = match (recording, settings.read_only) {
        (true, _) => Rights::Recorded,
        (false, true) => Rights::ReadOnly,
        (false, false) => Rights::Signals,
    };
    let hands = (rights == Rights::Signals).then(|| LiveHands::new(&options.proc));
    let status = tui::run(Inspector {
        sources,
        hands: hands.map(|hands| Box::new(hands) as Box<dyn Hands + Send>),
        wish: targets::wish(&[], &settings),
        ignore: settings.ignore,
        show: settings.show,
        refresh: Duration::from_secs_f64(options.refresh.unwrap_or(EVERY)),
        theme: Theme {
            colours: if paint.colour { Colours::Dark } else { Colours::None },
            form: paint.form,
        },
        zone: own::zone(),
        rights,
        show_secrets: show_secrets && !recording,
    })?;
    Ok(Status(status))
}

/// Makes the machine's eyes, and whether they are those of a recording.
fn sources(options: &Options) -> anyhow::Result<(Sources, bool)> {
    let options = options.clone();
    match options.from.as_slice() {
        [] => Ok((Box::new(move || Ok(options.this_machine())), false)),
        [file] => {
            let file = file.clone();
            recorded(&file)?;
            let again = move || recorded(&file).map(|machine| machine.source);
            Ok((Box::new(move || again().map_err(std::io::Error::other)), true))
        }
        [_, second, ..] => anyhow::bail!(
            "the inspector shows one recording at a time; {} was not opened",
            crate::os::shown(second)
        ),
    }
}
