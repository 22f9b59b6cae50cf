//! Words as a shell takes them: what a fix or a refusal shows can be pasted as it stands.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::model::{App, Process};
use crate::os::{Root, Text, text::escaped};

/// A path as one word of a shell. Bytes that may not be shown raw are written in `$'…'`.
pub fn quoted(path: &Path) -> String {
    let text = Text::from(path);
    let bytes = text.bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(b);
    match text.utf8() {
        Some(word) if !bytes.is_empty() && bytes.iter().all(plain) => word.to_owned(),
        Some(word) if escaped(bytes) == word && !word.contains('\'') => format!("'{word}'"),
        _ => {
            let coded = bytes.iter().map(|b| match b {
                b'\'' | b'\\' => format!("\\x{b:02x}"),
                b' '..=b'~' => char::from(*b).to_string(),
                _ => format!("\\x{b:02x}"),
            });
            format!("$'{}'", coded.collect::<String>())
        }
    }
}

/// Any word as one word of a shell.
pub fn word(word: impl Display) -> String {
    quoted(Path::new(&word.to_string()))
}

/// A systemd unit as `systemctl` takes it, quoted: a service without its ending.
pub fn unit(name: impl Display) -> String {
    let word = word(name);
    word.strip_suffix(".service").unwrap_or(&word).to_owned()
}

/// A command of farrier about one thing: an app's id or name, a pid. The only way to write one with a word that came
/// from outside.
pub fn farrier(command: &str, about: impl Display) -> String {
    let word = word(about);
    // Else it would be taken for an option.
    let end = if word.trim_start_matches(['\'', '$']).starts_with('-') { "-- " } else { "" };
    format!("farrier {command} {end}{word}")
}

/// A path of a process as farrier's own root has it, quoted: through `/proc/PID/root` where the process has
/// another root.
pub fn seen_by(process: &Process, path: &Path) -> String {
    match process.root {
        Root::Own => quoted(path),
        Root::Of(pid) => quoted(&rooted(pid, path)),
    }
}

/// The same for a path of an app, through its newest living master.
pub fn of_app(app: &App, path: &Path) -> String {
    match app.living_masters().last() {
        Some(master) => seen_by(&master.process, path),
        None => quoted(path),
    }
}

fn rooted(pid: crate::os::Pid, path: &Path) -> PathBuf {
    Path::new(&format!("/proc/{pid}/root")).join(path.strip_prefix("/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::{farrier, quoted};
    use std::path::Path;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted(Path::new("/var/www/shop/current")), "/var/www/shop/current");
        assert_eq!(quoted(Path::new("/srv/my app/$x")), "'/srv/my app/$x'");
        assert_eq!(quoted(Path::new("/srv/it's")), "$'/srv/it\\x27s'");
        assert_eq!(quoted(Path::new("/srv/a\nb")), "$'/srv/a\\x0ab'");
        assert_eq!(quoted(Path::new("/srv/a\\b;")), "$'/srv/a\\x5cb;'");
        assert_eq!(quoted(Path::new("")), "''");
    }

    #[test]
    fn a_command_of_farrier_is_one_line_for_a_shell() {
        assert_eq!(farrier("plan stop", "/srv/shop"), "farrier plan stop /srv/shop");
        assert_eq!(farrier("watch", "/srv/a;touch b"), "farrier watch '/srv/a;touch b'");
        assert_eq!(farrier("watch", "-x"), "farrier watch -- -x");
        assert_eq!(farrier("watch", "- x"), "farrier watch -- '- x'");
        assert_eq!(farrier("signal TTIN", 7), "farrier signal TTIN 7");
    }
}
