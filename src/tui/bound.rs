//! The keys as they are bound on this screen: the table, with what the settings put in its place.

use crossterm::event::KeyCode;

use super::keys::{Action, BINDINGS, Binding, Key, Reach, Scope};
use crate::model::Operation;
use crate::os::text::escaped;
use crate::settings::{Keyed, Refused, nearest};

/// The bindings that are in force.
#[derive(Clone, Debug)]
pub struct Keys(Vec<(&'static Binding, Vec<Key>)>);

impl Default for Keys {
    fn default() -> Self {
        Self(BINDINGS.iter().map(|binding| (binding, binding.keys.to_vec())).collect())
    }
}

impl Keys {
    /// The table with what the settings say over it. What cannot stand is refused, with its line.
    pub fn of_settings(wished: &[Keyed]) -> Result<Self, Refused> {
        let mut keys = Self::default();
        for wish in wished {
            let refused = |words: String| Refused {
                line: wish.line,
                words: format!("{words}. Nothing was started"),
            };
            let binding = named(&wish.action).map_err(refused)?;
            let read: Result<Vec<Key>, String> =
                wish.keys.iter().map(|word| key(word, binding)).collect();
            let read = read.map_err(refused)?;
            stays(binding, &read).map_err(refused)?;
            if let Some((_, bound)) =
                keys.0.iter_mut().find(|(other, _)| other.action == binding.action)
            {
                *bound = read;
            }
        }
        // Only what is settled can be compared: an entry may take the key that a later one lets go.
        for wish in wished.iter().rev() {
            if let Some((binding, key, other)) = keys.twice(&wish.action) {
                let words = if other.name == binding.name {
                    format!("{} has {key} twice. Nothing was started", binding.name)
                } else {
                    format!(
                        "{key} is bound to {} and to {}; one of them needs another key. Nothing was started",
                        other.name, binding.name
                    )
                };
                return Err(Refused { line: wish.line, words });
            }
        }
        Ok(keys)
    }

    /// A key of this action that another action has where both are looked up.
    fn twice(&self, action: &str) -> Option<(&'static Binding, Key, &'static Binding)> {
        let (binding, keys) = self.0.iter().find(|(binding, _)| binding.name == action)?;
        let meets = |other: &Binding| {
            let views = |scope| !matches!(scope, Scope::Dialog | Scope::Line);
            other.scope == binding.scope
                || (other.scope == Scope::All && views(binding.scope))
                || (binding.scope == Scope::All && views(other.scope))
        };
        let mut seen = Vec::new();
        for key in keys {
            let other = self.0.iter().find(|(other, bound)| {
                other.action != binding.action && meets(other) && bound.contains(key)
            });
            if let Some((other, _)) = other {
                return Some((binding, *key, other));
            }
            if seen.contains(key) {
                return Some((binding, *key, binding));
            }
            seen.push(*key);
        }
        None
    }

    /// The binding of a key in a scope: the scope's own, then, from a view, those of every view.
    pub fn find(&self, key: Key, scope: Scope) -> Option<&'static Binding> {
        let in_view = !matches!(scope, Scope::Dialog | Scope::Line);
        let matches = |wanted: Scope| {
            let found = self.0.iter().find(|(b, keys)| b.scope == wanted && keys.contains(&key));
            found.map(|(binding, _)| *binding)
        };
        matches(scope).or_else(|| if in_view { matches(Scope::All) } else { None })
    }

    /// The keys of an action.
    pub fn of(&self, action: Action) -> &[Key] {
        let found = self.0.iter().find(|(binding, _)| binding.action == action);
        found.map_or(&[], |(_, keys)| keys)
    }

    /// How an action is reached, as it is shown: its first key, else its name in the palette.
    pub fn shown(&self, action: Action) -> String {
        match self.of(action).first() {
            Some(key) => key.to_string(),
            None => super::keys::of(action).map_or_else(String::new, |b| format!(":{}", b.name)),
        }
    }

    /// Words in which `{act}` stands for the key of that action.
    pub fn words(&self, text: &str) -> String {
        let mut said = String::new();
        let mut parts = text.split('{');
        said += parts.next().unwrap_or_default();
        for part in parts {
            let named = part.split_once('}').and_then(|(name, rest)| {
                Some((BINDINGS.iter().find(|binding| binding.name == name)?, rest))
            });
            match named {
                Some((binding, rest)) => said.extend([&*self.shown(binding.action), rest]),
                None => said.extend(["{", part]),
            }
        }
        said
    }

    /// All keys of an action, as they are shown.
    pub fn all_shown(&self, action: Action) -> String {
        match self.of(action) {
            [] => self.shown(action),
            keys => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        }
    }
}

/// The binding that a name of the settings means.
fn named(action: &str) -> Result<&'static Binding, String> {
    if let Some(binding) = BINDINGS.iter().find(|binding| binding.name == action) {
        return Ok(binding);
    }
    let shown = escaped(action.as_bytes());
    if Operation::ALL.iter().any(|operation| operation.name() == action) {
        return Err(format!("{shown} is an operation, and none has a key: act opens their menu"));
    }
    let nearest = nearest(action, BINDINGS.iter().map(|binding| binding.name));
    Err(format!("there is no action {shown}; {nearest} is the nearest"))
}

/// The key that a word of the settings means for an action.
fn key(word: &str, binding: &Binding) -> Result<Key, String> {
    let shown = if word.is_empty() { "\"\"".into() } else { escaped(word.as_bytes()) };
    let lower = word.to_ascii_lowercase();
    if ["alt-", "meta-", "shift-up", "shift-down", "shift-left", "shift-right"]
        .iter()
        .any(|held| lower.starts_with(held))
    {
        return Err(format!("{shown} is never bound: terminals take it or send it torn apart"));
    }
    let key: Key = word.parse().map_err(|()| {
        format!("{shown} is no key; a key is a character, Ctrl-D, F5 or a name: Space, PgDn, Up")
    })?;
    if let Some(why) = taken(key) {
        return Err(format!("{key} is never bound: {why}"));
    }
    if key.ctrl && key.code == KeyCode::Char('c') && !leaves(binding.action) {
        return Err("Ctrl-C is never bound to anything else: it leaves".into());
    }
    let movement = match key.code {
        KeyCode::Char(letter) => !key.ctrl && "hjkl ".contains(letter),
        KeyCode::F(_) => false,
        _ => true,
    };
    if binding.reach == Reach::Changes && movement {
        return Err(format!(
            "{key} is never bound to {}: what moves leads to no operation",
            binding.name
        ));
    }
    Ok(key)
}

fn leaves(action: Action) -> bool {
    matches!(action, Action::Quit | Action::Cancel | Action::Abandon)
}

/// What stands between the fingers and farrier and takes a key for itself.
pub fn taken(key: Key) -> Option<&'static str> {
    let KeyCode::Char(letter) = key.code else {
        let is = matches!(key.code, KeyCode::F(1 | 10 | 11));
        return is.then_some("terminals and desktops take it");
    };
    if !key.ctrl {
        return match letter {
            '~' => Some("ssh takes it at the start of a line"),
            'A'..='F' | 'H' | 'I' | 'M' | 'O'..='S' | 'Z' | '[' | ';' => {
                Some("it ends the sequence of an arrow key, which a slow line may tear apart")
            }
            _ => None,
        };
    }
    Some(match letter {
        'b' => "tmux takes it",
        'a' => "screen takes it",
        's' | 'q' => "the line's flow control takes it",
        '\\' => "the terminal makes QUIT of it",
        '^' => "mosh takes it",
        ']' => "telnet and consoles take it",
        'h' => "it is Backspace to a terminal",
        'i' => "it is Tab to a terminal",
        'j' | 'm' => "it is Enter to a terminal",
        '[' => "it is Esc to a terminal",
        'w' | 't' | 'n' => "consoles in browsers take it",
        'a'..='z' => return None,
        _ => "terminals do not send it",
    })
}

/// What an action keeps whatever the settings say, so that nobody is locked in and the tabs stay true.
fn stays(binding: &Binding, keys: &[Key]) -> Result<(), String> {
    let plain = |code| Key { code, ctrl: false };
    let (kept, alone) = match binding.action {
        Action::View(digit @ '0'..='9') => (plain(KeyCode::Char(digit)), false),
        Action::Open => (plain(KeyCode::Enter), false),
        Action::Escape | Action::Cancel => (plain(KeyCode::Esc), false),
        Action::Quit => (Key { code: KeyCode::Char('c'), ctrl: true }, false),
        Action::Press | Action::Accept => (plain(KeyCode::Enter), true),
        Action::Abandon => (plain(KeyCode::Esc), true),
        Action::Help | Action::Palette if keys.is_empty() => {
            return Err(format!("{} needs a key: it tells the others", binding.name));
        }
        _ => return Ok(()),
    };
    let name = binding.name;
    if !keys.contains(&kept) {
        return Err(format!("{name} keeps {kept}; other keys may stand beside it"));
    }
    if alone && keys.iter().any(|key| *key != kept && !key.ctrl) {
        return Err(format!("{name} has {kept} and no other key"));
    }
    Ok(())
}
