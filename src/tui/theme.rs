//! What colours and marks mean: roles, not colours, are what views ask for (`docs/keys.md` lists both).

use ratatui::style::{Color, Modifier, Style};

use crate::contract::Severity;
pub use crate::os::own::Ground;
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
    /// A cell whose text changed lately.
    Changed,
    /// The selected row, the open tab, the focused button.
    Select,
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Bold, reverse and underline only (`NO_COLOR`, vt100).
    None,
    /// The eight that every palette has. The bright ones are grey or invisible in common palettes.
    #[default]
    Sixteen,
    /// 256.
    Indexed,
    /// All: what the user's palette makes of the first sixteen is not asked for.
    True,
}

/// Colours and the form of signs together. Views draw the first form; the whole screen is turned at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// How many colours.
    pub colours: Colours,
    /// On which background: the terminal is never asked for it, and it is never painted.
    pub ground: Ground,
    /// The form of signs.
    pub form: Form,
}

/// One colour of a role: of sixteen, of 256, and the same as red, green and blue.
struct Hue(Option<Color>, u8, (u8, u8, u8));

/// The colours of a tone on a dark and on a light background; `None`: it has none.
fn hues(tone: Tone) -> Option<(Hue, Hue)> {
    Some(match tone {
        Tone::Crit => (
            Hue(Some(Color::Red), 203, (0xff, 0x5f, 0x5f)),
            Hue(Some(Color::Red), 124, (0xaf, 0x00, 0x00)),
        ),
        Tone::Warn => (
            Hue(Some(Color::Yellow), 214, (0xff, 0xaf, 0x00)),
            Hue(Some(Color::Magenta), 94, (0x87, 0x5f, 0x00)),
        ),
        Tone::Note => {
            (Hue(Some(Color::Cyan), 110, (0x87, 0xaf, 0xd7)), Hue(None, 24, (0x00, 0x5f, 0x87)))
        }
        Tone::Fine => {
            (Hue(Some(Color::Green), 108, (0x87, 0xaf, 0x87)), Hue(None, 22, (0x00, 0x5f, 0x00)))
        }
        Tone::Blind => (
            Hue(Some(Color::Magenta), 176, (0xd7, 0x87, 0xd7)),
            Hue(Some(Color::Blue), 90, (0x87, 0x00, 0x87)),
        ),
        Tone::Quiet => (Hue(None, 247, (0x9e, 0x9e, 0x9e)), Hue(None, 240, (0x58, 0x58, 0x58))),
        Tone::Plain | Tone::Strong | Tone::Changed | Tone::Select => return None,
    })
}

impl Theme {
    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let few = matches!(self.colours, Colours::None | Colours::Sixteen);
        match tone {
            Tone::Strong => return plain.add_modifier(Modifier::BOLD),
            Tone::Changed => return plain.add_modifier(Modifier::UNDERLINED),
            // A reversed mark would paint its colour as a block: the selected row has none.
            Tone::Select => return plain.fg(Color::Reset).add_modifier(Modifier::REVERSED),
            Tone::Quiet if few => return plain.add_modifier(Modifier::DIM),
            _ => {}
        }
        let bold = tone == Tone::Crit || (tone == Tone::Warn && self.colours == Colours::None);
        let style = if bold { plain.add_modifier(Modifier::BOLD) } else { plain };
        let Some((dark, light)) = hues(tone) else { return style };
        let Hue(few, index, (red, green, blue)) =
            if self.ground == Ground::Light { light } else { dark };
        let colour = match self.colours {
            Colours::None => None,
            Colours::Sixteen => few,
            Colours::Indexed => Some(Color::Indexed(index)),
            Colours::True => Some(Color::Rgb(red, green, blue)),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    const TONES: [Tone; 6] =
        [Tone::Crit, Tone::Warn, Tone::Note, Tone::Fine, Tone::Blind, Tone::Quiet];

    /// The brightness that a person sees, as the contrast of two colours is reckoned (WCAG 2.1, 1.4.3).
    fn brightness((red, green, blue): (u8, u8, u8)) -> f64 {
        let part = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
        let (a, b) = (brightness(one) + 0.05, brightness(other) + 0.05);
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn every_colour_can_be_read_on_common_backgrounds() {
        let dark = [(0, 0, 0), (0x1e, 0x1e, 0x1e), (0x00, 0x2b, 0x36)];
        let light = [(0xff, 0xff, 0xff), (0xfd, 0xf6, 0xe3)];
        for tone in TONES {
            let (on_dark, on_light) = hues(tone).unwrap();
            for ground in dark {
                assert!(contrast(on_dark.2, ground) >= 4.9, "{tone:?} on {ground:?}");
            }
            for ground in light {
                assert!(contrast(on_light.2, ground) >= 4.9, "{tone:?} on {ground:?}");
            }
        }
    }

    /// The colour cube and the greys of 256 colours are the same everywhere.
    #[test]
    fn an_index_and_its_colour_are_the_same() {
        for hue in TONES.into_iter().filter_map(hues).flat_map(|(dark, light)| [dark, light]) {
            let step = |at: u8| if at == 0 { 0 } else { 55 + 40 * at };
            let is = if let Some(grey) = hue.1.checked_sub(232) {
                (8 + 10 * grey, 8 + 10 * grey, 8 + 10 * grey)
            } else {
                let cube = hue.1 - 16;
                (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
            };
            assert_eq!(is, hue.2, "{}", hue.1);
        }
    }

    #[test]
    fn without_colours_nothing_has_one() {
        let theme = Theme { colours: Colours::None, ..Theme::default() };
        assert!(TONES.iter().all(|tone| theme.style(*tone).fg.is_none()));
        assert!(theme.style(Tone::Warn).add_modifier.contains(Modifier::BOLD));
    }
}
