//! What comes next where an upgrade has to wait for other steps: one line for all of them.

use unicode_width::UnicodeWidthStr as _;

use crate::contract::line::{Line, WIDTH};
use crate::contract::{Finding, Severity};
use crate::model::{App, Operation};
use crate::os::shown;
use crate::rules::causes::{COME_BACK, Group};
use crate::rules::usr2;

/// The steps up to the upgrade.
pub(super) struct Steps {
    /// One line.
    pub(super) next: Line,
    /// The same in few words.
    pub(super) short: Option<String>,
}

/// What has to be done before the upgrade that the app needs; `None`: nothing, or it needs none.
pub(super) fn steps(finding: &Finding, app: &App, groups: &[Group<'_>]) -> Option<Steps> {
    let grave = |other: &&Finding| other.app == app.id && other.severity <= Severity::Warning;
    let all = || groups.iter().flat_map(|group| &group.members).map(|caused| caused.finding);
    let upgrades = |other: &Finding| other.offers == Some(Operation::Upgrade);
    if !all().filter(grave).any(upgrades) {
        return None;
    }
    let against = |other: &Finding| usr2::AGAINST.contains(&other.rule);
    let mut first: Vec<&Finding> = Vec::new();
    if !upgrades(finding) {
        finding.told.step.as_ref()?;
        first.push(finding);
    } else if against(finding) {
        return None;
    }
    for group in groups {
        let mut members = group.members.iter().map(|caused| caused.finding).filter(grave);
        first.extend(members.find(|other| against(other) && !std::ptr::eq(*other, finding)));
    }
    if let [only] = first.as_slice()
        && only.told.step.is_none()
    {
        return Some(Steps { next: after(only), short: None });
    }
    let named = |finding: &&Finding| {
        finding.told.step.clone().unwrap_or_else(|| format!("mend {}", finding.rule))
    };
    let mut words: Vec<String> = Vec::new();
    for step in first.iter().map(named) {
        if !words.contains(&step) {
            words.push(step);
        }
    }
    if words.is_empty() {
        return None;
    }
    words.push("upgrade".into());
    let short = words.join(", ").replace("BUNDLE_GEMFILE", "Gemfile");
    let mut next = Line::new(words.join(", then "));
    if next.fit(usize::MAX).width() > WIDTH {
        // What comes first counts; the rest is in the list.
        words.drain(1..words.len() - 1);
        next = Line::new(words.join(", then what else stands in the way, then "));
    }
    if let Some(good) = for_good(app, &all().filter(grave).collect::<Vec<_>>()) {
        next = next.aside(good);
    }
    Some(Steps { next, short: Some(short) })
}

/// The upgrade after the one thing that would spoil it.
fn after(first: &Finding) -> Line {
    let next = first.told.next.fit(WIDTH);
    let both = format!("{next}; then upgrade");
    Line::new(if next.contains("upgrade") {
        next
    } else if both.width() <= WIDTH {
        both
    } else {
        format!("mend {} first, then upgrade", first.rule)
    })
}

/// What keeps it from coming back, where the configuration let it happen.
fn for_good(app: &App, findings: &[&Finding]) -> Option<String> {
    let mine: Vec<_> =
        findings.iter().filter(|f| COME_BACK.iter().any(|(rule, _)| *rule == f.rule)).collect();
    let path = mine.iter().find_map(|finding| finding.path.as_ref())?;
    let file = app.short(path);
    let file = file.strip_prefix("current/").map_or_else(|| shown(path), str::to_owned);
    let hooks = mine.iter().all(|finding| finding.rule.contains("hook"));
    let what = match (mine.len(), hooks) {
        (1, true) => "the hook".to_owned(),
        (2, true) => "the two hooks".to_owned(),
        (1, false) => "the setting".to_owned(),
        (many, _) => format!("{many} settings"),
    };
    Some(format!("; for good: mend {what} in {file} and deploy"))
}
