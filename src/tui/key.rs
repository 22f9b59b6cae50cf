//! A key: what the terminal says of it, and its name as it is shown and as the settings write it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, as a person would press it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// With Ctrl held.
    pub ctrl: bool,
}

pub(super) const fn c(letter: char) -> Key {
    Key { code: KeyCode::Char(letter), ctrl: false }
}

pub(super) const fn ctrl(letter: char) -> Key {
    Key { code: KeyCode::Char(letter), ctrl: true }
}

pub(super) const fn k(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    /// The key of an event. Shift is in the character; what else is held (Alt, Super) makes it another key, bound to nothing.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        let odd =
            KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
        if event.modifiers.intersects(odd) {
            return None;
        }
        let code = if event.code == KeyCode::Tab && event.modifiers.contains(KeyModifiers::SHIFT) {
            KeyCode::BackTab
        } else {
            event.code
        };
        Some(Self { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
    }
}

/// Keys that are no character, as they are shown and as the settings name them.
const NAMES: &[(KeyCode, &str)] = &[
    (KeyCode::Char(' '), "Space"),
    (KeyCode::Enter, "Enter"),
    (KeyCode::Esc, "Esc"),
    (KeyCode::Tab, "Tab"),
    (KeyCode::BackTab, "Shift-Tab"),
    (KeyCode::Backspace, "Backspace"),
    (KeyCode::Delete, "Delete"),
    (KeyCode::Insert, "Insert"),
    (KeyCode::Up, "Up"),
    (KeyCode::Down, "Down"),
    (KeyCode::Left, "Left"),
    (KeyCode::Right, "Right"),
    (KeyCode::Home, "Home"),
    (KeyCode::End, "End"),
    (KeyCode::PageUp, "PgUp"),
    (KeyCode::PageDown, "PgDn"),
];

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = NAMES.iter().find(|(code, _)| *code == self.code).map(|(_, name)| *name);
        let name = match (self.code, named) {
            (_, Some(name)) if self.ctrl => format!("Ctrl-{name}"),
            (_, Some(name)) => name.to_owned(),
            (KeyCode::Char(letter), _) if self.ctrl => {
                format!("Ctrl-{}", letter.to_ascii_uppercase())
            }
            (KeyCode::Char(letter), _) => letter.escape_debug().to_string(),
            (other, _) => format!("{other}"),
        };
        f.pad(&name)
    }
}

impl std::str::FromStr for Key {
    type Err = ();

    /// A key as it is shown; capitals count for single characters only.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut letters = text.chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            return if letter.is_control() || letter.is_whitespace() {
                Err(())
            } else {
                Ok(c(letter))
            };
        }
        if let Some((_, code_name)) =
            text.split_once('-').filter(|(held, _)| held.eq_ignore_ascii_case("ctrl"))
        {
            let mut letters = code_name.chars();
            let letter = letters.next().filter(|_| letters.next().is_none()).ok_or(())?;
            return if letter.is_ascii_graphic() {
                Ok(ctrl(letter.to_ascii_lowercase()))
            } else {
                Err(())
            };
        }
        if let Some((code, _)) = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            return Ok(k(*code));
        }
        let number = text.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok());
        number
            .filter(|number| (1..=12).contains(number))
            .map(|number| k(KeyCode::F(number)))
            .ok_or(())
    }
}
