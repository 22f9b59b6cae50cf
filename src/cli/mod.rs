//! The command line: arguments, subcommands, exit statuses. What it promises stands in `docs/cli.md`.

mod check;
mod conduct;
mod consent;
mod demo;
mod desk;
mod diff;
mod do_operation;
mod env;
mod explain;
mod generate;
mod how;
mod inspect;
mod inspector;
mod looker;
mod machine;
pub mod operate;
mod output;
mod plan;
mod record;
mod rollback;
mod sending;
mod settings;
mod signal;
mod snapshot;
mod targets;
mod tree;
mod upgrade;
mod watch;

pub use generate::pages;
pub use output::{Output, Status};

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::os::{own, shown};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

/// Sees why a zero-downtime deploy is not one.
///
/// Without a command: the interactive inspector of this machine. Without a terminal, or with TERM=dumb, it prints
/// what `farrier check` prints.
#[derive(Debug, Parser)]
#[command(name = "farrier", version, max_term_width = 100, subcommand_precedence_over_arg = true)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Let the inspector reveal hidden values of the environment, one at a time, for 10 s
    #[arg(long)]
    show_secrets: bool,
    #[command(flatten)]
    options: Options,
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Options {
    /// Read snapshots or recordings instead of this machine; several files: several hosts. It takes all words up to the
    /// next option: give TARGETs before it
    #[arg(long, global = true, value_name = "FILE", num_args = 1..)]
    from: Vec<PathBuf>,
    /// How to print; several hosts in JSON: one object a line
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Nothing can be sent, by any command
    #[arg(long, global = true)]
    read_only: bool,
    /// Seconds between two looks of the inspector and of `record` (1 unless given), and of `watch` (0.25)
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    refresh: Option<f64>,
    /// Colour on a terminal, always, or never; NO_COLOR and a pipe mean never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// Draw signs and lines in ASCII
    #[arg(long, global = true)]
    ascii: bool,
    /// Write farrier's own log to this file
    #[arg(long, global = true, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Read this settings file, and no other
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Another proc mount: a container's host mount, or a test
    #[arg(long, global = true, value_name = "DIR", default_value = "/proc")]
    proc: PathBuf,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: the documents of `docs/schemas`.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// In a pipe too.
    Always,
    /// Not even on a terminal.
    Never,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds between 0.1 and 3600".into()),
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Diagnose: print findings, exit with the health
    Check(check::Check),
    /// Show apps, masters and workers with role, release, age, memory and state
    Tree(tree::Tree),
    /// List everything that one process has open or mapped, and what became of it
    Inspect(inspect::Inspect),
    /// Show the environment that one process was started with; values are hidden unless their names are harmless
    Env(env::Env),
    /// Say what a rule means, why it matters, how to fix it; no RULE: the table of all rules
    Explain(explain::Explain),
    /// Show what an operation would do, step by step, and what would stop it; sends nothing
    Plan(plan::PlanCommand),
    /// Carry out an operation as `plan` shows it
    Do(do_operation::DoCommand),
    /// Send one signal, guided: preview, confirmation, delivery to exactly that process, follow-up
    Signal(signal::SignalCommand),
    /// Carry out the whole zero-downtime restart: USR2, wait for the new master, retire the old one, verify
    Upgrade(upgrade::UpgradeCommand),
    /// Go back while both masters live: the old one serves again, the new one leaves
    Rollback(rollback::RollbackCommand),
    /// Follow a handover that someone else started, a line an event, to its verdict
    Watch(watch::Watch),
    /// Record everything that the diagnosis read, secrets masked, to one file
    Snapshot(snapshot::Snapshot),
    /// Record look after look to one file, secrets masked: a recording that can be stepped through
    Record(record::RecordCommand),
    /// Compare two snapshots: what a deploy changed, process by process
    Diff(diff::Diff),
    /// Explore a recorded incident in the inspector: no server needed, nothing is sent
    Demo,
    /// Print a shell's completions
    Completions(generate::Completions),
    /// Print the manual page
    Man,
    /// Print what `docs` holds of it
    #[command(hide = true)]
    Generate(generate::Generate),
}

/// The whole command line as data: the manual page, the completions and the docs are made from it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the arguments say; the first is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Status {
    let mut output = Output::standard();
    let status = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            log(&cli.options).and_then(|()| dispatch(cli, &mut output)).unwrap_or_else(|error| {
                output.complain(&error.to_string());
                if error.is::<Unwritten>() { Status::OUTPUT } else { Status::REFUSED }
            })
        }
        Err(error) if !error.use_stderr() => {
            output.print(&error.render().to_string());
            Status::DONE
        }
        Err(error) => {
            output.complain(error.render().to_string().trim_end());
            Status::USAGE
        }
    };
    output.end(status)
}

/// A file that the user named for output takes none; the status is that of output that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unwritten(pub(crate) String);

/// Opens farrier's own log where one was asked for.
fn log(options: &Options) -> anyhow::Result<()> {
    let Some(path) = &options.log else { return Ok(()) };
    let file = own::OwnLog::open(path).map_err(|error| {
        let words = format!("{} was not opened: {error}", shown(path));
        match error.kind() {
            ErrorKind::TimedOut => Unwritten(words).into(),
            _ => anyhow::Error::msg(words),
        }
    })?;
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(std::sync::Mutex::new(file));
    // Only a second log in one program could be refused.
    let _ = log.try_init();
    Ok(())
}

fn dispatch(cli: Cli, output: &mut Output) -> anyhow::Result<Status> {
    let options = &cli.options;
    match cli.command {
        None => inspector::run(options, cli.show_secrets, output),
        Some(Command::Check(check)) => check.run(options, output),
        Some(Command::Tree(tree)) => tree.run(options, output),
        Some(Command::Inspect(inspect)) => inspect.run(options, output),
        Some(Command::Env(env)) => env.run(options, output),
        Some(Command::Explain(explain)) => explain.run(options, output),
        Some(Command::Plan(plan)) => plan.run(options, output),
        Some(Command::Do(operation)) => operation.run(options, output),
        Some(Command::Signal(signal)) => signal.run(options, output),
        Some(Command::Upgrade(upgrade)) => upgrade.run(options, output),
        Some(Command::Rollback(rollback)) => rollback.run(options, output),
        Some(Command::Watch(watch)) => watch.run(options, output),
        Some(Command::Snapshot(snapshot)) => snapshot.run(options, output),
        Some(Command::Record(record)) => record.run(options, output),
        Some(Command::Demo) => demo::run(options, output),
        Some(Command::Diff(diff)) => diff.run(options, output),
        Some(Command::Completions(completions)) => {
            completions.run(output);
            Ok(Status::DONE)
        }
        Some(Command::Man) => {
            output.print(&generate::man());
            Ok(Status::DONE)
        }
        Some(Command::Generate(generate)) => generate.run(output),
    }
}
