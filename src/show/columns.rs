//! How a text is cut to its column, so that what tells most stays (`screens.md` §4).

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A name or a sentence in a column, cut at its end.
pub fn left(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let blanks = columns.saturating_sub(width(&text));
    text + &" ".repeat(blanks)
}

/// A number in a column, never cut: one that is too wide is `>9999`, as many nines as there is room for.
pub fn right(number: &str, columns: usize) -> String {
    let wide = width(number);
    if wide > columns {
        return cut(&format!(">{}", "9".repeat(columns.max(1) - 1)), columns);
    }
    " ".repeat(columns - wide.min(columns)) + number
}

/// A text cut at its end, with `…` for what is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    head(text, columns.saturating_sub(1)) + if columns == 0 { "" } else { "…" }
}

/// A sentence cut at its end, and before a word with a digit in it rather than within: no number is torn.
pub fn phrase(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let kept = head(text, columns.saturating_sub(1));
    let torn = kept.rsplit(' ').next().unwrap_or_default();
    let next = text.get(kept.len()..).and_then(|rest| rest.chars().next());
    let before = kept.len() - torn.len();
    let numeric = torn.chars().chain(next).any(|c| c.is_ascii_digit());
    if numeric && columns > 0 && next != Some(' ') {
        return kept.get(..before).unwrap_or_default().to_owned() + "…";
    }
    kept + if columns == 0 { "" } else { "…" }
}

/// The first columns of a text.
fn head(text: &str, columns: usize) -> String {
    let mut taken = 0;
    text.chars()
        .take_while(|c| {
            taken += c.width().unwrap_or(0);
            taken <= columns
        })
        .collect()
}

/// The last columns of a text.
fn tail(text: &str, columns: usize) -> String {
    let mut taken = 0;
    let back: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            taken += c.width().unwrap_or(0);
            taken <= columns
        })
        .collect();
    back.into_iter().rev().collect()
}

/// The name of a release in its column: a full SHA shows its first twelve digits.
pub fn release(name: &str, columns: usize) -> String {
    let sha = name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit());
    cut(if sha { name.get(..12).unwrap_or(name) } else { name }, columns)
}

/// An escaped path, cut to its column so that the release's name stays whole and the end shows.
/// `off` is how far its release is from `current`: it stands for a name that does not fit.
pub fn fit(path: &str, columns: usize, off: Option<&str>) -> String {
    if width(path) <= columns {
        return path.to_owned();
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.last().copied().unwrap_or(path);
    let release = parts
        .iter()
        .rposition(|part| *part == "releases")
        .and_then(|at| Some((at, *parts.get(at + 1)?, parts.get(at + 2..)?)));
    let forms: Vec<String> = match release {
        Some((at, id, rest)) => {
            let end = if rest.is_empty() { String::new() } else { format!("/{}", rest.join("/")) };
            let mut forms = vec![
                format!("…/{}{end}", parts.get(at..=at + 1).unwrap_or(&[]).join("/")),
                format!("…/{id}{end}"),
            ];
            if rest.len() > 1 {
                forms.push(format!("…/{id}/…/{last}"));
            }
            let room = columns.saturating_sub(width(id) + 4);
            if !rest.is_empty() && room >= 8 {
                forms.push(format!("…/{id}/…{}", tail(last, room)));
            }
            if let Some(off) = off {
                forms.push(format!("{off}/…/{last}"));
            }
            forms
        }
        None => (1..parts.len())
            .map(|from| format!("…/{}", parts.get(from..).unwrap_or(&[]).join("/")))
            .collect(),
    };
    forms
        .into_iter()
        .find(|form| width(form) <= columns)
        .unwrap_or_else(|| cut_start(path, columns))
}

/// An escaped value cut to its column: a path as [`fit`] cuts it, anything else at its end.
pub fn fit_value(text: &str, columns: usize) -> String {
    let is_path = text.starts_with('/') && !text.contains([':', ' ']);
    if is_path { fit(text, columns, None) } else { cut(text, columns) }
}

/// A text cut at its start.
fn cut_start(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let rest = tail(text, columns.saturating_sub(1));
    if columns == 0 { rest } else { format!("…{rest}") }
}
