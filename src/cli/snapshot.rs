//! `farrier snapshot`: everything that the diagnosis read, secrets masked, in one file.

use std::path::PathBuf;

use clap::Args;

use super::machine::{Looks, SECOND_LOOK, look};
use super::{Options, Output, Status, targets};
use crate::os::record::Record;
use crate::os::{Asked, own, shown};
use crate::settings::thresholds;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// Deploy roots or pidfiles that are to be looked at even if nothing serves them
    #[arg(value_name = "TARGET", value_parser = targets::word)]
    targets: Vec<String>,
    /// A new file; without it: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Snapshot {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let settings = options.settings()?;
        let mut wish = targets::wish(&self.targets, &settings);
        (wish.memory, wish.live) = (true, true);
        let asked = Asked { targets: self.targets.clone(), settings: thresholds(&wish.limits) };
        let record = Record::new(options.live()).taken_for(asked);
        look(&record, &wish, &[], Looks::AsNeeded, SECOND_LOOK);
        let text = record.write().map_err(anyhow::Error::msg)?;
        match &self.output {
            None => output.print(&text),
            Some(path) => own::write_new(path, &text).map_err(|error| {
                let why = match error.kind() {
                    std::io::ErrorKind::AlreadyExists => "there is such a file already".into(),
                    _ => error.to_string(),
                };
                anyhow::anyhow!("{} was not written: {why}", shown(path))
            })?,
        }
        Ok(Status::DONE)
    }
}
