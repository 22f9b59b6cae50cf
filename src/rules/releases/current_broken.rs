//! `current-broken`: `current` is missing, dangling or a directory, or a link was made inside a release.

use std::path::Path;

use crate::contract::line::{Line, cut, named};
use crate::contract::{Finding, Look, Need, Rule, Severity, quote};
use crate::model::{App, CurrentState, Layout};
use crate::os::shown;

/// The card.
pub const RULE: Rule = Rule {
    name: "current-broken",
    needs: &[Need::Code],
    worst: Severity::Critical,
    stops_service: false,
    summary: "`current` is missing, leads nowhere or is no link, or a link was made inside a release.",
    meaning: MEANING,
    offers: None,
    causes: &["release-stale", "revision-behind", "reexec-missing"],
    check,
};

const MEANING: &str = "\
## What it means

Releases are used here, and the link `current`, by which restarts find the live one, is missing, leads nowhere,
or is a plain directory. Or a switch was made with `ln -s` without `-n`: that puts a link inside the old release
and switches nothing.

## Why it matters

Whatever goes through `current` fails: USR2, a reload, a cold start, scripts. A plain directory never moves to
the next release. A nested link means that a deploy believed it had switched and had not.

## How farrier decides

A process of the app, or what its next re-execution needs, leads into this `releases/` directory or through this
`current`; `lstat` and `stat` of `current` show what it is, at two looks at least a second apart. A nested link
is a link inside a release that names another release.

## When it stays silent

A switch by `rm` and `ln` leaves a short gap: one look alone decides nothing. `current` as a link to a directory
outside `releases/` is a way to deploy. Releases that no process leads into are nobody's concern. Where restarts
reach the releases by a link of another name, a missing `current` is not what is used here. A nested link
in a release that is neither current nor running is only information.

## How to fix it

Make the link anew, in one step: `ln -s RELEASE current.new && mv -T current.new current`. Remove a nested link,
then switch.
";

fn check(look: &mut Look<'_>) {
    let Some(layout) = look.layout() else { return };
    let Some(state) = look.at("what current is", &layout.current.state) else { return };
    let Some(releases) = look.at("the releases", &layout.releases) else { return };
    let mut nesting = Vec::new();
    for release in releases {
        if let Some(Some(link)) = look.at("a link inside it", &release.nested_link) {
            nesting.push((release.name.as_str(), link.as_path()));
        }
    }
    if !is_broken(state) && nesting.is_empty() {
        return;
    }
    match leads_here(look, layout) {
        Some(true) => {}
        Some(false) => return look.not_here(),
        None => return,
    }
    if *state == CurrentState::Missing && has_another_link(look.app(), layout) {
        return look.not_here();
    }
    let Some(before) = look.before() else { return };
    let Some(Some(earlier)) = look.at("the releases before", &before.layout) else { return };
    if is_broken(state) {
        if look.at("what current was", &earlier.current.state).is_some_and(is_broken) {
            broken(look, layout, state);
        }
        return;
    }
    if look.at("the releases before", &earlier.releases).is_none() {
        return;
    }
    for (release, link) in nesting {
        let earlier = earlier.release(release).map(|release| &release.nested_link);
        let was = earlier.and_then(|link| look.at("a link inside it before", link));
        if was.is_some_and(Option::is_some) {
            nested(look, layout, release, link);
        }
    }
}

/// Whether a process, or what the next re-execution needs, leads into these releases; `None`: that was not seen.
fn leads_here(look: &mut Look<'_>, layout: &Layout) -> Option<bool> {
    let here = |path: &Path| layout.release_of(path).is_some() || layout.through_current(path);
    let mut unseen = false;
    for master in look.app().living_masters() {
        let pid = master.process.pid;
        let release = look.of(pid, "release", &master.release);
        if matches!(release, Some(Some(_))) {
            return Some(true);
        }
        let directory = look.of(pid, "restart directory", &master.restart.directory);
        let gemfile = master.restart.gemfile.get().and_then(Option::as_ref);
        let paths = [directory.map(|spot| &spot.path), gemfile.map(|gemfile| &gemfile.file.path)];
        if paths.into_iter().flatten().any(|path| here(path)) {
            return Some(true);
        }
        unseen |= release.is_none() || directory.is_none();
    }
    (!unseen).then_some(false)
}

/// Whether restarts find the live release by a link of another name: then `current` is not what is used here.
fn has_another_link(app: &App, layout: &Layout) -> bool {
    app.living_masters().filter_map(|master| master.restart.directory.get()).any(|spot| {
        let named = layout.release_of(&spot.path).is_some() || layout.through_current(&spot.path);
        let real = spot.real.get().and_then(Option::as_ref);
        !named && real.is_some_and(|real| layout.release_of(real).is_some())
    })
}

fn is_broken(state: &CurrentState) -> bool {
    matches!(state, CurrentState::Missing | CurrentState::Dangling(_) | CurrentState::Directory)
}

fn broken(look: &mut Look<'_>, layout: &Layout, state: &CurrentState) {
    let path = &layout.current.path;
    let (severity, words) = match state {
        CurrentState::Directory => (Severity::Warning, "is a directory, not a link".to_owned()),
        CurrentState::Dangling(text) => (Severity::Critical, {
            let name = layout.release_of(text).unwrap_or_else(|| look.app().short(text));
            format!("leads to {}, which is gone", named(&name))
        }),
        _ => (Severity::Critical, "is missing".to_owned()),
    };
    let app = cut(&look.app().name, 16);
    let next = if severity == Severity::Critical {
        "link current to a release before anything is restarted"
    } else {
        "make current a link to a release; then deploy again"
    };
    let finding = look
        .finding(severity, format!("current {words}"))
        .at_path(path)
        .told(
            Line::new(format!("{app}: current {words}")),
            Line::new(format!("{} was seen so at two looks", look.app().short(path))),
            Line::new(next),
        )
        .seen(format!("{} {words}", shown(path)), &layout.current.state.place)
        .leads_to("Every restart and reload that goes through current fails or loads old code.");
    let finding = fix(look.app(), layout, state, finding);
    look.found(finding.for_good("switch by a new link and mv -T, which is one step"));
}

/// The release to link is the one that a living master runs, since that is known to work.
fn fix(app: &App, layout: &Layout, state: &CurrentState, finding: Finding) -> Finding {
    let running = app
        .living_masters()
        .filter_map(|master| master.release.get()?.as_deref())
        .filter_map(|name| layout.release(name))
        .last();
    let Some(release) = running else {
        return finding.fix("# choose a release, then link current to it");
    };
    let current = quote::of_app(app, &layout.current.path);
    let target = quote::quoted(&release.path);
    if *state == CurrentState::Directory {
        finding
            .fix(format!("mv -T {current} {current}.was-a-directory"))
            .fix(format!("ln -sT {target} {current}"))
    } else {
        finding.fix(format!("ln -s {target} {current}.new && mv -T {current}.new {current}"))
    }
}

fn nested(look: &mut Look<'_>, layout: &Layout, release: &str, link: &Path) {
    let app = look.app();
    let live = layout.current_release() == Some(release)
        || app
            .living_masters()
            .any(|m| m.release.get().is_some_and(|running| running.as_deref() == Some(release)));
    let severity = if live { Severity::Warning } else { Severity::Info };
    let finding = look
        .finding(severity, format!("{release} holds a link to another release"))
        .at_path(link)
        .told(
            Line::new(format!("{}: a switch of current went into", cut(&app.name, 16)))
                .keep(format!(" {release}")),
            Line::new(format!("{} is a link inside a release", app.short(link))),
            Line::new("remove that link, then switch current again"),
        )
        .seen(format!("{} is a link", shown(link)), layout.releases.place.clone())
        .leads_to("The deploy that made it switched nothing: its code is not live.")
        .fix(format!("[ -L {0} ] && rm {0}", quote::of_app(app, link)))
        .for_good("switch by a new link and mv -T, or by ln -sfn");
    look.found(finding);
}
