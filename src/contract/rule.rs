//! A rule's card.

use crate::model::Operation;

use super::{Look, Need, Severity};

/// A rule's card.
pub struct Rule {
    /// Its name: fixed, since people write it into their settings.
    pub name: &'static str,
    /// What an app must have for it; empty: every app is judged by it.
    pub needs: &'static [Need],
    /// The gravest severity that it can give: what a blind spot of it may hide.
    pub worst: Severity,
    /// Nothing of the app can answer while it is found critical.
    pub stops_service: bool,
    /// What it looks for, one sentence.
    pub summary: &'static str,
    /// Its page: what it means, why it matters, how to fix it, when it does not fire. Markdown.
    pub meaning: &'static str,
    /// The operation that mends it, where a signal can.
    pub offers: Option<Operation>,
    /// The rules that follow from it when they fire on the same app (`screens.md`, Causes).
    pub causes: &'static [&'static str],
    /// Looks.
    pub check: fn(&mut Look<'_>),
}
