//! Rules about the configuration, as the next re-execution or reload will load it.

pub mod config_after_fork;
pub mod config_gemfile_hook;
pub mod config_hook_removed_api;
pub mod config_hook_wrong_path;
pub mod config_old_master;
pub mod config_pid_none;
pub mod config_pid_relative;
pub mod config_quit_too_early;
pub mod config_reload_preload;
pub mod config_unloaded;
pub mod config_working_directory;

use crate::facts::{Fact, Lack, Place};
use crate::model::{App, Config, Master, Setting};
use crate::os::shown;

use super::usr2;
use crate::contract::Look;

/// What was not seen: the look has noted it.
pub struct Unseen;

/// A setting of a configuration; `None`: it is not set. Unseen is what only the server can evaluate.
fn evaluated<'c, T>(
    look: &mut Look<'_>,
    master: &Master,
    config: &Config,
    name: &str,
    setting: &'c Setting<T>,
) -> Result<Option<&'c T>, Unseen> {
    match setting {
        Setting::NotSet => Ok(None),
        Setting::Set { value, .. } => Ok(Some(value)),
        Setting::Unevaluable { line, text } => {
            unevaluable(look, master, config, name, (*line, &format!("{name} {text}")));
            Err(Unseen)
        }
    }
}

/// The configuration's name in a sentence.
pub fn file_of(app: &App, master: &Master) -> String {
    match master.config.get().map(|config| &config.file.path) {
        Some(path) if path.as_os_str().is_empty() => "a configuration given by -c".into(),
        Some(path) => app.short(path),
        None => "the configuration".into(),
    }
}

/// A line that a configuration needs, `at` its place in it, and how the running master learns of it: by a reload only
/// where that would read what runs already.
pub fn mended(app: &App, master: &Master, at: &str, line: &str) -> Vec<String> {
    let pid = master.process.pid;
    let mut lines = vec![format!("# in {at}{}: {line}", file_of(app, master))];
    if matches!(master.restart.config.get(), Some(None)) {
        lines.push(format!("# {pid} was given none: HUP would re-execute it; stop and start it"));
    } else if usr2::reload_is_harmless(app, master) {
        lines.push(format!("# then, so that {pid} knows it: kill -HUP {pid}"));
    } else {
        lines.push(format!("# no HUP to {pid} now: current names another release than it runs"));
        lines.push("# a stop and a start with the mended configuration ends it".into());
    }
    lines
}

/// `pid` with a good place for a pidfile of this name: one file whatever release runs.
fn pid_setting(app: &App, name: &str) -> String {
    let directory = match app.layout.get() {
        Some(Some(layout)) => {
            layout.shared.clone().unwrap_or_else(|| layout.root.join("shared")).join("pids")
        }
        _ if app.root.parent().is_some() => app.root.join("tmp/pids"),
        _ => "/run".into(),
    };
    format!("pid \"{}\"", shown(&directory.join(name)))
}

/// Notes something of a configuration that only the server can evaluate: the rule is then blind.
fn unevaluable(
    look: &mut Look<'_>,
    master: &Master,
    config: &Config,
    what: &str,
    at: (usize, &str),
) {
    let (line, text) = at;
    let place = Place::line(&config.file.path, line);
    let lacking = Fact::<()>::lacking(place, Lack::Unevaluable(text.to_owned()));
    look.of(master.process.pid, what, &lacking);
}

/// A line of a configuration in a sentence: `unicorn.rb:31`.
fn at(config: &Config, line: usize) -> String {
    format!("{}:{line}", name_of(config))
}

/// A configuration's own name in a sentence: `unicorn.rb`.
fn name_of(config: &Config) -> String {
    let name = config.file.path.file_name().map(|name| crate::os::shown(name.as_ref()));
    crate::contract::line::cut(&name.unwrap_or_default(), 14)
}

/// Whether there is a file: a server that was given none has every setting's default.
fn names_file(config: &Config) -> bool {
    !config.file.path.as_os_str().is_empty()
}
