//! What becomes of a variable at the next re-execution, in words.

use super::Entry;
use crate::facts::Place;
use crate::model::{Hook, Master};
use crate::os::shown;

/// The hook that leaves a value alone, as the process loaded it: its release, its file and its line.
pub(super) fn before_exec(master: &Master) -> String {
    let config = master.loaded.get();
    let lines = config.into_iter().flat_map(|config| {
        let sets = config.environment.iter().filter(|set| set.hook == Some(Hook::BeforeExec));
        let hooks = config.hooks.iter().filter(|hook| hook.hook == Hook::BeforeExec);
        sets.filter_map(|set| set.value.line()).chain(hooks.map(|hook| hook.line))
    });
    let name = config.and_then(|config| config.file.path.file_name());
    let release = master.release.get().and_then(Option::as_deref);
    let release = release.map(|name| format!("{name}, ")).unwrap_or_default();
    match (lines.min(), name) {
        (Some(line), Some(name)) => {
            format!("before_exec ({release}{}:{line}) leaves it alone", shown(name.as_ref()))
        }
        _ => "no before_exec sets it".into(),
    }
}

/// What becomes of a name at the next re-execution, and where that is written.
pub(super) fn passed_on(
    entry: &Entry<'_>,
    before_exec: Option<&str>,
    next: Option<&(String, bool)>,
) -> String {
    let file = |place: &Place| {
        let place = place.to_string();
        place.rsplit('/').next().unwrap_or(&place).to_owned()
    };
    match (next, entry.next, before_exec) {
        (Some((value, _)), Some((_, place)), _) => format!("next     {value}  ({})", file(place)),
        (_, _, Some(hook)) => format!("next     the same: {hook}"),
        _ => String::new(),
    }
}
