//! `farrier snapshot`: everything that the diagnosis read, secrets masked, in one file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::machine::{Looks, SECOND_LOOK, look};
use super::{Options, Output, Status, Unwritten, targets};
use crate::os::own::NewFile;
use crate::os::record::Record;
use crate::os::{Asked, Source, shown};
use crate::settings::thresholds;
use crate::show::words::{counted, memory};

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
        if !options.from.is_empty() {
            output.complain("snapshot reads this machine: --from does not go with it");
            return Ok(Status::USAGE);
        }
        let settings = options.settings()?;
        let mut wish = targets::wish(&self.targets, &settings);
        (wish.memory, wish.live) = (true, true);
        let asked = Asked {
            targets: self.targets.clone(),
            settings: thresholds(&wish.limits, wish.audit.as_deref()),
        };
        let record = Record::new(options.live()).taken_for(asked);
        look(&record, &wish, &[], Looks::AsNeeded, SECOND_LOOK);
        let text = record.write().map_err(anyhow::Error::msg)?;
        match &self.output {
            None => output.print(&text),
            Some(path) => {
                let file = new_file(path)?;
                write(file, path, &text)?;
                output.print(&told(path, &record, &text));
            }
        }
        Ok(Status::DONE)
    }
}

/// Makes the file that is to hold a recording, before anything is recorded.
pub fn new_file(path: &Path) -> anyhow::Result<NewFile> {
    NewFile::make(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} was not written: there is such a file already", shown(path))
        }
        _ => unwritten(path, &error),
    })
}

/// Writes a recording into it.
pub fn write(file: NewFile, path: &Path, text: &str) -> anyhow::Result<()> {
    file.write(text).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Unwritten(format!("{} was not written: {error}", shown(path))).into()
}

/// What a file holds now, and what was taken out.
pub fn told<S: Source>(path: &Path, record: &Record<S>, text: &str) -> String {
    format!(
        "{}: {}, {}; {} taken out: values of variables that are not known to be harmless, passwords in texts\n",
        shown(path),
        counted(record.looks(), "look"),
        memory(text.len() as u64),
        counted(record.masked(), "secret"),
    )
}
