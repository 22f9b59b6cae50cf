//! The keyboard and the mouse: events of the terminal, with arrow keys put together again that a slow line tore apart.

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};

/// How long after an Esc the rest of a torn arrow key may come.
const TORN: Duration = Duration::from_millis(100);

/// What came from the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// A key.
    Key(KeyEvent),
    /// The mouse, while it is farrier's.
    Mouse(MouseEvent),
    /// Another size.
    Resize(u16, u16),
}

/// Reads until the terminal gives no more, or nobody listens.
pub fn read(hear: impl Fn(Came) -> bool) -> io::Result<()> {
    loop {
        let next = event::read()?;
        let mut came = take(&next);
        if came == Some(Came::Key(KeyEvent::from(KeyCode::Esc))) {
            let rest = follow_up()?;
            if let Some(key) = torn(&rest) {
                came = Some(Came::Key(KeyEvent::from(key)));
            } else {
                let esc = KeyEvent::from(KeyCode::Esc);
                for key in std::iter::once(esc).chain(rest) {
                    if !hear(Came::Key(key)) {
                        return Ok(());
                    }
                }
                came = None;
            }
        }
        if let Some(came) = came
            && !hear(came)
        {
            return Ok(());
        }
    }
}

/// What an event is to farrier. A paste is nothing: no key of it acts.
fn take(event: &Event) -> Option<Came> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Came::Key(*key)),
        Event::Mouse(mouse) => Some(Came::Mouse(*mouse)),
        Event::Resize(columns, rows) => Some(Came::Resize(*columns, *rows)),
        _ => None,
    }
}

/// The one or two keys that come right after an Esc.
fn follow_up() -> io::Result<Vec<KeyEvent>> {
    let mut keys = Vec::new();
    while keys.len() < 2 && event::poll(TORN)? {
        match take(&event::read()?) {
            Some(Came::Key(key)) => {
                keys.push(key);
                if keys.len() == 1 && !matches!(key.code, KeyCode::Char('[' | 'O')) {
                    break;
                }
            }
            _ => break,
        }
    }
    Ok(keys)
}

/// The key that an Esc and these keys were before a slow line tore them apart.
fn torn(rest: &[KeyEvent]) -> Option<KeyCode> {
    let [open, letter] = rest else { return None };
    let plain = |key: &KeyEvent| (key.modifiers - KeyModifiers::SHIFT).is_empty();
    if !plain(open) || !matches!(open.code, KeyCode::Char('[' | 'O')) {
        return None;
    }
    match letter.code {
        KeyCode::Char('A') => Some(KeyCode::Up),
        KeyCode::Char('B') => Some(KeyCode::Down),
        KeyCode::Char('C') => Some(KeyCode::Right),
        KeyCode::Char('D') => Some(KeyCode::Left),
        KeyCode::Char('F') => Some(KeyCode::End),
        KeyCode::Char('H') => Some(KeyCode::Home),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torn_arrows_are_put_together() {
        let keys = |text: &str| -> Vec<KeyEvent> {
            text.chars().map(|c| KeyEvent::from(KeyCode::Char(c))).collect()
        };
        assert_eq!(torn(&keys("[A")), Some(KeyCode::Up));
        assert_eq!(torn(&keys("OD")), Some(KeyCode::Left));
        assert_eq!(torn(&keys("jA")), None);
        assert_eq!(torn(&keys("[")), None);
        assert_eq!(torn(&[]), None);
    }
}
