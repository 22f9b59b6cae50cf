//! What reading a text may cost. Texts are written by others: one that is made to take long must not hold farrier up. Work
//! is counted in steps, each about as dear as a look at one byte or token, so that the bound is the same on every machine.

use std::cell::Cell;

use crate::facts::Lack;

/// Steps for one text: a megabyte of plain directives takes about as many.
const TEXT: u64 = 2_000_000;
/// Steps for all texts of one look.
const LOOK: u64 = 60_000_000;

thread_local! {
    /// The steps that are left to what is being read on this thread, and to its look. What nobody measures has enough.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static LOOK_LEFT: Cell<u64> = const { Cell::new(LOOK) };
}

/// A new look begins on this thread.
pub fn begin() {
    LOOK_LEFT.set(LOOK);
}

/// Takes steps; `false`: none are left, and whoever reads stops where he is.
pub fn spend(steps: usize) -> bool {
    let rest = LEFT.get().checked_sub(steps as u64);
    LEFT.set(rest.unwrap_or(0));
    rest.is_some()
}

/// Reads one text.
///
/// # Errors
/// It takes more steps than a text may, or than are left to the look: what came of it is not the whole.
pub fn text<T>(read: impl FnOnce() -> T) -> Result<T, Lack> {
    let look = LOOK_LEFT.get();
    let (found, took) = within(TEXT.min(look), read);
    LOOK_LEFT.set(look.saturating_sub(took));
    found.ok_or(Lack::TooMuch)
}

/// Reads something within so many steps; `None`: they did not do. With the steps that it took.
fn within<T>(steps: u64, read: impl FnOnce() -> T) -> (Option<T>, u64) {
    // One more than may be taken: what is left at zero was cut short.
    let before = LEFT.replace(steps.saturating_add(1));
    let found = read();
    let left = LEFT.replace(before);
    ((left > 0).then_some(found), steps.saturating_add(1).saturating_sub(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_many_steps_has_come_to_nothing() {
        let takes = |steps: usize| (0..steps).all(|_| spend(1));
        assert_eq!(within(10, || takes(10)), (Some(true), 10));
        assert_eq!(within(10, || takes(12)).0, None);
        assert_eq!(within(10, || spend(100)), (None, 11));
        // What is read within something else has a measure of its own.
        let (outer, _) = within(10, || {
            spend(5);
            let (inner, took) = within(3, || spend(9));
            (inner, took, spend(5))
        });
        assert_eq!(outer, Some((None, 4, true)));
    }

    #[test]
    fn all_texts_of_a_look_have_one_measure() {
        begin();
        let hostile = || text(|| spend(usize::MAX)).is_err();
        for _ in 0..=LOOK / TEXT {
            assert!(hostile());
        }
        assert_eq!(text(|| spend(1)), Err(Lack::TooMuch));
        begin();
        assert_eq!(text(|| spend(1)), Ok(true));
    }
}
