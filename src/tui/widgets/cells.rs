//! Text in cells: measured, cut and set into columns. Everything here has passed the escaper before.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar as _;

use crate::show::words::{cut, width};
use crate::tui::theme::{Theme, Tone};

/// A text in words, wrapped at blanks into lines of so many cells; a word that is longer than a line is broken.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        if !line.is_empty() && width(&line) + 1 + width(&word) > room {
            lines.push(std::mem::take(&mut line));
        }
        while width(&word) > room {
            let mut used = 0;
            let head: String = word
                .chars()
                .take_while(|c| {
                    used += c.width().unwrap_or(0);
                    used <= room
                })
                .collect();
            if head.is_empty() {
                break;
            }
            word = word.chars().skip(head.chars().count()).collect();
            lines.push(head);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// A line that is set column by column.
pub struct Cells {
    theme: Theme,
    spans: Vec<Span<'static>>,
    at: usize,
    room: usize,
}

impl Cells {
    /// An empty line of so many cells.
    pub fn new(theme: Theme, room: usize) -> Self {
        Self { theme, spans: Vec::new(), at: 0, room }
    }

    /// The column that comes next.
    pub fn at(&self) -> usize {
        self.at
    }

    fn push(&mut self, text: String, style: Style) {
        self.at += width(&text);
        self.spans.push(Span::styled(text, style));
    }

    /// Text as it comes, cut at the line's end.
    #[must_use]
    pub fn text(mut self, text: &str, tone: Tone) -> Self {
        let room = self.room.saturating_sub(self.at);
        let text = cut(text, room);
        self.push(text, self.theme.style(tone));
        self
    }

    /// Blanks up to a column.
    #[must_use]
    pub fn to(mut self, column: usize) -> Self {
        let blanks = column.min(self.room).saturating_sub(self.at);
        if blanks > 0 {
            self.push(" ".repeat(blanks), Style::new());
        }
        self
    }

    /// Text in a column of its own, names on the left.
    #[must_use]
    pub fn left(self, text: &str, room: usize, tone: Tone) -> Self {
        let end = self.at + room;
        let text = cut(text, room);
        self.text(&text, tone).to(end)
    }

    /// Text in a column of its own, numbers on the right.
    #[must_use]
    pub fn right(self, text: &str, room: usize, tone: Tone) -> Self {
        let end = self.at + room;
        let text = cut(text, room);
        let from = end.saturating_sub(width(&text));
        self.to(from).text(&text, tone)
    }

    /// Text that ends one cell before the line does; what stands there already keeps a blank before it.
    #[must_use]
    pub fn end(self, text: &str, tone: Tone) -> Self {
        let room = self.room.saturating_sub(self.at + 2);
        let text = cut(text, room);
        let from = self.room.saturating_sub(width(&text) + 1);
        self.to(from).text(&text, tone)
    }

    /// The line.
    pub fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

/// What a line says, without its styles.
pub fn plain(line: &Line<'_>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_blanks_and_long_ones_break() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 5), ["abcde", "fgh", "ij"].map(str::to_owned));
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_column_never_grows_over_the_next() {
        let line = Cells::new(Theme::default(), 12).left("abcdefgh", 5, Tone::Plain).right(
            "12",
            4,
            Tone::Plain,
        );
        assert_eq!(plain(&line.line()), "abcd…  12");
    }
}
