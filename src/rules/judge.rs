//! Every rule asked about every app.

use crate::contract::{Look, Verdicts};
use crate::model::Census;
use crate::servers::server;

use super::RULES;

/// Asks every rule about every app. `before` is the look before this one, at least a second older, if there was one.
pub fn judge(census: &Census, before: Option<&Census>) -> Verdicts {
    let mut all = Vec::new();
    for app in &census.apps {
        let server = server(app.kind);
        for rule in RULES {
            let mut look = Look::new(rule, census, app, before.and_then(|b| b.app(&app.id)));
            if rule.needs.iter().all(|need| need.is_met(app, server)) {
                (rule.check)(&mut look);
            } else {
                look.not_here();
            }
            all.push(look.answer());
        }
    }
    Verdicts(all)
}
