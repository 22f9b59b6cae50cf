//! `farrier diff`: two snapshots compared, what a deploy changed.

use std::path::PathBuf;

use clap::Args;

use super::machine::{Looks, recorded};
use super::{Options, Output, Status, targets};
use crate::show::compare::{Side, compare, harmless};
use crate::show::json::{self, Layout};
use crate::show::text;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Diff {
    /// A snapshot, or a recording: its first look
    before: PathBuf,
    /// A snapshot, or a recording: its last look
    after: PathBuf,
}

impl Diff {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        if !options.from.is_empty() {
            output
                .complain("diff reads the two files that it is given: --from does not go with it");
            return Ok(Status::USAGE);
        }
        let settings = options.settings()?;
        let wish = targets::wish(&[], &settings);
        let before = recorded(&self.before)?.look(&wish, &settings.ignore, Looks::AsNeeded);
        let after = recorded(&self.after)?.last_look(&wish, &settings.ignore);
        let comparison = compare(
            Side { census: &before.census, verdicts: &before.verdicts },
            Side { census: &after.census, verdicts: &after.verdicts },
            &harmless(&settings.show),
        );
        let paint = options.paint();
        output.print(&if options.is_json() {
            json::text(&json::diff::Diff::new(&comparison), Layout::Lines)?
        } else {
            paint.finish(&text::diff::diff(&comparison, &after.census, paint))
        });
        Ok(Status::DONE)
    }
}
