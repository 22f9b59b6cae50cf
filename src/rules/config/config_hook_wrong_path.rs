//! `config-hook-wrong-path`: a hook looks for the old master in a file that Unicorn does not write.

use std::path::{Path, PathBuf};

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::{Fact, Place};
use crate::model::config::{HookBody, OldPath, oldbin};
use crate::model::{App, Config, Hook, Master, Setting};
use crate::os::shown;
use crate::rules::config::{at, file_of, unevaluable};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-hook-wrong-path",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A hook looks for the old master in a file that Unicorn does not write.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

At USR2 Unicorn renames its pidfile: the old master's number then stands in PIDFILE.oldbin. A hook that is meant to
retire the old master reads another file, so that it never fires.

## Why it matters

The old master lingers after every upgrade: it answers with old code, and the next USR2 is refused. Nothing logs it.

## How farrier decides

It reads `pid` and the hooks in the configuration that the next re-execution will load, and compares the path that a
hook reads with `pid` and `.oldbin` behind it: as they are written, then with the links of their directories
resolved, seen from the directory of the next re-execution. Where no pidfile is configured there is no such file.

## When it stays silent

`\"#{server.config[:pid]}.oldbin\"` and `\"#{server.pid}.oldbin\"` are right by themselves. So is another name of the
same directory: `current/tmp/pids` that is a link to `shared/pids`. Of several paths in one hook one has to be right.
A path or a `pid` that only Ruby can evaluate leaves it undecided.

## How to fix it

Let the hook ask the server for its pidfile:

    before_fork do |server, worker|
      old_pid = \"#{server.config[:pid]}.oldbin\"

In `after_worker_ready` a worker has no `server.config`: write the path there, the one of `pid` with `.oldbin` behind
it. The new master reads the file, so that no reload is needed before the USR2.
";

fn check(look: &mut Look<'_>) {
    let mut here = false;
    for master in look.app().upgradable() {
        let Some(config) = look.of(master.process.pid, "configuration", &master.config) else {
            here = true;
            continue;
        };
        for hook in config.hooks.iter().filter(|hook| hook.hook != Hook::BeforeExec) {
            if !hook.kills.is_empty() && !hook.old_paths.is_empty() {
                here = true;
                weigh(look, master, config, hook);
            }
        }
    }
    if !here {
        look.not_here();
    }
}

/// The pidfile that the next generation will have: as it is named, and where it really is.
struct Given<'a> {
    path: PathBuf,
    real: &'a Fact<Option<PathBuf>>,
}

fn weigh(look: &mut Look<'_>, master: &Master, config: &Config, hook: &HookBody) {
    let given = match &config.pid {
        Setting::Set { value, .. } => Some(Given { path: value.clone(), real: &config.pid_real }),
        Setting::Unevaluable { line, text } => {
            let text = format!("pid {text}");
            return unevaluable(look, master, config, "pid", (*line, &text));
        }
        // `-P` gives one too, where the file does not.
        Setting::NotSet => {
            let Some(sets) = sets_pid(look, master) else { return };
            match look.of(master.process.pid, "pidfile", &master.pidfile) {
                None => return,
                Some(Some(path)) if !sets => {
                    Some(Given { path: path.clone(), real: &config.pid_real })
                }
                Some(_) => None,
            }
        }
    };
    let mut wrong = None;
    for path in &hook.old_paths {
        match path {
            Setting::Set { value, line } => match (&given, is_right(look, given.as_ref(), value)) {
                (Some(_), Some(true)) | (_, None) => return,
                _ => wrong = wrong.or(Some((value, *line))),
            },
            Setting::Unevaluable { line, text } => {
                return unevaluable(look, master, config, "a path", (*line, &text.to_string()));
            }
            Setting::NotSet => {}
        }
    }
    if let Some((path, line)) = wrong {
        report(look, master, config, hook, &Wrong { path, line, given });
    }
}

/// A hook that never finds an old master.
pub struct Missed {
    /// Its line in a sentence: `unicorn.rb:31`.
    pub at: String,
    file: String,
    /// The line, from 1.
    line: usize,
    /// The name of the file that it looks for.
    pub read: String,
    /// The name of the file that the server writes.
    pub right: String,
}

impl Missed {
    /// Its line, as the app's own views name the file.
    pub fn place(&self, app: &App) -> String {
        let file = app.short(Path::new(&self.file));
        format!("{}:{}", file.strip_prefix("current/").unwrap_or(&file), self.line)
    }
}

/// The hook of a master's next configuration that is seen to look for another file than the server writes.
pub fn missed(master: &Master) -> Option<Missed> {
    let config = master.config.get()?;
    let pidfile = config.pid.value()?;
    let hook = |hook: &&HookBody| {
        hook.hook != Hook::BeforeExec && !hook.kills.is_empty() && !hook.old_paths.is_empty()
    };
    if config.retires(Some(pidfile)) {
        return None;
    }
    let mut paths = config.hooks.iter().filter(hook).flat_map(|hook| &hook.old_paths);
    paths.find_map(|path| match path {
        Setting::Set { value: OldPath::Path { path, .. }, line } => {
            let name = |path: &Path| path.file_name().map(|name| shown(name.as_ref()));
            let (read, right) = (name(path)?, name(&oldbin(pidfile))?);
            // The same name in another directory is told with its directory.
            let whole = read == right;
            let told = |path: &Path, name: String| if whole { shown(path) } else { name };
            Some(Missed {
                at: at(config, *line),
                file: shown(&config.file.path),
                line: *line,
                read: told(path, read),
                right: told(&oldbin(pidfile), right),
            })
        }
        _ => None,
    })
}

/// Whether the running master has its pidfile from its configuration, and so not from its arguments.
fn sets_pid(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    let loaded = look.of(master.process.pid, "loaded configuration", &master.loaded)?;
    Some(!matches!(loaded.pid, Setting::NotSet))
}

/// Whether it is the oldbin of that pidfile; `None`, and noted: that was not seen.
fn is_right(look: &mut Look<'_>, given: Option<&Given<'_>>, path: &OldPath) -> Option<bool> {
    let (Some(given), OldPath::Path { path, real }) = (given, path) else {
        return Some(given.is_some());
    };
    if *path == oldbin(&given.path) {
        return Some(true);
    }
    let what = |path: &Path| format!("where {} really is", shown(path));
    let pid = look.at(what(&given.path), given.real)?;
    let hook = look.at(what(path), real)?;
    Some(pid.as_ref().is_some_and(|pid| hook.as_ref() == Some(&oldbin(pid))))
}

struct Wrong<'a> {
    path: &'a OldPath,
    line: usize,
    given: Option<Given<'a>>,
}

fn report(
    look: &mut Look<'_>,
    master: &Master,
    config: &Config,
    hook: &HookBody,
    wrong: &Wrong<'_>,
) {
    let app = look.app();
    let pid = master.process.pid;
    let place = at(config, wrong.line);
    let file = file_of(app, master);
    let read = match wrong.path {
        OldPath::Path { path, .. } => shown(path),
        OldPath::Configured => "the oldbin of the configured pidfile".into(),
    };
    let right = wrong.given.as_ref().map(|given| shown(&oldbin(&given.path)));
    let lingers = app.in_role(crate::model::Role::Old).any(|old| !old.process.is_dead());
    let finding = look
        .finding(
            Severity::Warning,
            if lingers {
                format!("{place}: makes oldbin-lingering come back")
            } else {
                format!("{place}: the hook looks for the wrong file")
            },
        )
        .about(pid)
        .at_path(&config.file.path)
        .told(
            Line::new(format!("{}: the hook at {place} never fires", cut(&app.name, 16))),
            match &right {
                Some(right) => Line::new(format!("Unicorn writes {}", tail(right, 52))),
                None => Line::new("no pidfile is configured").aside(", so that there is no oldbin"),
            },
            match right {
                Some(_) => Line::new("let it read PIDFILE.oldbin").aside(", as the fix says"),
                None => Line::new("set pid, and let it read that path with .oldbin behind it"),
            },
        )
        .seen(
            format!("{} looks for {read}", hook.hook.name()),
            Place::line(&config.file.path, wrong.line),
        )
        .leads_to("After every upgrade the old master lingers, and the next USR2 is refused.");
    let finding = match (&right, config.pid.line()) {
        (Some(right), Some(line)) => finding
            .seen(format!("pid makes it {right}"), Place::line(&config.file.path, line))
            .fix(format!("# in {file}, line {}: {right}", wrong.line)),
        (Some(right), None) => finding
            .seen(format!("-P makes it {right}"), &master.pidfile.place)
            .fix(format!("# in {file}, line {}: {right}", wrong.line)),
        (None, _) => finding
            .seen("no pid is set", &master.config.place)
            .fix(format!("# in {file}: pid \"PATH\", and in line {} PATH.oldbin", wrong.line)),
    };
    look.found(finding.for_good(format!("the same in {file} of every release")));
}
