//! One look with what the rules made of it, and two of them compared.

use std::sync::Arc;
use std::time::Duration;

use super::place::FindingId;
use crate::contract::{Finding, Severity, Verdicts};
use crate::model::{AppId, Census};
use crate::rules::causes::{Caused, in_order};
use crate::rules::headline::{Headline, headline};
use crate::show::compare::Comparison;

/// One look, with what the rules made of it.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was seen.
    pub census: Arc<Census>,
    /// What the rules say.
    pub verdicts: Arc<Verdicts>,
    /// When it came, on farrier's own clock.
    pub at: Duration,
}

impl Look {
    /// All findings, the gravest first.
    pub fn findings(&self) -> Vec<&Finding> {
        self.verdicts.findings()
    }

    /// The three lines at the top.
    pub fn headline(&self) -> Headline<'_> {
        headline(&self.census, &self.verdicts)
    }

    /// All findings, each cause above what follows from it.
    pub fn in_order(&self) -> Vec<Caused<'_>> {
        in_order(&self.verdicts)
    }

    /// The finding with this identity.
    pub fn finding(&self, id: &FindingId) -> Option<&Finding> {
        self.findings().into_iter().find(|finding| FindingId::from(*finding) == *id)
    }

    /// The gravest severity among the findings of an app.
    pub fn worst(&self, app: &AppId) -> Option<Severity> {
        self.findings().iter().filter(|f| &f.app == app).map(|f| f.severity).min()
    }

    /// Whether a rule about the app could not be decided.
    pub fn is_blind(&self, app: &AppId) -> bool {
        self.verdicts.undecided().any(|(answered, _)| &answered.app == app)
    }
}

/// Two looks, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What differs.
    pub comparison: Comparison,
    /// The later one: times are told in its zone.
    pub after: Arc<Census>,
}
