//! Whether an app lies at a path of farrier's own world. One in a container, or below another root directory, may have the
//! same path and other files: it is no reason to pass over what lies here, nor the other way round.

use std::path::Path;

use super::once::Once;
use crate::model::App;
use crate::os::{FileStat, Root};

/// Whether an app's root is this directory. What is not seen of either is taken by its path.
pub fn is_at(once: &Once<'_>, app: &App, root: &Path) -> bool {
    if app.host_path.as_deref() == Some(root) {
        return true;
    }
    let at = app.processes().next().map_or(Root::Own, |process| process.root);
    if app.container.is_some() {
        let theirs = once.stat(at, &app.root).value;
        let here = once.stat(Root::Own, root).value;
        return match (theirs.ok().flatten(), here.ok()) {
            (Some(theirs), Some(here)) => here.is_some_and(|here| is_one(&theirs, &here)),
            _ => app.root == root,
        };
    }
    let real = |path: &Path| once.real(Root::Own, path).value.ok().flatten();
    let also = || match app.layout.get() {
        Some(Some(layout)) => layout.also.iter().any(|also| also == root),
        _ => false,
    };
    app.root == root || also() || real(root).is_some_and(|led| real(&app.root) == Some(led))
}

/// Whether a path is one of an app's pidfiles that lead home.
pub fn has_pidfile(once: &Once<'_>, app: &App, path: &Path) -> bool {
    let led = || once.real(Root::Own, path).value.ok().flatten();
    let here = || once.stat(Root::Own, path).value.ok();
    app.pidfiles.iter().filter(|file| file.leads_home(app)).any(|file| {
        if app.container.is_none() {
            let real = file.real.get().and_then(Option::as_ref);
            return file.path == path || real.is_some_and(|real| led().as_ref() == Some(real));
        }
        match (file.stat.get().and_then(Option::as_ref), here()) {
            (Some(theirs), Some(here)) => here.is_some_and(|here| is_one(theirs, &here)),
            _ => file.path == path,
        }
    })
}

fn is_one(one: &FileStat, other: &FileStat) -> bool {
    (one.device, one.inode) == (other.device, other.inode)
}
