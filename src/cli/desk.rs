//! The other side of a command that may send: where its words go, and who answers its questions.

use crate::os::own::Leave;
use crate::plans::{Outcome, Refused};
use crate::show::text::Paint;

/// What goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// To standard output, as it is.
    Text(&'a str),
    /// To standard error, one message.
    Message(&'a str),
}

/// The other side: where words go, and who answers.
pub struct Desk<'a> {
    /// Hears.
    pub say: &'a mut dyn FnMut(Said<'_>),
    /// Asks one question and gives back the line that was typed, empty at its end; `None`: there is no terminal.
    pub ask: Option<&'a mut dyn FnMut(&str) -> String>,
    /// Whether the operator broke off (INT).
    pub broken_off: &'a dyn Fn() -> bool,
    /// How he did, or whoever did it for him.
    pub left: &'a dyn Fn() -> Leave,
    /// How text is dressed.
    pub paint: Paint,
}

impl Desk<'_> {
    /// The line that is typed to a question that comes before anything is sent.
    ///
    /// # Errors
    /// There is nobody to ask, or the operator broke off.
    pub(super) fn answer(&mut self, question: &str) -> Result<String, Outcome> {
        let Some(ask) = self.ask.as_mut() else {
            let refused = Refused::new("there is no terminal to confirm it", "--yes confirms it");
            return Err(Outcome::Refused(refused));
        };
        let typed = ask(question);
        if (self.broken_off)() {
            return Err(Outcome::Interrupted(
                "Interrupted at the question: nothing was sent".into(),
            ));
        }
        Ok(typed)
    }

    pub(super) fn print(&mut self, text: &str) {
        (self.say)(Said::Text(text));
    }

    pub(super) fn complain(&mut self, message: &str) {
        (self.say)(Said::Message(message));
    }
}
