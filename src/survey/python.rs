//! The version of a package that runs by Python, from the metadata that lies beside it.

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::deploy::python::{language, packages_of, released};
use crate::model::{Process, Restart};
use crate::os::Text;
use crate::servers::python::command::{base, is_python};

/// The version of a package, where one is installed in the first place that has it. What was installed after the process
/// was started is not what it runs.
pub fn version(
    once: &Once<'_>,
    process: &Process,
    restart: &Restart,
    package: &str,
) -> Option<String> {
    let found = places(process, restart).into_iter().find_map(|place| {
        let names = once.list(process.root, &place).value.ok().flatten()?;
        let mut all = names.iter().filter_map(|name| {
            let name = name.utf8()?;
            Some((place.join(name), released(name, package)?))
        });
        let first = all.next()?;
        Some((first, all.next().is_some()))
    });
    let ((path, version), several) = found?;
    let installed = once.stat(process.root, &path).value.ok().flatten()?.mtime;
    let started = process.started_at.get()?.as_nanosecond();
    (!several && i128::from(installed) <= started).then_some(version)
}

/// Where it looks for packages: the virtual environment's first, then what it has mapped, then Debian's.
fn places(process: &Process, restart: &Restart) -> Vec<PathBuf> {
    let maps = process.maps.get().map_or(&[][..], |maps| maps);
    let interpreter = restart.interpreter.get().and_then(Option::as_ref);
    let interpreter = interpreter.or_else(|| {
        let program = restart.program.get()?;
        is_python(base(&Text::from(program.path.as_path()))).then_some(program)
    });
    let language = language(maps);
    let mut all = Vec::new();
    if let (Some(language), Some(prefix)) =
        (&language, interpreter.and_then(|spot| spot.path.parent()?.parent()))
    {
        all.push(prefix.join("lib").join(language).join("site-packages"));
    }
    all.extend(packages_of(maps));
    if let Some(language) = language {
        all.push(Path::new("/usr/local/lib").join(language).join("dist-packages"));
    }
    all.push("/usr/lib/python3/dist-packages".into());
    all
}
