//! supervisord: it tells what became of a program over its socket alone, which farrier does not ask. Its configuration
//! says which programs there are, and its log what it did last.

use std::path::{Path, PathBuf};

use super::super::once::Once;
use super::super::read::Setting;
use super::{BOUND, MOST, Program, Standing, is_its, programs};
use crate::facts::{Lack, Place};
use crate::model::App;
use crate::os::{Ask, Found, PathAsk, Root, Text, shown};

/// Where it looks when it is given none (`supervisord -c`, `options.py`).
const DEFAULT: &[&str] = &["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
/// So much of its log's end is read.
const LOG: u32 = 64 << 10;

/// What a file says: its sections, in order, with their keys.
type Sections = Vec<(String, Vec<(String, String)>)>;

pub(super) fn say(setting: &Setting<'_>, app: &App) -> Vec<Standing> {
    let once = setting.once;
    let mut all = Vec::new();
    for program in programs(setting) {
        // Python runs it as a script.
        let Some(at) = (0..3).find(|at| program.name(*at) == "supervisord") else { continue };
        let Some(file) = file_of(once, &program, at) else { continue };
        match of(once, &program, &file, app) {
            Ok(said) => all.extend(said),
            Err((place, lack)) => all.push(Standing::Unseen(place, lack)),
        }
    }
    all
}

/// The configuration that it was given, or that it finds.
fn file_of(once: &Once<'_>, program: &Program, at: usize) -> Option<PathBuf> {
    let words = program.words.get(at + 1..)?;
    let mut given = None;
    for (nth, word) in words.iter().enumerate() {
        let text = word.to_str().unwrap_or_default();
        if text == "-c" || text == "--configuration" {
            given = words.get(nth + 1).cloned();
        } else if let Some(rest) = text
            .strip_prefix("--configuration=")
            .or_else(|| text.strip_prefix("-c").filter(|rest| !rest.is_empty()))
        {
            given = Some(PathBuf::from(rest));
        }
    }
    match given {
        Some(path) if path.is_absolute() => Some(path),
        Some(path) => Some(program.cwd(once)?.join(path)),
        None => DEFAULT
            .iter()
            .map(PathBuf::from)
            .find(|path| matches!(once.stat(Root::Own, path).get(), Some(Some(_)))),
    }
}

fn of(
    once: &Once<'_>,
    program: &Program,
    file: &Path,
    app: &App,
) -> Result<Vec<Standing>, (Place, Lack)> {
    let Some(main) = read(once, file)? else { return Ok(Vec::new()) };
    let main = sections(&main);
    let mut files = vec![(file.to_path_buf(), main.clone())];
    let included = value(&main, "include", "files").unwrap_or_default();
    for pattern in included.split_whitespace() {
        for path in matching(once, &file.parent().unwrap_or(Path::new("/")).join(pattern))? {
            if let Some(text) = read(once, &path)? {
                files.push((path, sections(&text)));
            }
        }
    }
    let mut all = Vec::new();
    let mut log = None;
    for (path, file) in &files {
        for (section, keys) in file {
            let Some(name) = section.strip_prefix("program:") else { continue };
            if !is_its(&written(keys), app) {
                continue;
            }
            let log = log.get_or_insert_with(|| log_of(once, program, &main));
            all.push(standing(once, name, path, keys, log.as_deref()));
        }
    }
    Ok(all)
}

fn standing(
    once: &Once<'_>,
    name: &str,
    file: &Path,
    keys: &[(String, String)],
    log: Option<&Path>,
) -> Standing {
    let starts = format!("supervisorctl start {name}");
    let by_itself = !keys.iter().any(|(key, value)| key == "autostart" && is_false(value));
    let end = log.map(|log| (log, once.one(&Ask::path(Root::Own, log, PathAsk::Tail(LOG)))));
    let said = match &end {
        Some((_, Ok(Found::File(Some(text))))) => last(text, name),
        _ => None,
    };
    match (said, log) {
        (Some(Said::Up), _) => Standing::Up(format!("supervisord, {name}")),
        (Some(Said::Between), _) => Standing::Starting,
        (Some(Said::Stopped), _) => Standing::Stopped(format!("supervisord stopped {name}")),
        (Some(Said::GaveUp), Some(log)) => Standing::Failed {
            how: format!("supervisord gave up on {name}"),
            place: Place::path(log),
            starts,
        },
        (None, _) if !by_itself => Standing::Stopped(format!("{name} has autostart=false")),
        _ => Standing::Untold {
            what: format!("whether supervisord has {name} stopped"),
            place: Place::path(log.unwrap_or(file)),
            why: Lack::Settled {
                what: "what supervisord alone knows".into(),
                by: format!("by supervisorctl status {name}; then {starts}, or autostart=false"),
            },
            starts,
        },
    }
}

/// What its log says of a program last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Up,
    Between,
    Stopped,
    GaveUp,
}

/// The last line about a program since this supervisord began (`process.py`). One that ended as expected is not started
/// again: whether that was meant is not told.
fn last(log: &Text, name: &str) -> Option<Said> {
    let text = String::from_utf8_lossy(log.bytes());
    let mut said = None;
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        let Some(message) = words.nth(3) else { continue };
        if message.starts_with("supervisord started with pid") {
            said = None;
        }
        let about = |start: &str, next: &str| {
            let rest = message.strip_prefix(start).and_then(|rest| rest.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with(next))
        };
        if about("spawned: '", "' ") || about("success: ", " entered RUNNING") {
            said = Some(Said::Up);
        } else if about("stopped: ", " (") || about("waiting for ", " to stop") {
            said = Some(Said::Stopped);
        } else if about("gave up: ", " entered FATAL") {
            said = Some(Said::GaveUp);
        } else if about("exited: ", " (") {
            said = line.ends_with("; not expected)").then_some(Said::Between);
        }
    }
    said
}

/// Where its own log is; without a setting it lies where it was started, or below the temporary directory.
fn log_of(once: &Once<'_>, program: &Program, main: &Sections) -> Option<PathBuf> {
    let named = value(main, "supervisord", "logfile").unwrap_or("supervisord.log");
    if named.contains('%') {
        return None;
    }
    let path = Path::new(named);
    if path.is_absolute() { Some(path.to_path_buf()) } else { Some(program.cwd(once)?.join(path)) }
}

fn read(once: &Once<'_>, file: &Path) -> Result<Option<Text>, (Place, Lack)> {
    once.file(Root::Own, file, BOUND).value.map_err(|lack| (Place::path(file), lack))
}

/// The files that a pattern of `include` names; only its last part may hold a `*`.
fn matching(once: &Once<'_>, pattern: &Path) -> Result<Vec<PathBuf>, (Place, Lack)> {
    let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((before, after)) = name.split_once('*') else {
        return Ok(vec![pattern.to_path_buf()]);
    };
    let directory = pattern.parent().unwrap_or(Path::new("/"));
    if after.contains(['*', '?', '[']) || shown(directory).contains(['*', '?', '[']) {
        return Err((Place::path(pattern), Lack::Unevaluable("its pattern".into())));
    }
    let listed = once.list(Root::Own, directory).value;
    let listed = listed.map_err(|lack| (Place::path(directory), lack))?.unwrap_or_default();
    let fits = |name: &&Text| {
        let name = name.bytes();
        name.len() >= before.len() + after.len()
            && name.starts_with(before.as_bytes())
            && name.ends_with(after.as_bytes())
            && !name.starts_with(b".")
    };
    Ok(listed.iter().filter(fits).take(MOST).map(|name| directory.join(name.path())).collect())
}

/// An INI file as Python's `configparser` reads it: a line that is indented goes on with the value before it.
fn sections(text: &Text) -> Sections {
    let text = String::from_utf8_lossy(text.bytes());
    let mut all: Sections = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            all.push((name.trim().to_owned(), Vec::new()));
            continue;
        }
        let Some((_, keys)) = all.last_mut() else { continue };
        // A comment after a value stands behind a blank and a semicolon.
        let plain = trimmed.split(" ;").next().unwrap_or_default().trim_end();
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = keys.last_mut()
        {
            value.push(' ');
            value.push_str(plain);
        } else if let Some((key, value)) = plain.split_once(['=', ':']) {
            keys.push((key.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    all
}

fn value<'a>(all: &'a Sections, section: &str, key: &str) -> Option<&'a str> {
    let (_, keys) = all.iter().find(|(name, _)| name == section)?;
    keys.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn written(keys: &[(String, String)]) -> Text {
    let lines: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Text::from(lines.join("\n").as_str())
}

/// As `datatypes.py`, `boolean`.
fn is_false(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "false" | "no" | "off" | "n" | "f" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As supervisor 4.2.5 wrote it.
    const LOG: &str = "\
2026-12-01 03:33:33,285 INFO supervisord started with pid 13204
2026-12-01 03:33:34,310 INFO spawned: 'shop' with pid 13273
2026-12-01 03:33:35,326 INFO success: shop entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
2026-12-01 03:33:38,428 WARN exited: bad (exit status 1; not expected)
2026-12-01 03:33:38,901 INFO gave up: bad entered FATAL state, too many start retries too quickly
2026-12-01 03:33:38,929 INFO waiting for shop to stop
2026-12-01 03:33:38,930 WARN stopped: shop (terminated by SIGTERM)
2026-12-01 03:33:39,815 INFO spawned: 'no' with pid 13426
2026-12-01 03:33:40,000 INFO exited: once (exit status 0; expected)
";

    #[test]
    fn the_last_line_of_a_program_counts() {
        let of = |name| last(&Text::from(LOG), name);
        assert_eq!(of("shop"), Some(Said::Stopped));
        assert_eq!(of("bad"), Some(Said::GaveUp));
        assert_eq!(of("no"), Some(Said::Up));
        assert_eq!((of("once"), of("sho"), of("ba")), (None, None, None));
        let again = format!("{LOG}2026-12-01 04:00:00,000 INFO supervisord started with pid 9\n");
        assert_eq!(last(&Text::from(again.as_str()), "shop"), None);
    }

    #[test]
    fn a_configuration_is_read_as_python_reads_it() {
        let text = "[supervisord]\nlogfile = /a.log ; where\n[program:shop]\ncommand=unicorn\n  -c a.rb\n\
                    ;autostart=false\n[include]\nfiles=/etc/supervisor/conf.d/*.conf\n";
        let all = sections(&Text::from(text));
        assert_eq!(value(&all, "supervisord", "logfile"), Some("/a.log"));
        assert_eq!(value(&all, "program:shop", "command"), Some("unicorn -c a.rb"));
        assert_eq!(value(&all, "program:shop", "autostart"), None);
        assert!(is_false("False") && !is_false("true"));
    }
}
