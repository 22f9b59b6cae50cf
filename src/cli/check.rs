//! `farrier check`: diagnose, print findings, exit with the health.

use clap::{Args, ValueEnum};

use super::machine::{Looks, Machine, Seen};
use super::targets::{self, Chosen};
use super::{Options, Output, Status};
use crate::contract::{Bar, Severity, Verdicts};
use crate::model::{App, Census};
use crate::rules::headline::{Word, headline};
use crate::show::json::{self, Layout};
use crate::show::text;

/// Its arguments.
#[derive(Debug, Default, Args)]
pub struct Check {
    /// Apps by id, name or deploy root, pidfiles by path, masters by PID; none: every app found
    #[arg(value_name = "TARGET", value_parser = targets::word)]
    targets: Vec<String>,
    /// The least severity that the exit status tells
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: Threshold,
    /// Text that only the server itself can evaluate counts as undecided too
    #[arg(long)]
    strict: bool,
    /// 0 where nothing says that something should serve here
    #[arg(long)]
    allow_none: bool,
    /// How many looks to take at most: 1 forbids the second one that some rules ask for
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=2))]
    looks: u8,
}

/// The least severity that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Critical findings only.
    Critical,
    /// Warnings too.
    #[default]
    Warning,
    /// Every finding.
    Info,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Critical => Self::Critical,
            Threshold::Warning => Self::Warning,
            Threshold::Info => Self::Info,
        }
    }
}

impl Check {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        self.on(&options.machines()?, options, output)
    }

    /// Runs it on these machines.
    pub fn on(
        &self,
        machines: &[Machine],
        options: &Options,
        output: &mut Output,
    ) -> anyhow::Result<Status> {
        let looks = if self.looks == 1 { Looks::One } else { Looks::AsNeeded };
        let settings = options.settings_beside(machines)?;
        let several = machines.len() > 1;
        let mut worst = Status::DONE;
        for machine in machines {
            let wish = targets::wish(&self.targets, &settings);
            let seen = machine.look(&wish, &settings.ignore, looks);
            let Seen { census, verdicts } = match targets::choose(seen, &self.targets) {
                Chosen::Apps(seen) => *seen,
                Chosen::Refused(words) => {
                    output.complain(&words);
                    worst = worst.graver(Status::REFUSED);
                    continue;
                }
            };
            output.print(&print(&census, &verdicts, self.bar(), options, several)?);
            worst = worst.graver(self.status(&census, &verdicts));
        }
        Ok(worst)
    }

    /// What the word and the status are measured by.
    fn bar(&self) -> Bar {
        Bar { threshold: self.fail_on.into(), strict: self.strict }
    }

    /// The exit status of one machine: a finding outweighs an unknown.
    fn status(&self, census: &Census, verdicts: &Verdicts) -> Status {
        let bar = self.bar();
        match verdicts.findings().first().map(|finding| finding.severity) {
            Some(Severity::Critical) => Status::CRITICAL,
            Some(worst) if worst <= bar.threshold => Status::WARNING,
            _ if census.seen.is_partial() || !verdicts.open(bar).is_empty() => Status::REFUSED,
            _ if is_none(census, verdicts) && !(self.allow_none && sees_all(census)) => {
                Status::REFUSED
            }
            _ => Status::DONE,
        }
    }
}

/// Whether nothing was found to judge.
fn is_none(census: &Census, verdicts: &Verdicts) -> bool {
    headline(census, verdicts).word == Word::None
}

/// Whether a server of which nothing was seen cannot be among what was not read.
fn sees_all(census: &Census) -> bool {
    census.seen.closed.is_empty() && !census.apps.iter().any(App::is_placeless)
}

fn print(
    census: &Census,
    verdicts: &Verdicts,
    bar: Bar,
    options: &Options,
    several: bool,
) -> anyhow::Result<String> {
    if options.is_json() {
        let layout = if several { Layout::OneLine } else { Layout::Lines };
        return Ok(json::text(&json::check::Check::new(census, verdicts), layout)?);
    }
    let paint = options.paint();
    let report = text::check::report(census, verdicts, bar, paint);
    Ok(paint.finish(&if several { titled(census, &report, paint) } else { report }))
}

/// A report with its host's name above it.
pub fn titled(census: &Census, report: &str, paint: text::Paint) -> String {
    let name = census.host.get().map_or("?".to_owned(), |host| host.name.to_string());
    format!("{}\n{report}\n", paint.strong(&format!("== {name}")))
}
