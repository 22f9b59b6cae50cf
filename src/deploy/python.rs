//! Python: which version a process runs, and which version of a package lies in a directory, from names alone.

use std::path::PathBuf;

use crate::facts::maps::Mapped;

/// The name of the interpreter's own directory, `python3.11`, from what it has mapped.
pub fn language(maps: &[Mapped]) -> Option<String> {
    maps.iter().find_map(|mapped| {
        mapped.path.components().find_map(|part| {
            let name = part.as_os_str().to_str()?;
            let name = name.strip_prefix("lib").unwrap_or(name);
            let name = name.split_once(".so").map_or(name, |(name, _)| name);
            let number = name.strip_prefix("python")?;
            is_version(number).then(|| format!("python{number}"))
        })
    })
}

/// The directories of packages of which it has something mapped.
pub fn packages_of(maps: &[Mapped]) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for mapped in maps {
        let directory = mapped.path.ancestors().find(|above| {
            above.file_name().is_some_and(|name| name == "site-packages" || name == "dist-packages")
        });
        if let Some(directory) = directory.filter(|one| !all.iter().any(|kept| kept == *one)) {
            all.push(directory.to_path_buf());
        }
    }
    all
}

/// The version in the name of a package's metadata: `gunicorn-23.0.0.dist-info`, `gunicorn-20.1.0.egg-info`,
/// `gunicorn-20.1.0-py3.11.egg-info`.
pub fn released(name: &str, package: &str) -> Option<String> {
    let rest = name.strip_prefix(package)?.strip_prefix('-')?;
    let rest = rest.strip_suffix(".dist-info").or_else(|| rest.strip_suffix(".egg-info"))?;
    let number = rest.split_once('-').map_or(rest, |(number, _python)| number);
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| number.to_owned())
}

fn is_version(number: &str) -> bool {
    number.contains('.') && number.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::maps::parse;
    use crate::os::Text;

    #[test]
    fn names_tell_versions() {
        assert_eq!(released("gunicorn-23.0.0.dist-info", "gunicorn").as_deref(), Some("23.0.0"));
        let egg = released("gunicorn-20.1.0-py3.11.egg-info", "gunicorn");
        assert_eq!(egg.as_deref(), Some("20.1.0"));
        assert_eq!(released("gunicorn", "gunicorn"), None);
        assert_eq!(released("gunicorn-color-0.1.0.dist-info", "gunicorn"), None);
    }

    #[test]
    fn maps_tell_the_language_and_its_packages() {
        let text = "7f0000000000-7f0000001000 r-xp 00000000 08:01 7 /usr/bin/python3.11\n\
             7f0000002000-7f0000003000 r-xp 00000000 08:01 8 /srv/v/lib/python3.11/site-packages/setproctitle/_s.so\n";
        let maps = parse(&Text::from(text)).unwrap();
        assert_eq!(language(&maps).as_deref(), Some("python3.11"));
        assert_eq!(packages_of(&maps), [PathBuf::from("/srv/v/lib/python3.11/site-packages")]);
    }
}
