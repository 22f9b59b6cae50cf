//! `farrier record`: look after look in one file, secrets masked, to be stepped through later.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::snapshot::{new_file, told, write};
use super::{Options, Output, Status, targets};
use crate::os::record::Record;
use crate::os::terminal::Watch;
use crate::os::{Asked, Source as _, own};
use crate::settings::thresholds;
use crate::survey::Surveyor;

/// Seconds between two looks when nothing says otherwise.
const EVERY: f64 = 1.0;
/// Sizes are dear to read, and change at every look.
const SIZES_EVERY: Duration = Duration::from_secs(30);
/// As many looks as a reader of the recording can be asked to keep in mind: an hour at one a second.
const MOST_LOOKS: usize = 3600;
/// How soon Ctrl-C is heeded.
const HEED: Duration = Duration::from_millis(100);

/// Its arguments.
#[derive(Debug, Args)]
pub struct RecordCommand {
    /// Deploy roots or pidfiles that are to be looked at even if nothing serves them
    #[arg(value_name = "TARGET", value_parser = targets::word)]
    targets: Vec<String>,
    /// A new file
    #[arg(short, long, value_name = "FILE", required = true)]
    output: PathBuf,
    /// How long; without it: until Ctrl-C. 3600 looks are the most
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    lasts: Option<u32>,
}

impl RecordCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        if !options.from.is_empty() {
            output.complain("record reads this machine: --from does not go with it");
            return Ok(Status::USAGE);
        }
        let settings = options.settings()?;
        let mut wish = targets::wish(&self.targets, &settings);
        wish.live = true;
        let asked = Asked {
            targets: self.targets.clone(),
            settings: thresholds(&wish.limits, wish.audit.as_deref()),
        };
        let record = Record::new(options.live()).taken_for(asked);
        let broken_off = own::BreakOff::listen();
        let file = new_file(&self.output)?;
        let every = Duration::from_secs_f64(options.refresh.unwrap_or(EVERY));
        let (watch, mut surveyor, mut sized) = (Watch::start(), Surveyor::default(), None);
        loop {
            let began = watch.elapsed();
            let due = sized.is_none_or(|at| began.saturating_sub(at) >= SIZES_EVERY);
            wish.memory = due;
            if due {
                sized = Some(began);
            }
            surveyor.look(&record, &wish);
            let next = began + every;
            let ends =
                self.lasts.is_some_and(|seconds| next > Duration::from_secs(u64::from(seconds)));
            if ends || record.looks() >= MOST_LOOKS || !wait(&watch, next, &broken_off) {
                break;
            }
            record.next_look();
        }
        let text = record.write().map_err(anyhow::Error::msg)?;
        write(file, &self.output, &text)?;
        output.print(&told(&self.output, &record, &text));
        Ok(Status::DONE)
    }
}

/// Waits for the next look; false: it was broken off.
fn wait(watch: &Watch, next: Duration, broken_off: &own::BreakOff) -> bool {
    while !broken_off.is_raised() {
        let left = next.saturating_sub(watch.elapsed());
        if left.is_zero() {
            return true;
        }
        own::pause(left.min(HEED));
    }
    false
}
