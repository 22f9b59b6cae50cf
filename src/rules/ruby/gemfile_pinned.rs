//! `gemfile-pinned`: the next re-execution loads the Gemfile of one release's own path.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{Gemfile, Layout, Master};
use crate::os::shown;
use crate::rules::{config, usr2};

/// The card.
pub const RULE: Rule = Rule {
    name: "gemfile-pinned",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The next re-execution loads the Gemfile of one release, whatever `current` names.",
    meaning: MEANING,
    offers: None,
    causes: &["gemfile-mismatch", "gemfile-missing", "gems-outdated", "release-prune-risk"],
    check,
};

const MEANING: &str = "\
## What it means

Bundler writes `BUNDLE_GEMFILE` into the environment, as a resolved path. A re-executed master inherits it: the
Gemfile of the release that was live at the first start stays in force through every later USR2.

## Why it matters

New code runs with the gems of an old release. When the clean-up deletes that release, every USR2 fails, and the
old code serves on.

## How farrier decides

It works out the Gemfile that the next re-execution will see: an unconditional `ENV[\"BUNDLE_GEMFILE\"] =` in
the configuration, else the value that the process was started with, else what Bundler sets by itself. The path
is taken as it is, `current` not resolved; it is pinned when it goes through an entry of `releases/`.

## When it stays silent

A path through `current` or outside the releases, a value that the configuration sets without a condition, and
an entry of `releases/` that is a link to the live release are all right. `||=` resets nothing, since the
variable is set already. Without Bundler there is no subject. Where nothing shows that USR2 is used here it is
only information.

## How to fix it

In the configuration:

    before_exec do |_|
      ENV[\"BUNDLE_GEMFILE\"] = \"/path/to/current/Gemfile\"
    end

Then HUP, so that the running master knows it, and USR2. HUP re-reads code through `current` as well: where the
running release is not the current one, do not reload. Then a cold start, or, once the pinned release is gone, a
link from it to `current`, leads on.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let mut bundled = false;
    for master in look.app().upgradable() {
        let known = look.of(master.process.pid, "restart Gemfile", &master.restart.gemfile);
        bundled |= known.is_none_or(Option::is_some);
        let Some(Some(gemfile)) = known else { continue };
        let Some(release) = &gemfile.release else { continue };
        if !gemfile.set_by_config && is_rescued(look, gemfile) == Some(false) {
            report(look, layout, master, gemfile, release);
        }
    }
    if !bundled {
        look.not_here();
    }
}

/// Whether the release that the path names is itself a link to another one; `None`, and noted: that was not seen.
pub fn is_rescued(look: &mut Look<'_>, gemfile: &Gemfile) -> Option<bool> {
    look.at("what the release is", &gemfile.rescued).copied()
}

fn report(look: &mut Look<'_>, layout: &Layout, master: &Master, gemfile: &Gemfile, release: &str) {
    let app = look.app();
    let pid = master.process.pid;
    let severity = if app.uses_reexec() { Severity::Warning } else { Severity::Info };
    let short = named(release);
    let gone = matches!(gemfile.file.stat.get(), Some(None));
    let finding = look
        .finding(severity, format!("the next USR2 loads {short}/Gemfile"))
        .brief(format!("next USR2 loads {short}/Gemfile"))
        .about(pid)
        .at_path(&gemfile.file.path)
        .step(if gone {
            format!("link {short} to current")
        } else {
            "repair BUNDLE_GEMFILE".into()
        })
        .told(
            // What comes of it is said first: with the release its Gemfile went, and every USR2 ends at once.
            if gone {
                Line::new(format!(
                    "{}: the next USR2 fails, its Gemfile is gone",
                    cut(&app.name, 16)
                ))
            } else {
                Line::new(format!(
                    "{}: the next USR2 loads the gems of {short}",
                    cut(&app.name, 16)
                ))
            },
            if gone {
                Line::new(format!("BUNDLE_GEMFILE names {short}")).aside(", and nothing resets it")
            } else {
                Line::new("BUNDLE_GEMFILE names that release").aside(", and nothing resets it")
            },
            if gone {
                Line::new(format!("link {short} to current, then upgrade"))
            } else {
                Line::new("set BUNDLE_GEMFILE in before_exec").aside(", as the fix says")
            },
        )
        .seen(
            format!("BUNDLE_GEMFILE will be {}", shown(&gemfile.file.path)),
            &master.restart.gemfile.place,
        )
        .leads_to(format!(
            "New code runs with old gems; once {release} is deleted, every USR2 fails."
        ));
    let mut finding = match layout.current_release() {
        Some(current) if current != release => {
            finding.seen(format!("current names {current}"), &layout.current.state.place)
        }
        _ => finding,
    };
    finding.fix = fix(look, layout, master, release, gone);
    let reset = setting(layout);
    look.found(
        finding.for_good(format!("in before_exec of every release's configuration: {reset}")),
    );
}

/// The assignment that keeps it from coming back.
pub fn setting(layout: &Layout) -> String {
    format!("ENV[\"BUNDLE_GEMFILE\"] = \"{}\"", shown(&layout.current.path.join("Gemfile")))
}

/// The lines that are safe as things stand: a link where the pinned release is gone; a reload only where it would
/// read what runs already.
pub fn fix(
    look: &Look<'_>,
    layout: &Layout,
    master: &Master,
    release: &str,
    gone: bool,
) -> Vec<String> {
    let app = look.app();
    if layout.current_release().is_none() {
        return vec!["# first mend current (current-broken)".into()];
    }
    let entry = layout.releases_directory.join(release);
    if gone && let Some(lines) = usr2::rescue(app, master, &entry) {
        return lines;
    }
    config::mended(app, master, "before_exec of ", &setting(layout))
}
