//! How the rules answered on the whole, and the headline where nothing was found.

use super::last::last;
use super::{Headline, Word, plain};
use crate::contract::line::{Line, count};
use crate::contract::{Verdict, Verdicts};
use crate::model::{App, Census};
use crate::rules::RULES;
use crate::servers::server;

/// Nothing is wrong: how much was asked, and what happened last.
pub(super) fn fine(census: &Census, verdicts: &Verdicts) -> Headline<'static> {
    let asked = Asked::of(verdicts);
    let youngest = census
        .apps
        .iter()
        .filter_map(|app| Some((app, app.current_master()?)))
        .filter_map(|(app, master)| Some((*master.process.age.get()?, app, master)))
        .min_by_key(|(age, ..)| *age);
    let last = youngest.map_or_else(
        || Line::new("nothing"),
        |(seconds, app, master)| last(seconds, app, master, census),
    );
    let is_proxy = |app: &&App| server(app.kind).is_some_and(crate::contract::Server::is_proxy);
    let proxies = census.apps.iter().filter(is_proxy).count();
    let whom = match (census.apps.len() - proxies, proxies) {
        (apps, 0) => count(apps, "app"),
        (0, 1) => "1 proxy".into(),
        (0, proxies) => format!("{proxies} proxies"),
        (apps, 1) => format!("{} and 1 proxy", count(apps, "app")),
        (apps, proxies) => format!("{} and {proxies} proxies", count(apps, "app")),
    };
    plain(
        Word::Fine,
        Line::new(format!("{} rules asked about {whom}", RULES.len()))
            .keep(match verdicts.unevaluated().len() {
                0 => String::new(),
                many => format!("; {} not evaluated", count(many, "setting")),
            })
            .aside(format!(
                ": {} fine, {} not here, {} blind",
                asked.fine, asked.not_here, asked.blind
            )),
        last,
        "nothing to do",
    )
}

/// How the rules answered, each counted once: undecided if so for any app, fine if so for any.
struct Asked {
    fine: usize,
    not_here: usize,
    blind: usize,
}

impl Asked {
    fn of(verdicts: &Verdicts) -> Self {
        let any = |rule: &str, fits: fn(&Verdict) -> bool| {
            verdicts.0.iter().any(|answered| answered.rule == rule && fits(&answered.verdict))
        };
        let is_blind = |verdict: &Verdict| matches!(verdict, Verdict::Blind(_));
        let is_here = |verdict: &Verdict| !matches!(verdict, Verdict::NotHere);
        let blind = RULES.iter().filter(|rule| any(rule.name, is_blind)).count();
        let here = RULES.iter().filter(|rule| any(rule.name, is_here)).count();
        Self { fine: here.saturating_sub(blind), not_here: RULES.len() - here, blind }
    }
}
