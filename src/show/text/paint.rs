//! Colour and signs of text output: sixteen colours, a severity never by colour alone.

use super::super::words::{Form, Mark};
use crate::contract::Severity;

/// How text is dressed: plain in a pipe, with colour on a terminal, with ASCII signs where asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Colour and bold may be used.
    pub colour: bool,
    /// Which signs.
    pub form: Form,
}

impl Paint {
    fn dressed(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A severity's sign, or a word that stands for one, in its colour.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Critical => self.dressed("1;31", text),
            Severity::Warning => self.dressed("33", text),
            Severity::Info => self.dressed("36", text),
        }
    }

    /// Checked and fine.
    pub fn fine(self, text: &str) -> String {
        self.dressed("32", text)
    }

    /// Not known.
    pub fn blind(self, text: &str) -> String {
        self.dressed("35", text)
    }

    /// A subject or a title.
    pub fn strong(self, text: &str) -> String {
        self.dressed("1", text)
    }

    /// A label, a unit, a source.
    pub fn quiet(self, text: &str) -> String {
        self.dressed("2", text)
    }

    /// A sign in its colour.
    pub fn mark(self, mark: Mark) -> String {
        let sign = mark.sign().to_string();
        match mark {
            Mark::Critical => self.severity(Severity::Critical, &sign),
            Mark::Warning => self.severity(Severity::Warning, &sign),
            Mark::Info => self.severity(Severity::Info, &sign),
            Mark::Fine => self.fine(&sign),
            Mark::Unknown => self.blind(&sign),
            _ => sign,
        }
    }

    /// A finished text in the form that was asked for; the colours' own bytes pass.
    pub fn finish(self, text: &str) -> String {
        self.form.text(text)
    }
}
