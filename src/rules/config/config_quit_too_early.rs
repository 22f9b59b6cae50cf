//! `config-quit-too-early`: a hook ends the old master before the new one can serve.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::Place;
use crate::model::config::HookBody;
use crate::model::{Config, Hook, Master, Setting};
use crate::rules::config::{at, file_of, unevaluable};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-quit-too-early",
    needs: &[Need::StartContext],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A hook retires the old master at the first fork, before any worker has loaded the app.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A hook of the configuration sends QUIT, or another signal that ends workers, to the old master as soon as the new
one forks its first worker. With `preload_app false`, which is the default, the app is loaded by each worker after
that fork.

## Why it matters

At every USR2 nothing answers for as long as the app takes to load: connections are accepted by nobody and wait. A
release that does not load takes the site down, since nothing is left that serves.

## How farrier decides

It reads the configuration that the next re-execution will load. `before_fork` and `after_fork` run before a worker
loads the app where `preload_app` is not true; `before_exec` runs before the new master loads anything, whatever
`preload_app` is. A hook there that names an oldbin pidfile and sends QUIT, TERM, INT, KILL or WINCH retires too
early.

One that waits for the last worker (`worker.nr`) and sleeps at each fork, or that only takes workers away one by one
(TTOU), is softer: the same hole, shorter by these pauses. That is a warning. Without a pause the last worker is
forked at once after the first, and there is no difference.

## When it stays silent

With `preload_app true` the app has been loaded before the first fork. `after_worker_ready` runs after each worker
has loaded it. A hook that signals something else than an oldbin pidfile's process is not meant. Where `preload_app`
or the signal is an expression, or the hook is set under a condition, the rule is undecided.

## How to fix it

Either load the app before the fork:

    preload_app true

or retire the old master when the last worker is ready (Unicorn 5.3 and later):

    old = \"/path/to/shared/pids/unicorn.pid.oldbin\"
    after_worker_ready do |server, worker|
      if worker.nr == server.worker_processes - 1 && File.exist?(old)
        Process.kill(:QUIT, File.read(old).to_i)
      end
    end

A worker has no `server.config`: the path has to stand there once more. The new master reads the file, so that no
reload is needed before the USR2.
";

/// Signals that leave the old master without workers.
const ENDING: &[&str] = &["QUIT", "TERM", "INT", "KILL", "WINCH"];

/// The signal that takes one worker away.
const LESSENING: &str = "TTOU";

fn check(look: &mut Look<'_>) {
    let mut here = false;
    for master in look.app().upgradable() {
        let Some(config) = look.of(master.process.pid, "configuration", &master.config) else {
            here = true;
            continue;
        };
        let early = [Hook::BeforeExec, Hook::BeforeFork, Hook::AfterFork];
        for hook in config.hooks.iter().filter(|hook| early.contains(&hook.hook)) {
            if hook.names_oldbin && !hook.kills.is_empty() {
                here = true;
                weigh(look, master, config, hook);
            }
        }
        let preloads = config.preload_app.value() == Some(&true);
        for hook in config.obscure_hooks.iter().filter(|hook| hook.may_retire) {
            let is_early = hook.hook.is_none_or(|hook| early.contains(&hook));
            if is_early && (!preloads || hook.hook == Some(Hook::BeforeExec)) {
                here = true;
                unevaluable(look, master, config, "a hook", (hook.line, &hook.text.to_string()));
            }
        }
    }
    if !here {
        look.not_here();
    }
}

fn weigh(look: &mut Look<'_>, master: &Master, config: &Config, hook: &HookBody) {
    if hook.hook != Hook::BeforeExec {
        match &config.preload_app {
            Setting::Set { value: true, .. } => return,
            Setting::Unevaluable { line, text } => {
                let text = format!("preload_app {text}");
                return unevaluable(look, master, config, "preload_app", (*line, &text));
            }
            Setting::Set { value: false, .. } | Setting::NotSet => {}
        }
    }
    let sends = |wanted: &dyn Fn(&str) -> bool| {
        hook.kills.iter().find_map(|kill| {
            let signal = kill.signals.iter().find(|signal| wanted(signal))?;
            Some((kill.line, signal.as_str()))
        })
    };
    let ends = sends(&|signal| ENDING.contains(&signal));
    let lessens = sends(&|signal| signal == LESSENING);
    // One worker is the first and the last.
    let several = match &config.worker_processes {
        Setting::Set { value, .. } => *value > 1,
        Setting::NotSet => false,
        Setting::Unevaluable { .. } => true,
    };
    let by_and_by = several && hook.tells_workers_apart && hook.sleeps;
    let (severity, (line, signal)) = match (ends, lessens) {
        (Some(sent), _) if hook.hook != Hook::BeforeExec && by_and_by => (Severity::Warning, sent),
        (Some(sent), _) => (Severity::Critical, sent),
        (None, Some(sent)) => (Severity::Warning, sent),
        (None, None) => {
            for kill in hook.kills.iter().filter(|kill| kill.signals.is_empty()) {
                let text = format!("the signal that {} sends", hook.hook.name());
                unevaluable(look, master, config, "a hook's signal", (kill.line, &text));
            }
            return;
        }
    };
    report(look, master, config, hook, &Sent { severity, line, signal });
}

/// A signal that comes too early.
struct Sent<'a> {
    severity: Severity,
    line: usize,
    signal: &'a str,
}

fn report(look: &mut Look<'_>, master: &Master, config: &Config, hook: &HookBody, sent: &Sent<'_>) {
    let app = look.app();
    let pid = master.process.pid;
    let Sent { severity, line, signal } = *sent;
    let (name, place) = (hook.hook.name(), at(config, line));
    let file = &config.file.path;
    let before_exec = hook.hook == Hook::BeforeExec;
    let short = file_of(app, master);
    let why = Line::new(format!("{place} sends {signal} in {name}"));
    let (why, next) = if before_exec {
        (why, "take the signal out of before_exec, then upgrade")
    } else {
        let next = "set preload_app true, or retire in after_worker_ready";
        (why.aside(", and preload_app is off"), next)
    };
    let mut finding = look
        .finding(severity, format!("{place}: {signal} before the new app is loaded"))
        .about(pid)
        .at_path(file)
        .told(
            Line::new(format!("{}: the next USR2 ends {pid}", cut(&app.name, 16)))
                .keep(" before the new app loads"),
            why,
            Line::new(next),
        )
        .seen(
            format!("{name} sends {signal} to the master that an oldbin pidfile names"),
            Place::line(file, line),
        )
        .leads_to(if severity == Severity::Warning {
            "At every USR2 fewer and fewer workers answer until the app has loaded; a release that \
             does not load takes the site down."
        } else {
            "At every USR2 nothing answers while the app loads; a release that does not load takes \
             the site down."
        });
    if before_exec {
        finding = finding.fix(format!("# in {short}: no signal to the old master in before_exec"));
    } else {
        let (words, line) = match config.preload_app.line() {
            Some(line) => ("preload_app is false", line),
            None => ("preload_app is not set: each worker loads the app after its fork", hook.line),
        };
        finding = finding
            .seen(words, Place::line(file, line))
            .fix(format!("# in {short}: preload_app true"))
            .fix(format!("# or there: the same {signal} in after_worker_ready of the last worker"));
    }
    look.found(finding.for_good(format!("the same in {short} of every release")));
}
