//! gunicorn's configuration file, a Python module: only literals of its top level are read (`config.py`, 20.1 to 27.0).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::arguments::{All, all, split};
use crate::contract::{Loading, Variable, Variables};
use crate::model::config::LogTo;
use crate::model::{Config, Setting};
use crate::os::{Arguments, Text};
use crate::servers::python::{Bound, Literal, bindings};

/// Reads it.
pub fn read(loading: &Loading<'_>) -> Config {
    let mut config = Config::empty(loading.path);
    let bound = match loading.text.utf8() {
        Some(source) => bindings(source),
        None => Err((1, Text::from("what is no UTF-8"))),
    };
    match bound {
        Ok(bound) => set(&mut config, &bound),
        Err((line, text)) => unknown(&mut config, line, &text),
    }
    config
}

fn set(config: &mut Config, bound: &BTreeMap<String, Bound>) {
    config.pid = setting(bound, "pidfile", path);
    config.working_directory = setting(bound, "chdir", path);
    config.worker_processes = setting(bound, "workers", number);
    config.preload_app = setting(bound, "preload_app", truth);
    config.timeout = setting(bound, "graceful_timeout", number);
    config.user = setting(bound, "user", text);
    config.logger = setting(bound, "errorlog", |value| text(value).map(|text| log(&text)));
    config.listen = match setting(bound, "bind", binds) {
        Setting::NotSet => Vec::new(),
        Setting::Unevaluable { line, text } => vec![Setting::Unevaluable { line, text }],
        Setting::Set { value, line } => {
            value.into_iter().map(|value| Setting::Set { value, line }).collect()
        }
    };
}

/// A name that is bound to `None` is as good as one that is not bound.
fn setting<T>(
    bound: &BTreeMap<String, Bound>,
    name: &str,
    read: impl Fn(&Literal) -> Option<T>,
) -> Setting<T> {
    match bound.get(name) {
        None | Some(Bound::To(Literal::Nothing, _)) => Setting::NotSet,
        Some(Bound::Unknown(line, text)) => {
            Setting::Unevaluable { line: *line, text: text.clone() }
        }
        Some(Bound::To(literal, line)) => match read(literal) {
            Some(value) => Setting::Set { value, line: *line },
            None => Setting::Unevaluable { line: *line, text: Text::from(name) },
        },
    }
}

fn text(literal: &Literal) -> Option<Text> {
    match literal {
        Literal::Text(text) => Some(Text::from(text.trim())),
        _ => None,
    }
}

fn path(literal: &Literal) -> Option<PathBuf> {
    text(literal).map(|text| text.path().to_path_buf())
}

fn number(literal: &Literal) -> Option<u32> {
    match literal {
        Literal::Number(number) => u32::try_from(*number).ok(),
        Literal::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `validate_bool`.
fn truth(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Truth(truth) => Some(*truth),
        Literal::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// `validate_list_string`.
fn binds(literal: &Literal) -> Option<Vec<Text>> {
    match literal {
        Literal::Text(text) => Some(parts(text)),
        Literal::List(list) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn parts(text: &str) -> Vec<Text> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Text::from).collect()
}

fn log(to: &Text) -> LogTo {
    if to.bytes() == b"-" { LogTo::Stderr } else { LogTo::File(to.path().to_path_buf()) }
}

/// Any setting may have any value.
fn unknown(config: &mut Config, line: usize, text: &Text) {
    fn may<T>(line: usize, text: &Text) -> Setting<T> {
        Setting::Unevaluable { line, text: text.clone() }
    }
    config.pid = may(line, text);
    config.working_directory = may(line, text);
    config.worker_processes = may(line, text);
    config.preload_app = may(line, text);
    config.timeout = may(line, text);
    config.user = may(line, text);
    config.logger = may(line, text);
    config.listen = vec![may(line, text)];
}

/// Puts over what the file says what `GUNICORN_CMD_ARGS` says, and over that the arguments (`app/base.py`,
/// `load_config`). Where either is not known, what the file does not set may be set, and how many workers it sets may
/// be wrong.
pub fn overrule(config: &mut Config, arguments: &Arguments, variables: Option<&Variables>) {
    let given = all(arguments);
    let variable =
        variables.map(|all| (all.get(b"GUNICORN_CMD_ARGS"), all.get(b"WEB_CONCURRENCY")));
    let mut before = None;
    let mut untold = given.hidden.then_some("arguments that the title does not show");
    match variable.map(|(words, _)| words) {
        Some(Variable::Unset) => {}
        Some(Variable::Set(text)) => match split(text) {
            Some(words) => before = Some(all(&words)),
            None => untold = Some("what GUNICORN_CMD_ARGS says"),
        },
        Some(Variable::Unknown) | None => {
            untold = untold.or(Some("what GUNICORN_CMD_ARGS may say"));
        }
    }
    if let Some(before) = before {
        if before.last("config").is_some() && given.last("config").is_none() {
            unknown(config, 0, &Text::from("the configuration of GUNICORN_CMD_ARGS"));
        }
        put(config, &before);
    }
    match variable.map(|(_, workers)| workers) {
        Some(Variable::Set(text)) if config.worker_processes == Setting::NotSet => {
            let number = text.utf8().and_then(|text| text.trim().parse().ok());
            config.worker_processes = over(number, text);
        }
        Some(Variable::Unknown) if config.worker_processes == Setting::NotSet => {
            let text = Text::from("what WEB_CONCURRENCY says");
            config.worker_processes = Setting::Unevaluable { line: 0, text };
        }
        _ => {}
    }
    if let Some(why) = untold {
        doubt(config, &Text::from(why));
    }
    put(config, &given);
}

/// What is not set may be, by what is not known; and what is set may be another by it.
fn doubt(config: &mut Config, text: &Text) {
    fn open<T>(setting: &mut Setting<T>, text: &Text) {
        if matches!(setting, Setting::NotSet) {
            *setting = Setting::Unevaluable { line: 0, text: text.clone() };
        }
    }
    open(&mut config.pid, text);
    open(&mut config.working_directory, text);
    open(&mut config.preload_app, text);
    if !matches!(config.worker_processes, Setting::Unevaluable { .. }) {
        config.worker_processes = Setting::Unevaluable { line: 0, text: text.clone() };
    }
}

fn put(config: &mut Config, given: &All) {
    fn path(text: &Text) -> PathBuf {
        text.path().to_path_buf()
    }
    fn number(text: &Text) -> Setting<u32> {
        over(text.utf8().and_then(|text| text.trim().parse().ok()), text)
    }
    if let Some(text) = given.last("pid") {
        config.pid = Setting::Set { value: path(text), line: 0 };
    }
    if let Some(text) = given.last("chdir") {
        config.working_directory = Setting::Set { value: path(text), line: 0 };
    }
    if let Some(text) = given.last("workers") {
        config.worker_processes = number(text);
    }
    if let Some(text) = given.last("graceful-timeout") {
        config.timeout = number(text);
    }
    if given.last("preload").is_some() {
        config.preload_app = Setting::Set { value: true, line: 0 };
    }
    if let Some(text) = given.last("user") {
        config.user = Setting::Set { value: text.clone(), line: 0 };
    }
    let log_file =
        given.each.iter().rev().find(|given| matches!(given.name, "error-logfile" | "log-file"));
    if let Some(given) = log_file {
        config.logger = Setting::Set { value: log(&given.value), line: 0 };
    }
    let bound: Vec<_> = given.each.iter().filter(|given| given.name == "bind").collect();
    if !bound.is_empty() {
        let each =
            bound.into_iter().flat_map(|given| parts(given.value.utf8().unwrap_or_default()));
        config.listen = each.map(|value| Setting::Set { value, line: 0 }).collect();
    }
}

fn over<T>(value: Option<T>, text: &Text) -> Setting<T> {
    match value {
        Some(value) => Setting::Set { value, line: 0 },
        None => Setting::Unevaluable { line: 0, text: text.clone() },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(source: &str) -> Config {
        let path = Path::new("/srv/shop/gunicorn.conf.py");
        let text = Text::from(source);
        read(&Loading { text: &text, path, given: path, cwd: None, variables: None })
    }

    fn words(all: &[&str]) -> Arguments {
        all.iter().map(|word| Text::from(*word)).collect()
    }

    fn environment(text: &str) -> Variables {
        Variables::of(&crate::facts::environ::parse_live(&Text::from(text)))
    }

    #[test]
    fn a_deployed_one() {
        let config = of(
            "import os\nbind = ['unix:/srv/shop/shop.sock', '127.0.0.1:8000']\nworkers = 3\n\
             pidfile = \"/run/shop.pid\"\nchdir = '/srv/shop/current'\npreload_app = True\ngraceful_timeout = 20\n\
             user = None\naccesslog = os.devnull\n\ndef when_ready(server):\n    workers = 9\n",
        );
        assert_eq!(config.worker_processes.value(), Some(&3));
        assert_eq!(config.pid.value().unwrap(), Path::new("/run/shop.pid"));
        assert_eq!(config.working_directory.value().unwrap(), Path::new("/srv/shop/current"));
        assert_eq!(config.preload_app.value(), Some(&true));
        assert_eq!(config.timeout.value(), Some(&20));
        assert_eq!(config.user, Setting::NotSet);
        assert_eq!(config.listen.len(), 2);
    }

    #[test]
    fn what_only_python_can_tell() {
        let config = of(
            "import multiprocessing\nworkers = multiprocessing.cpu_count() * 2 + 1\nbind = f'{x}'\n",
        );
        assert!(matches!(config.worker_processes, Setting::Unevaluable { line: 2, .. }));
        assert!(matches!(config.listen.as_slice(), [Setting::Unevaluable { line: 3, .. }]));
        assert_eq!(config.pid, Setting::NotSet);
        assert!(matches!(of("from base import *").pid, Setting::Unevaluable { line: 1, .. }));
    }

    #[test]
    fn arguments_win_over_the_variable_and_that_over_the_file() {
        let mut config = of("workers = 2\npidfile = '/a.pid'\n");
        let variables = environment("GUNICORN_CMD_ARGS=-w 3 --pid /b.pid\0WEB_CONCURRENCY=7");
        overrule(&mut config, &words(&["-w", "4", "app:app"]), Some(&variables));
        assert_eq!(config.worker_processes, Setting::Set { value: 4, line: 0 });
        assert_eq!(config.pid.value().unwrap(), Path::new("/b.pid"));
        let mut config = of("");
        overrule(&mut config, &words(&["app:app"]), Some(&variables));
        assert_eq!(config.worker_processes.value(), Some(&3));
        let mut config = of("");
        overrule(&mut config, &words(&["app:app"]), Some(&environment("WEB_CONCURRENCY=7")));
        assert_eq!(config.worker_processes.value(), Some(&7));
        assert_eq!(config.pid, Setting::NotSet);
    }

    #[test]
    fn what_is_hidden_is_not_guessed() {
        for (arguments, variables) in
            [(words(&["[shop]"]), Some(environment("A=b"))), (words(&["app:app"]), None)]
        {
            let mut config = of("workers = 2\nchdir = '/srv/shop/current'\n");
            overrule(&mut config, &arguments, variables.as_ref());
            assert!(matches!(config.worker_processes, Setting::Unevaluable { .. }));
            assert!(matches!(config.pid, Setting::Unevaluable { .. }));
            assert!(config.working_directory.value().is_some());
        }
    }
}
