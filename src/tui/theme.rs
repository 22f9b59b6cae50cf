//! What colours and marks mean: roles, not colours, are what views ask for (`docs/keys.md` lists both).

use ratatui::style::{Color, Modifier, Style};

use crate::rules::Severity;
use crate::show::words::Form;

/// What a piece of text is for. Nothing is said by colour alone: each role stands beside a word, a mark or a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Plain text.
    Plain,
    /// A critical finding's mark, the headline's first word, a broken link.
    Crit,
    /// The same of a warning.
    Warn,
    /// The mark of an info.
    Note,
    /// The mark of what is fine; never a whole row.
    Fine,
    /// What was not read.
    Blind,
    /// Subjects, titles, buttons.
    Strong,
    /// Labels, units, ghosts, sources.
    Quiet,
    /// The selected row, the open tab, the focused button.
    Select,
}

/// Which set of colours: the terminal is never asked for its background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Sixteen colours on a dark background.
    #[default]
    Dark,
    /// Sixteen colours on a light background.
    Light,
    /// Bold, reverse and underline only (`NO_COLOR`).
    None,
}

/// Colours and the form of signs together. Views draw the first form; the whole screen is turned at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// The colours.
    pub colours: Colours,
    /// The form of signs.
    pub form: Form,
}

impl Theme {
    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let (dark, light) = match tone {
            Tone::Plain => (None, None),
            Tone::Strong => return plain.add_modifier(Modifier::BOLD),
            Tone::Quiet => return plain.add_modifier(Modifier::DIM),
            // A reversed mark would paint its colour as a block: the selected row has none.
            Tone::Select => return plain.fg(Color::Reset).add_modifier(Modifier::REVERSED),
            Tone::Crit => (Some(Color::Red), Some(Color::Red)),
            Tone::Warn => (Some(Color::Yellow), Some(Color::Magenta)),
            Tone::Note => (Some(Color::Cyan), None),
            Tone::Fine => (Some(Color::Green), None),
            Tone::Blind => (Some(Color::Magenta), Some(Color::Blue)),
        };
        let colour = match self.colours {
            Colours::Dark => dark,
            Colours::Light => light,
            Colours::None => None,
        };
        let bold = tone == Tone::Crit || (tone == Tone::Warn && self.colours == Colours::None);
        let style = if bold { plain.add_modifier(Modifier::BOLD) } else { plain };
        colour.map_or(style, |colour| style.fg(colour))
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Crit,
            Severity::Warning => Self::Warn,
            Severity::Info => Self::Note,
        }
    }
}
