//! One machine looked at again and again, for what has to be seen to come true.

use std::time::Duration;

use super::operate::Look;
use crate::contract::Verdicts;
use crate::model::Census;
use crate::os::{Hands, Source};
use crate::rules::judge;
use crate::survey::{Surveyor, Wish};

/// A look has to be this much older than the next one for rules that compare two, nanoseconds.
const APART: i64 = 1_000_000_000;

/// Looks at one machine again and again; rules that compare two looks get one that is at least a second older.
pub struct Looker<'a> {
    source: &'a dyn Source,
    wish: Wish,
    ignored: Vec<String>,
    surveyor: Surveyor,
    before: Option<Census>,
    last: Option<Census>,
}

impl<'a> Looker<'a> {
    /// Begins to look.
    pub fn new(source: &'a dyn Source, wish: Wish, ignored: Vec<String>) -> Self {
        Self { source, wish, ignored, surveyor: Surveyor::default(), before: None, last: None }
    }

    /// One look.
    pub fn look(&mut self) -> (Census, Verdicts) {
        if self.last.is_some() {
            self.source.next_look();
        }
        let census = self.surveyor.look(self.source, &self.wish);
        let apart = |older: &Census| census.boot_time.saturating_sub(older.boot_time) >= APART;
        if self.last.as_ref().is_some_and(apart) {
            self.before = self.last.take();
        }
        let mut verdicts = judge(&census, self.before.as_ref());
        verdicts.0.retain(|answered| !self.ignored.iter().any(|name| name == answered.rule));
        self.last.get_or_insert_with(|| census.clone());
        (census, verdicts)
    }
}

/// A look whose rules are all decided: a second one is taken where a rule wants to compare.
pub fn settled(look: Look<'_>, hands: &mut dyn Hands) -> (Census, Verdicts) {
    let (census, verdicts) = look();
    if !verdicts.want_second_look() {
        return (census, verdicts);
    }
    hands.pause(Duration::from_nanos(APART.unsigned_abs()));
    look()
}
