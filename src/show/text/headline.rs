//! The first three lines: what is wrong, why, and what comes next.

use super::Paint;
use crate::contract::{Bar, Verdicts};
use crate::model::Census;
use crate::rules::headline::{Word, by};
use crate::show::words::{Mark, left};

/// Columns of the first word.
const WORD: usize = 7;

/// The headline of one machine.
pub fn lines(census: &Census, verdicts: &Verdicts, bar: Bar, paint: Paint) -> String {
    let line = by(census, verdicts, bar);
    let mark = match (line.severity, line.word) {
        (Some(severity), _) => severity.into(),
        (None, Word::Fine) => Mark::Fine,
        (None, Word::Moving) => Mark::Info,
        (None, _) => Mark::Unknown,
    };
    format!(
        "{} {}{}\n  {}{}\n  {}{}\n",
        paint.mark(mark),
        paint.strong(&left(line.word.name(), WORD)),
        line.what,
        paint.quiet(&left(line.word.second(), WORD)),
        line.why,
        paint.quiet(&left("NEXT", WORD)),
        line.next,
    )
}
