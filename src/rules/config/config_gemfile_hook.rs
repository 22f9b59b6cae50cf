//! `config-gemfile-hook`: nothing in the configuration leads `BUNDLE_GEMFILE` through `current`.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::Place;
use crate::model::{Config, Gemfile, Hook, Layout, Master, Setting};
use crate::os::shown;
use crate::rules::config::{at, file_of, name_of, names_file, unevaluable};
use crate::rules::ruby::gemfile_pinned;

/// The card.
pub const RULE: Rule = Rule {
    name: "config-gemfile-hook",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "No `before_exec` sets BUNDLE_GEMFILE, and what the next re-execution sees is one release's.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The app runs under Bundler and is deployed by releases, and the configuration does not set `BUNDLE_GEMFILE` anew in
`before_exec`.

## Why it matters

It is why `gemfile-pinned` comes back after each cold start: Bundler resolves the path of the Gemfile to the release
that is live at that moment, and every re-execution inherits it.

## How farrier decides

It reads the configuration that the next re-execution will load, and works out the Gemfile that it will see, as
`gemfile-pinned` does. `ENV[\"BUNDLE_GEMFILE\"] ||=` does not count: the variable is set already.

## When it stays silent

Where the path that will be seen goes through `current`, lies outside the releases, or through an entry of
`releases/` that is a link to the live release. Where the file sets the variable without a condition, in
`before_exec` or at its top level: if the running master does not know that yet, `gemfile-pinned` says so alone.
Without Bundler or without releases there is no subject. A hook under a condition leaves it undecided. Where nothing
shows that USR2 is used here it is only information.

## How to fix it

    before_exec do |_|
      ENV[\"BUNDLE_GEMFILE\"] = \"/path/to/current/Gemfile\"
    end

The running master runs this hook by the copy that it has loaded, so that it takes a HUP first; see `gemfile-pinned`
for when that is safe.
";

const NAME: &[u8] = b"BUNDLE_GEMFILE";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let mut bundled = false;
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        let known = look.of(pid, "restart Gemfile", &master.restart.gemfile);
        bundled |= known.is_none_or(Option::is_some);
        let Some(Some(gemfile)) = known else { continue };
        let Some(release) = &gemfile.release else { continue };
        if gemfile.set_by_config || gemfile_pinned::is_rescued(look, gemfile) != Some(false) {
            continue;
        }
        let Some(config) = look.of(pid, "configuration", &master.config) else { continue };
        if sets(look, master, config) == Some(false) {
            report(look, layout, master, config, (gemfile, release));
        }
    }
    if !bundled {
        look.not_here();
    }
}

/// Whether the file sets it for the next generation but one; `None`, and noted: that cannot be told.
fn sets(look: &mut Look<'_>, master: &Master, config: &Config) -> Option<bool> {
    let early = |hook: Option<Hook>| matches!(hook, None | Some(Hook::BeforeExec));
    let mut ours =
        config.environment.iter().filter(|set| early(set.hook) && set.name.bytes() == NAME);
    match ours.next_back().map(|set| &set.value) {
        Some(Setting::Set { .. }) => return Some(true),
        Some(Setting::Unevaluable { line, text }) => {
            let text = format!("BUNDLE_GEMFILE = {text}");
            unevaluable(look, master, config, "BUNDLE_GEMFILE", (*line, &text));
            return None;
        }
        Some(Setting::NotSet) | None => {}
    }
    if let Some(sweep) = config.sweeps.iter().find(|sweep| early(sweep.hook)) {
        let text = sweep.text.to_string();
        unevaluable(look, master, config, "BUNDLE_GEMFILE", (sweep.line, &text));
        return None;
    }
    let obscure = config.obscure_hooks.iter().find(|hook| early(hook.hook));
    let Some(hook) = obscure else { return Some(false) };
    unevaluable(look, master, config, "a hook", (hook.line, &hook.text.to_string()));
    None
}

fn report(
    look: &mut Look<'_>,
    layout: &Layout,
    master: &Master,
    config: &Config,
    (gemfile, release): (&Gemfile, &str),
) {
    let app = look.app();
    let pid = master.process.pid;
    let severity = if app.uses_reexec() { Severity::Warning } else { Severity::Info };
    let short = file_of(app, master);
    let useless = config.defaulted.iter().find(|set| set.name.bytes() == NAME);
    let mut finding = look
        .finding(
            severity,
            match useless {
                Some(set) => format!("{}: makes gemfile-pinned come back", at(config, set.line)),
                None if names_file(config) => {
                    format!("{}: makes gemfile-pinned come back", name_of(config))
                }
                None => "no before_exec: gemfile-pinned comes back".into(),
            },
        )
        .about(pid)
        .told(
            Line::new(format!("{}: a start pins one release's gems", cut(&app.name, 16)))
                .aside(format!(", now {}", named(release))),
            match useless {
                Some(set) => Line::new(format!("{} sets BUNDLE_GEMFILE by ||=", at(config, set.line)))
                    .aside(", and it is set already"),
                None => Line::new("no before_exec sets BUNDLE_GEMFILE"),
            },
            Line::new("set BUNDLE_GEMFILE in before_exec").aside(", as the fix says"),
        )
        .seen(
            match useless {
                Some(_) => "ENV[\"BUNDLE_GEMFILE\"] ||= changes nothing: Bundler has set it",
                None => "no hook of it sets BUNDLE_GEMFILE",
            },
            match useless {
                Some(set) => Place::line(&config.file.path, set.line),
                None => master.config.place.clone(),
            },
        )
        .seen(
            format!("BUNDLE_GEMFILE will be {}", shown(&gemfile.file.path)),
            &master.restart.gemfile.place,
        )
        .leads_to("After each cold start the gems of that release stay, and once it is deleted every USR2 fails.");
    if names_file(config) {
        finding = finding.at_path(&config.file.path);
    }
    let gone = matches!(gemfile.file.stat.get(), Some(None));
    finding.fix = gemfile_pinned::fix(look, layout, master, release, gone);
    look.found(finding.for_good(format!("the same in {short} of every release")));
}
