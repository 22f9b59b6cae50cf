//! `listener-in-release`: a listener's path belongs to one release.

use std::path::{Path, PathBuf};

use crate::contract::line::{Line, cut, named, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::{Fact, Lack, Place};
use crate::model::{Address, App, Layout, Listener, Master, Setting};
use crate::os::{Text, shown};

/// The card.
pub const RULE: Rule = Rule {
    name: "listener-in-release",
    needs: &[Need::Listeners],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A listener's path belongs to one release, and the next release has another one.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

A master listens on a Unix socket whose path leads through one release's own directory. Either that is a link to a
shared place, or the socket file really lies in the release.

## Why it matters

Unicorn knows the sockets that it inherits by the text of their path. The next release makes another text of the
same place, the new master binds it a second time, finds it in use, and ends after some tries. A socket that lies in
the release stays there: the next release has none at that path, and the clean-up deletes it.

## How farrier decides

It takes the path that each listener was bound to, and where its directory really is. If the text names a release
and the directory lies outside of it, and the next generation loads its configuration through `current` (a relative
`unix:` path, one made of the working directory), that is critical. A directory inside a release is a warning.

## When it stays silent

A path through `current` to a shared directory, and a relative path without `unix:`, stay the same text. So does one
whose configuration itself is given by the release's own path. What cannot be evaluated is not decided. Where
nothing shows that USR2 is used here it is only information.

## How to fix it

Name a shared path in the configuration: `listen \"/path/to/shared/sockets/unicorn.sock\"`. Where that is the very
place that is listened on now, one stop and start brings the change; a place of another name, USR2.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let Some(layout) = look.layout() else { return };
    for master in app.upgradable() {
        let Some(own) = look.of(master.process.pid, "listeners", &master.listens) else { continue };
        for listener in app.listeners.iter().filter(|listener| own.contains(&listener.inode)) {
            let (Address::Unix(path), Some(directory)) = (&listener.address, &listener.directory)
            else {
                continue;
            };
            let what = format!("where the directory of {} is", shown(path));
            let Some(directory) = look.at(what, directory) else { continue };
            let Some(directory) = directory else { continue };
            if let Some(release) = layout.release_of(directory) {
                within(look, layout, (master, listener), path, (&release, directory));
            } else if let Some(release) =
                layout.release_of(path).filter(|_| !listener.bound_relative)
                && changes(look, layout, master, path, &release) == Some(true)
            {
                named_by(look, layout, master, path, (&release, directory));
            }
        }
    }
}

/// Whether the next generation makes another text of the path; `None`, and noted, where that cannot be told.
fn changes(
    look: &mut Look<'_>,
    layout: &Layout,
    master: &Master,
    path: &Path,
    release: &str,
) -> Option<bool> {
    let pid = master.process.pid;
    let directory = look.of(pid, "restart directory", &master.restart.directory)?;
    let config = look.of(pid, "next configuration", &master.config)?;
    let given = look.of(pid, "restart configuration", &master.restart.config)?;
    let in_release = |path: &Path| layout.release_of(path).as_deref() == Some(release);
    // Both start from the release's own path again: what is made of them is the same.
    if in_release(&directory.path) || given.as_ref().is_some_and(|spot| in_release(&spot.path)) {
        return Some(false);
    }
    let real = look.at(format!("where {} leads", shown(&directory.path)), &directory.real)?;
    let words = crate::servers::server(master.kind)
        .map(|server| (server.options)(&master.arguments).listen)
        .unwrap_or_default();
    let plain = config.listen.iter().filter_map(Setting::value).chain(&words);
    let next: Vec<PathBuf> = plain.filter_map(|text| bound(text, real.as_deref())).collect();
    let leads = real.as_deref().and_then(|real| layout.release_of(real));
    if leads.as_deref() != Some(release) && next.iter().any(|next| next == path) {
        // Another release makes the very same text.
        return Some(false);
    }
    let rest = layout.below_release(path);
    if next.iter().any(|next| layout.below_release(next) == rest && !layout.through_current(next)) {
        return Some(true);
    }
    let mut unknown = config.listen.iter().filter_map(|listen| match listen {
        Setting::Unevaluable { line, text } => Some((*line, text)),
        _ => None,
    });
    if let Some((line, text)) = unknown.next() {
        let place = config.at(line);
        let lack = Lack::Unevaluable(format!("listen {text}"));
        look.of(pid, "next listeners", &Fact::<()>::lacking(place, lack));
        return None;
    }
    Some(false)
}

/// The path that `listen` with these words binds: Unicorn expands what follows `unix:` (`socket_helper.rb`).
fn bound(text: &Text, cwd: Option<&Path>) -> Option<PathBuf> {
    match text.bytes().strip_prefix(b"unix:") {
        Some(rest) => {
            let path = Text::new(rest).path().to_path_buf();
            if path.is_absolute() { Some(path) } else { Some(cwd?.join(path)) }
        }
        None => text.bytes().starts_with(b"/").then(|| text.path().to_path_buf()),
    }
}

fn calm(app: &App, severity: Severity) -> Severity {
    if app.uses_reexec() { severity } else { Severity::Info }
}

/// The text names a release, the place is shared.
fn named_by(
    look: &mut Look<'_>,
    layout: &Layout,
    master: &Master,
    path: &Path,
    (release, directory): (&str, &Path),
) {
    let (app, pid) = (look.app(), master.process.pid);
    let moved = layout.current_release().is_some_and(|current| current != release);
    let when = if moved { "the next USR2" } else { "USR2 after the next deploy" };
    let finding = look
        .finding(calm(app, Severity::Critical), format!("{when} finds its socket in use"))
        .about(pid)
        .at_path(path)
        .told(
            Line::new(format!("{}: {when} comes to nothing", cut(&app.name, 16))),
            Line::new(format!("the path of its socket names {}", named(release)))
                .aside(", the socket is shared"),
            Line::new("name the shared path in listen").aside(", then stop and start once"),
        )
        .seen(format!("{pid} listens on {}", shown(path)), &master.listens.place)
        .seen(
            format!("its directory is {}", shown(directory)),
            Place::path(path.parent().unwrap_or(path)),
        )
        .seen(
            "the next generation makes its path of the release that it starts in",
            &master.restart.directory.place,
        )
        .leads_to("The new master tries to bind what the old one holds, and ends: address in use.");
    finish(look, master, finding, path, (directory, "stop and start once"));
}

/// The socket itself lies in a release.
fn within(
    look: &mut Look<'_>,
    layout: &Layout,
    (master, listener): (&Master, &Listener),
    path: &Path,
    (release, directory): (&str, &Path),
) {
    let (app, pid) = (look.app(), master.process.pid);
    let shared =
        layout.shared.clone().unwrap_or_else(|| layout.root.join("shared")).join("sockets");
    let finding = look
        .finding(
            calm(app, Severity::Warning),
            format!("{} lies in {}", tail(&app.short(path), 24), named(release)),
        )
        .about(pid)
        .at_path(path)
        .told(
            Line::new(format!("{}: the socket lies in {}", cut(&app.name, 16), named(release))),
            Line::new("the next release has none at that path").aside("; the clean-up deletes it"),
            Line::new("let it listen in a shared directory").aside(": see the fix"),
        )
        .seen(format!("{pid} listens on {}", listener.address), &master.listens.place)
        .seen(
            format!("its directory is {}", shown(directory)),
            Place::path(path.parent().unwrap_or(path)),
        )
        .leads_to(
            "After the next deploy the proxy finds no socket, or that of the release before.",
        );
    finish(look, master, finding, path, (&shared, "upgrade"));
}

fn finish(
    look: &mut Look<'_>,
    master: &Master,
    mut finding: crate::contract::Finding,
    path: &Path,
    (shared, then): (&Path, &str),
) {
    let name = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    let file = master
        .config
        .get()
        .map_or_else(|| "the configuration".to_owned(), |c| look.app().short(&c.file.path));
    if let Some(config) = master.config.get() {
        for listen in &config.listen {
            if let Some(line) = listen.line() {
                finding = finding.seen("listen is set here", config.at(line));
            }
        }
    }
    let shared = shown(&shared.join(name));
    look.found(
        finding
            .fix(format!("# in {file}: listen \"{shared}\""))
            .fix(format!("# let the proxy use that path; then {then}"))
            .for_good(format!("listen \"{shared}\" in {file} of every release")),
    );
}
