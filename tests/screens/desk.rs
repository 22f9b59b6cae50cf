//! An inspector without a terminal: looks and keys go in, screens come out.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use farrier::model::Census;
use farrier::rules::judge;
use farrier::tui::draw::draw;
use farrier::tui::state::{Rights, State};
use farrier::tui::theme::Theme;
use farrier::tui::update::{Effect, Event, update};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;

pub struct Desk {
    pub state: State,
    pub now: Duration,
    pub effects: Vec<Effect>,
}

impl Desk {
    pub fn new(size: (u16, u16)) -> Self {
        let mut state = State::new(size, Theme::default(), TimeZone::UTC, Duration::from_secs(1));
        state.rights = Rights::Signals;
        Self { state, now: Duration::from_secs(1), effects: Vec::new() }
    }

    /// One that has taken a look.
    pub fn at(census: Census, size: (u16, u16)) -> Self {
        let mut desk = Self::new(size);
        desk.look(census);
        desk
    }

    pub fn event(&mut self, event: Event) {
        self.effects.extend(update(&mut self.state, self.now, event));
    }

    pub fn look(&mut self, census: Census) {
        let verdicts = judge(&census, Some(&census));
        self.event(Event::Look(Arc::new(census), Arc::new(verdicts), Duration::from_secs(1)));
    }

    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.event(Event::Tick);
    }

    /// Presses keys, a word each: `j`, `Enter`, `Ctrl-l`.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for word in keys.split(' ') {
            self.now += Duration::from_millis(200);
            self.press_now(word);
        }
        self
    }

    /// One key, without time going by.
    pub fn press_now(&mut self, word: &str) {
        let code = match word {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "PgDn" => KeyCode::PageDown,
            "BackTab" => KeyCode::BackTab,
            "Space" => KeyCode::Char(' '),
            other => KeyCode::Char(other.chars().last().unwrap()),
        };
        let modifiers =
            if word.starts_with("Ctrl-") { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        self.event(Event::Key(KeyEvent::new(code, modifiers)));
    }

    pub fn buffer(&self) -> Buffer {
        draw(&self.state)
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        text(&self.buffer())
    }

    pub fn row(&self, number: usize) -> String {
        self.screen().lines().nth(number - 1).unwrap_or_default().to_owned()
    }
}

pub fn text(buffer: &Buffer) -> String {
    let wide = usize::from(buffer.area.width.max(1));
    buffer
        .content
        .chunks(wide)
        .map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}
