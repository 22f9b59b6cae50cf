//! `farrier diff` as text.

use super::Paint;
use crate::model::Census;
use crate::show::compare::Comparison;
use crate::show::compare::lines::{Dress, Line, lines};
use crate::show::words::Mark;

/// Columns of a line that says before and after at once.
const LINE: usize = 100;

/// The whole comparison; times in the zone of the later look.
pub fn diff(comparison: &Comparison, census: &Census, paint: Paint) -> String {
    let dressed = |line: &Line| -> String {
        let pieces = line.pieces.iter().map(|(dress, text)| match dress {
            Dress::Plain => text.clone(),
            Dress::Strong => paint.strong(text),
            Dress::Quiet => paint.quiet(text),
            Dress::Unknown => paint.mark(Mark::Unknown),
            Dress::Grave(severity) => paint.severity(*severity, text),
        });
        pieces.collect::<String>() + "\n"
    };
    lines(comparison, census, LINE).iter().map(dressed).collect()
}
