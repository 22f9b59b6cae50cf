//! `config-working-directory`: nothing in the configuration leads the next re-execution through `current`.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::Place;
use crate::model::{Config, CurrentState, Layout, Master, Setting};
use crate::os::shown;
use crate::rules::config::{at, file_of, names_file, unevaluable};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-working-directory",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The configuration does not lead re-executions through `current`, and nothing else does.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

Unicorn changes at each USR2 to the directory that it was first started in. The configuration does not say another
one, or names a release's own path, and the remembered directory is a release's own path too.

## Why it matters

It is why `release-pinned` comes back after each cold start: every USR2 starts the same release, until a clean-up
deletes it, and fails from then on.

## How farrier decides

It reads `working_directory` in the configuration that the next re-execution will load, and the directory that the
running master will change to. Both have to miss `current`.

## When it stays silent

A master that was started through `current` with that path in `PWD` remembers it, and needs no setting. So does one
whose `working_directory` goes through `current` or lies outside the releases. A release's entry that is itself a
link to the live release is a rescue. An app without releases is not meant. Where nothing shows that USR2 is used
here it is only information.

## How to fix it

    working_directory \"/path/to/current\"

It has to be absolute, and the link itself: `File.expand_path` of a relative `__FILE__` gives the release's own path.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        let Some(config) = look.of(pid, "configuration", &master.config) else { continue };
        let says = match &config.working_directory {
            Setting::NotSet => None,
            Setting::Set { value, line } => match layout.release_of(value) {
                Some(release) => Some((release, *line)),
                None => continue,
            },
            Setting::Unevaluable { line, text } => {
                let text = format!("working_directory {text}");
                unevaluable(look, master, config, "working_directory", (*line, &text));
                continue;
            }
        };
        let Some(release) = remembered(look, layout, master) else { continue };
        report(look, layout, master, config, &Pinned { says, release });
    }
}

/// The release whose own path the master will change to; a link to the live release is none.
fn remembered(look: &mut Look<'_>, layout: &Layout, master: &Master) -> Option<String> {
    let spot = look.of(master.process.pid, "restart directory", &master.restart.directory)?;
    let release = layout.release_of(&spot.path)?;
    let real = look.at(format!("where {} leads", shown(&spot.path)), &spot.real)?;
    let leads = real.as_ref().and_then(|real| layout.release_of(real));
    let state = look.at("what current is", &layout.current.state)?;
    let is_link = real.is_some() && leads.as_ref() != Some(&release);
    let rescued = is_link
        && (leads.is_none()
            || matches!(state, CurrentState::Release(now) if Some(now) == leads.as_ref()));
    (!rescued).then_some(release)
}

struct Pinned {
    /// The release that the configuration names, and the line.
    says: Option<(String, usize)>,
    /// The release that the master remembers.
    release: String,
}

fn report(look: &mut Look<'_>, layout: &Layout, master: &Master, config: &Config, pinned: &Pinned) {
    let app = look.app();
    let pid = master.process.pid;
    let severity = if app.uses_reexec() { Severity::Warning } else { Severity::Info };
    let setting = format!("working_directory \"{}\"", shown(&layout.current.path));
    let short = file_of(app, master);
    let file = &config.file.path;
    let (summary, why) = match &pinned.says {
        Some((_, line)) => (
            format!("{}: makes release-pinned come back", at(config, *line)),
            Line::new(format!("{} names one release", at(config, *line))),
        ),
        None => (
            "no working_directory: release-pinned comes back".into(),
            Line::new("the configuration has no working_directory"),
        ),
    };
    let finding = look
        .finding(severity, summary)
        .about(pid)
        .told(
            Line::new(format!("{}: a start pins one release", cut(&app.name, 16)))
                .aside(format!(", now {}", named(&pinned.release))),
            why.aside(format!(", and {pid} was not started through current")),
            Line::new("set working_directory to current, then upgrade"),
        )
        .seen(
            match &pinned.says {
                Some((release, _)) => format!("working_directory names {release}"),
                None => "working_directory is not set".into(),
            },
            match &pinned.says {
                Some((_, line)) => Place::line(file, *line),
                None => master.config.place.clone(),
            },
        )
        .seen(format!("{pid} will change to {}", pinned.release), &master.restart.directory.place)
        .leads_to("Every USR2 starts that release again, and fails once it is deleted.")
        .fix(format!("# in {short}: {setting}"));
    let finding = if names_file(config) { finding.at_path(file) } else { finding };
    look.found(finding.for_good(format!("the same in {short} of every release")));
}
