//! A part of a configuration as people are shown it: what only Ruby can evaluate.

use super::Token;
use crate::os::Text;
use crate::os::secrets::mask_ruby;

/// How much of it is shown, in bytes: enough to find it by its line, and no more than is cheap to look through.
const LONGEST: usize = 200;

/// Tokens as they are shown, without blanks between them, cut and without secrets.
pub fn excerpt(tokens: &[Token<'_>]) -> Text {
    let mut all = Vec::new();
    for token in tokens {
        all.extend_from_slice(token.text);
        if all.len() > LONGEST {
            break;
        }
    }
    of_source(&all)
}

/// Source as it is shown, cut and without secrets.
pub fn of_source(source: &[u8]) -> Text {
    let mut text = source.get(..LONGEST).unwrap_or(source).to_vec();
    if source.len() > LONGEST {
        text.extend("…".as_bytes());
    }
    mask_ruby(&Text::new(text))
}
