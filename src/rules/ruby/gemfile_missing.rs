//! `gemfile-missing`: the Gemfile that the next re-execution will load is gone.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{App, Gemfile, Master};
use crate::os::shown;
use crate::rules::ruby::gemfile_pinned;

/// The card.
pub const RULE: Rule = Rule {
    name: "gemfile-missing",
    needs: &[Need::StartContext],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The Gemfile that the next re-execution will load does not exist.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

`BUNDLE_GEMFILE`, as the next re-execution will see it, names a file that is not there. Most often it lies in a
release that the clean-up of a deploy deleted.

## Why it matters

Every USR2 comes to nothing: the new process ends with `Gemfile not found`, and the old master serves on with
the old code. The deploy looks done.

## How farrier decides

It works out that path as for `gemfile-pinned` and looks whether the file exists. A path through `current` has
to be missing at two looks, since a switch of the link may leave a short gap.

## When it stays silent

Without Bundler there is no subject. A Gemfile outside the releases is as good as any if it exists. Where
nothing shows that USR2 is used here it is only information.

## How to fix it

Link the missing release to `current`, then USR2: the new master finds a Gemfile, and it is the right one. Then
let the configuration set `BUNDLE_GEMFILE` in `before_exec`, so that it does not come back.
";

fn check(look: &mut Look<'_>) {
    let mut bundled = false;
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        let known = look.of(pid, "restart Gemfile", &master.restart.gemfile);
        bundled |= known.is_none_or(Option::is_some);
        let Some(Some(gemfile)) = known else { continue };
        if look.absent("the Gemfile", &gemfile.file) != Some(true) {
            continue;
        }
        if look.through_current(&gemfile.file.path) {
            let Some(before) = look.before() else { continue };
            let Some(earlier) = before.master(pid) else { continue };
            let earlier = look.of(pid, "restart Gemfile before", &earlier.restart.gemfile);
            let Some(Some(earlier)) = earlier else { continue };
            if look.absent("the Gemfile before", &earlier.file) != Some(true) {
                continue;
            }
        }
        report(look, app, master, gemfile);
    }
    if !bundled {
        look.not_here();
    }
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, gemfile: &Gemfile) {
    let severity = if app.uses_reexec() { Severity::Critical } else { Severity::Info };
    let path = &gemfile.file.path;
    let mut finding = look
        .finding(severity, format!("the next USR2 needs {}, gone", tail(&app.short(path), 28)))
        .about(master.process.pid)
        .at_path(path)
        .told(
            Line::new(format!("{}: the next USR2 fails, its Gemfile is gone", cut(&app.name, 16))),
            Line::new(format!("BUNDLE_GEMFILE is {}", app.short(path))),
            match &gemfile.release {
                Some(_) => Line::new("link that release to current, then upgrade"),
                None => Line::new("put a Gemfile there, or mend BUNDLE_GEMFILE"),
            },
        )
        .seen(format!("BUNDLE_GEMFILE will be {}", shown(path)), &master.restart.gemfile.place)
        .seen("nothing stands there", &gemfile.file.stat.place)
        .leads_to("Every USR2 comes to nothing: Gemfile not found. The old code serves on.");
    match (app.layout.get().and_then(Option::as_ref), &gemfile.release) {
        (Some(layout), Some(release)) => {
            finding.fix = gemfile_pinned::fix(look, layout, master, release, true);
            finding = finding.for_good(format!(
                "in before_exec of every release's configuration: {}",
                gemfile_pinned::setting(layout)
            ));
        }
        _ => finding = finding.fix(format!("# no USR2 before {} is there", shown(path))),
    }
    look.found(finding);
}
