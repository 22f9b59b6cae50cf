//! The user's settings: thresholds, ignored rules, harmless names, keys, read-only. Each is a card in [`SETTINGS`].

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::model::Limits;

/// What the settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Thresholds that rules go by.
    pub limits: Limits,
    /// The colours of the inspector.
    pub theme: Theme,
    /// Rules that are not asked.
    pub ignore: Vec<String>,
    /// Names of the environment whose values may be shown, besides the harmless ones.
    pub show: Vec<String>,
    /// Keys of the inspector's actions in place of those of its table; the inspector knows which can be.
    pub keys: Vec<Keyed>,
    /// The inspector takes the mouse from the terminal.
    pub mouse: bool,
    /// Nothing can be sent.
    pub read_only: bool,
    /// A settings file did not answer: what it may forbid is not done.
    pub unread: bool,
    /// The zone in which times are shown: no file names it, but where farrier runs. `None`: UTC.
    pub zone: Option<jiff::tz::TimeZone>,
    /// A file that takes the audit lines besides the system's log.
    pub audit_file: Option<PathBuf>,
}

/// The colours of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the terminal says in COLORFGBG, else for a dark background.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light one.
    Light,
    /// Without colours.
    None,
}

/// The keys of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Its name.
    pub action: String,
    /// The keys, as they are written.
    pub keys: Vec<String>,
    /// The line that says so.
    pub line: usize,
}

/// One setting.
pub struct Setting {
    /// Its name in the file.
    pub name: &'static str,
    /// What it does, with its unit and its default.
    pub does: &'static str,
    /// Takes its value; else the form that a value has.
    take: fn(&toml::Value, &mut Settings) -> Option<()>,
    /// The form that a value has, in words.
    form: &'static str,
}

/// All settings.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "handover_grace",
        does: "seconds for which a handover is young and its own signs are normal (120)",
        form: "a number of seconds",
        take: |value, settings| {
            settings.limits.handover_grace = u64::try_from(value.as_integer()?).ok()?;
            Some(())
        },
    },
    Setting {
        name: "keep_releases",
        does: "how many releases a deploy keeps (5)",
        form: "a number of releases",
        take: |value, settings| {
            settings.limits.keep_releases = usize::try_from(value.as_integer()?).ok()?;
            Some(())
        },
    },
    Setting {
        name: "ignore",
        does: "rules that are not asked (none)",
        form: "a list of rules, [\"release-stale\"]",
        take: |value, settings| {
            settings.ignore = words(value)?;
            settings.ignore.iter().all(|name| crate::rules::rule(name).is_some()).then_some(())
        },
    },
    Setting {
        name: "theme",
        does: "colours of the inspector: auto (as COLORFGBG says, else dark), dark, light or none (auto)",
        form: "auto, dark, light or none, in quotes",
        take: |value, settings| {
            settings.theme = match value.as_str()? {
                "auto" => Theme::Auto,
                "dark" => Theme::Dark,
                "light" => Theme::Light,
                "none" => Theme::None,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "keys",
        does: "keys of the inspector by the name of their action, as a table: see below (those of keys.md)",
        form: "a table of actions, each with a list of keys: pause = [\"p\", \"F5\"]",
        take: |value, settings| {
            for (action, keys) in value.as_table()? {
                settings.keys.retain(|keyed| keyed.action != *action);
                let keyed = Keyed { action: action.clone(), keys: words(keys)?, line: 0 };
                settings.keys.push(keyed);
            }
            Some(())
        },
    },
    Setting {
        name: "mouse",
        does: "the inspector takes the mouse: wheel, rows, tabs and heads of columns (false)",
        form: "true or false",
        take: |value, settings| {
            settings.mouse = value.as_bool()?;
            Some(())
        },
    },
    Setting {
        name: "show",
        does: "names of environment variables whose values may be shown besides the harmless ones (none)",
        form: "a list of names, [\"FEATURE_FLAGS\"]",
        take: |value, settings| {
            settings.show = words(value)?;
            Some(())
        },
    },
    Setting {
        name: "read_only",
        does: "nothing can be sent, by any command (false)",
        form: "true or false",
        take: |value, settings| {
            settings.read_only = value.as_bool()?;
            Some(())
        },
    },
    Setting {
        name: "audit_file",
        does: "a file that takes each audit line besides syslog or the journal, by its absolute path (none)",
        form: "an absolute path, \"/var/log/farrier-audit.log\"",
        take: |value, settings| {
            let path = PathBuf::from(value.as_str()?);
            settings.audit_file = Some(path).filter(|path| path.is_absolute());
            settings.audit_file.is_some().then_some(())
        },
    },
];

fn words(value: &toml::Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

/// Why a settings file is refused: the line, and what is in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {words}")]
pub struct Refused {
    /// The line, from 1.
    pub line: usize,
    /// Subject first.
    pub words: String,
}

/// Thresholds as a settings file has them: a recording keeps those that were in force.
pub fn thresholds(limits: &Limits, audit: Option<&Path>) -> String {
    let Limits { handover_grace, keep_releases } = limits;
    let audit = audit.and_then(Path::to_str).map_or_else(String::new, |file| {
        format!("audit_file = {}\n", toml::Value::String(file.to_owned()))
    });
    format!("handover_grace = {handover_grace}\nkeep_releases = {keep_releases}\n{audit}")
}

impl Settings {
    /// Takes a file's text over what is already set, key by key.
    pub fn read(&mut self, text: &str) -> Result<(), Refused> {
        let wrong = |error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            Refused { line: line_of(text, at), words: error.message().to_owned() }
        };
        let table: toml::Table = text.parse().map_err(wrong)?;
        let places = DeTable::parse(text).map_err(wrong)?.into_inner();
        for (name, value) in &table {
            let refused =
                |words| Refused { line: line_of(text, place(&places, name).unwrap_or(0)), words };
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                let name = crate::os::text::escaped(name.as_bytes());
                let nearest = nearest(&name, SETTINGS.iter().map(|setting| setting.name));
                return Err(refused(format!(
                    "there is no setting {name}; {nearest} is the nearest. Nothing was started"
                )));
            };
            if (setting.take)(value, self).is_none() {
                let Setting { name, form, .. } = setting;
                return Err(refused(format!("{name} takes {form}. Nothing was started")));
            }
        }
        let actions = places.iter().find(|(name, _)| name.get_ref() == "keys");
        if let Some(DeValue::Table(actions)) = actions.map(|(_, table)| table.get_ref()) {
            for keyed in &mut self.keys {
                if let Some(at) = place(actions, &keyed.action) {
                    keyed.line = line_of(text, at);
                }
            }
        }
        Ok(())
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where a name of a table stands.
fn place(table: &DeTable<'_>, name: &str) -> Option<usize> {
    let found = table.iter().find(|(other, _)| other.get_ref() == name);
    found.map(|(name, _)| name.span().start)
}

/// The name that takes the fewest changes of letters.
pub fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> &'static str {
    known.min_by_key(|known| changes(name, known)).unwrap_or_default()
}

/// The least number of letters put in, left out or replaced (Levenshtein).
fn changes(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (at, c) in a.chars().enumerate() {
        let mut next = vec![at + 1];
        for (i, d) in b.chars().enumerate() {
            let (above, diagonal) = (row.get(i + 1).copied(), row.get(i).copied());
            let put_in = next.last().copied().unwrap_or(0) + 1;
            let left_out = above.unwrap_or(0) + 1;
            let replaced = diagonal.unwrap_or(0) + usize::from(c != d);
            next.push(put_in.min(left_out).min(replaced));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_taken() {
        let mut settings = Settings::default();
        let text = "handover_grace = 60\nkeep_releases = 3\nignore = []\nshow = ['A']\nread_only = true\n\
             audit_file = '/var/log/a'\n";
        settings.read(text).unwrap();
        assert_eq!(settings.audit_file, Some("/var/log/a".into()));
        assert_eq!(settings.limits, Limits { handover_grace: 60, keep_releases: 3 });
        assert_eq!((settings.show.as_slice(), settings.read_only), (&["A".to_owned()][..], true));
    }

    #[test]
    fn a_theme_is_one_of_four() {
        let mut settings = Settings::default();
        settings.read("theme = 'light'").unwrap();
        assert_eq!(settings.theme, Theme::Light);
        assert!(settings.read("theme = 'blue'").is_err());
    }

    #[test]
    fn keys_come_with_their_lines_and_the_second_file_wins_action_by_action() {
        let mut settings = Settings::default();
        settings.read("[keys]\npause = ['P']\n\nmark = []\n").unwrap();
        settings.read("mouse = true\n[keys]\npause = ['Space', 'p']\n").unwrap();
        let keyed = |action: &str, keys: &[&str], line| Keyed {
            action: action.into(),
            keys: keys.iter().map(ToString::to_string).collect(),
            line,
        };
        assert_eq!(settings.keys, [keyed("mark", &[], 4), keyed("pause", &["Space", "p"], 3)]);
        assert!(settings.mouse);
        assert!(settings.read("keys = ['p']").is_err());
        assert!(settings.read("[keys]\npause = 'p'").is_err());
    }

    #[test]
    fn thresholds_are_read_back() {
        let limits = Limits { handover_grace: 61, keep_releases: 4 };
        let mut settings = Settings::default();
        let file = Path::new("/var/log/'an audit'.log");
        settings.read(&thresholds(&limits, Some(file))).unwrap();
        assert_eq!((settings.limits, settings.audit_file.as_deref()), (limits, Some(file)));
    }

    #[test]
    fn the_second_file_wins_key_by_key() {
        let mut settings = Settings::default();
        settings.read("keep_releases = 3\nread_only = true").unwrap();
        settings.read("keep_releases = 4").unwrap();
        assert_eq!((settings.limits.keep_releases, settings.read_only), (4, true));
    }

    #[test]
    fn an_unknown_name_is_told_with_its_line_and_the_nearest() {
        let refused = Settings::default().read("\nread_only = true\nkeep_release = 3\n");
        assert_eq!(
            refused.unwrap_err().to_string(),
            "3: there is no setting keep_release; keep_releases is the nearest. Nothing was started"
        );
        assert_eq!(Settings::default().read("a = \n").unwrap_err().line, 1);
        assert!(Settings::default().read("read_only = 1").is_err());
        assert!(Settings::default().read("audit_file = 'log'").is_err());
        assert!(Settings::default().read("ignore = ['no-such-rule']").is_err());
    }
}
