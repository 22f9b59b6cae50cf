//! The three lines that say what is wrong, why, and what comes next: the top of `check` and of the screen.

mod asked;
mod last;
mod moving;
mod renewing;
mod steps;

use self::asked::fine;
use self::moving::moving;
use self::renewing::renewing;
use self::steps::steps;
use super::causes::groups;
use super::{RULES, rule};
use crate::contract::line::{Line, WIDTH, age, count, cut, named};
use crate::contract::{Bar, Finding, Severity, Verdict, Verdicts};
use crate::facts::Lack;
use crate::model::handover::grace;
use crate::model::{App, AppId, Census, Master, Phase, Role};
use crate::os::{Refusal, text::escaped};

/// The first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    /// An app that should serve has no living master.
    Down,
    /// Something critical, or a warning.
    Wrong,
    /// A handover within its grace.
    Moving,
    /// Nothing was found, and something could not be seen.
    Unsure,
    /// Only information.
    Note,
    /// No server was found.
    None,
    /// Nothing was found, and everything was seen.
    Fine,
    /// The first look is not done.
    Look,
}

impl Word {
    /// The word as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::Wrong => "WRONG",
            Self::Moving => "MOVING",
            Self::Unsure => "UNSURE",
            Self::Note => "NOTE",
            Self::None => "NONE",
            Self::Fine => "FINE",
            Self::Look => "LOOK",
        }
    }

    /// The word before the second line.
    pub fn second(self) -> &'static str {
        if self == Self::Fine { "LAST" } else { "WHY" }
    }
}

/// What tells best what comes of a cause: what visitors get.
const VISIBLE: &[&str] = &["release-stale"];

/// The headline. Each line has at most 70 columns; [`Headline::fit`] has more of them where there is room.
#[derive(Clone, Debug)]
pub struct Headline<'a> {
    /// The first word.
    pub word: Word,
    /// How grave what it speaks of is; `None`: nothing is wrong.
    pub severity: Option<Severity>,
    /// What is wrong.
    pub what: String,
    /// Why; what happened last where nothing is.
    pub why: String,
    /// What comes next.
    pub next: String,
    /// What comes next in few words, where there are several steps.
    pub short: Option<String>,
    lines: [Line; 3],
    /// The finding that it speaks of: the cursor starts there.
    pub finding: Option<&'a Finding>,
    /// The app that it speaks of.
    pub app: Option<AppId>,
}

impl Headline<'_> {
    /// The three lines in so many columns each.
    pub fn fit(&self, widths: [usize; 3]) -> [String; 3] {
        let [what, why, next] = &self.lines;
        let [a, b, c] = widths;
        [what.fit(a), why.fit(b), next.fit(c)]
    }
}

/// The headline while the first look is not done.
pub fn looking() -> Headline<'static> {
    plain(Word::Look, "reading processes", "", "")
}

/// The headline of a look.
pub fn headline<'a>(census: &Census, verdicts: &'a Verdicts) -> Headline<'a> {
    by(census, verdicts, Bar::default())
}

/// The headline of a look that is measured by another bar.
pub fn by<'a>(census: &Census, verdicts: &'a Verdicts, bar: Bar) -> Headline<'a> {
    let groups = groups(verdicts);
    let mut apps: Vec<(Rank, &App)> =
        census.apps.iter().map(|app| (rank(app, census, verdicts, bar), app)).collect();
    apps.sort_by(|(a, one), (b, other)| (a, &one.name, &one.id).cmp(&(b, &other.name, &other.id)));
    let judged = |(_, app): &&(Rank, &App)| app.is_judged() || app_says(app, verdicts);
    let Some((rank, app)) = apps.iter().find(judged).copied() else {
        return none(census, apps.first().map(|(_, app)| *app));
    };
    let head =
        groups.iter().filter_map(super::causes::Group::head).find(|finding| finding.app == app.id);
    let found = |word| match head {
        Some(finding) => of_finding(word, finding, app, &groups),
        None => stuck(app, census),
    };
    let mut line = match rank {
        Rank::Down => found(Word::Down),
        Rank::Warning if loads(app) && head.is_none_or(|f| f.severity == Severity::Info) => {
            stuck(app, census)
        }
        Rank::Critical | Rank::Warning => found(Word::Wrong),
        Rank::Moving => match renewing(app) {
            Some(master) => renewing::headline(app, master),
            None => moving(app, census),
        },
        Rank::Unsure => unsure(census, verdicts, bar),
        Rank::Info | Rank::Fine if census.seen.is_partial() => unsure(census, verdicts, bar),
        Rank::Info => found(Word::Note),
        Rank::Fine => fine(census, verdicts),
    };
    if matches!(line.word, Word::Down | Word::Wrong) {
        let others: Vec<String> = apps
            .iter()
            .skip(1)
            .filter(|(rank, _)| matches!(rank, Rank::Down | Rank::Critical | Rank::Warning))
            .map(|(_, app)| app.name.clone())
            .collect();
        if !others.is_empty() {
            let beside = format!(" (+ {})", others.join(", "));
            let [what, ..] = &mut line.lines;
            *what = Line::new(what.fit(WIDTH)).aside(beside);
            line.what = what.fit(WIDTH);
        }
    }
    if !matches!(line.word, Word::Unsure | Word::Fine) {
        line.app = Some(app.id.clone());
    }
    line
}

/// Whether something was found of an app although nothing of it runs.
fn app_says(app: &App, verdicts: &Verdicts) -> bool {
    verdicts.findings().iter().any(|finding| finding.app == app.id)
}

/// What an app is chosen by, the first first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Down,
    Critical,
    Moving,
    Warning,
    Unsure,
    Info,
    Fine,
}

fn rank(app: &App, census: &Census, verdicts: &Verdicts, bar: Bar) -> Rank {
    let mine = verdicts.0.iter().filter(|answered| answered.app == app.id);
    let mut blind = false;
    let mut worst = None;
    let mut dead = false;
    for answered in mine {
        blind |= answered.is_open(bar);
        if let Verdict::Found(findings, _) = &answered.verdict {
            // Workers that outlived their master may still answer.
            let answers = answered.rule == "master-dead" && app.is_alive();
            let stops = rule(answered.rule).is_some_and(|rule| rule.stops_service) && !answers;
            dead |= stops && findings.iter().any(|f| f.severity == Severity::Critical);
            worst = worst.into_iter().chain(findings.iter().map(|f| f.severity)).min();
        }
    }
    let young = generations(app).map(|(_, new)| within_grace(app, new, census));
    match worst {
        _ if dead => Rank::Down,
        Some(Severity::Critical) => Rank::Critical,
        _ if young == Some(true) || renewing(app).is_some() => Rank::Moving,
        Some(Severity::Warning) => Rank::Warning,
        _ if loads(app) => Rank::Warning,
        _ if blind => Rank::Unsure,
        Some(Severity::Info) => Rank::Info,
        None => Rank::Fine,
    }
}

/// The master that serves and the one that is to replace it, while both live.
fn generations(app: &App) -> Option<(&Master, &Master)> {
    let newest = app.living_masters().filter(|m| m.role != Role::Old).last()?;
    let old = app.living_masters().filter(|m| m.process.pid != newest.process.pid);
    let old = old.filter(|m| newest.parent == Some(m.process.pid) || m.role == Role::Old).last()?;
    Some((old, newest))
}

/// Whether a master that is to replace another is not ready yet.
fn loads(app: &App) -> bool {
    generations(app).is_some_and(|(_, new)| new.phase != Phase::Ready)
}

fn within_grace(app: &App, new: &Master, census: &Census) -> bool {
    new.process.age.get().is_some_and(|seconds| *seconds < grace(app, census))
}

fn plain(
    word: Word,
    what: impl Into<Line>,
    why: impl Into<Line>,
    next: impl Into<Line>,
) -> Headline<'static> {
    let lines @ [what, why, next] = &[what.into(), why.into(), next.into()];
    Headline {
        word,
        severity: None,
        what: what.fit(WIDTH),
        why: why.fit(WIDTH),
        next: next.fit(WIDTH),
        short: None,
        lines: lines.clone(),
        finding: None,
        app: None,
    }
}

fn of_finding<'a>(
    word: Word,
    finding: &'a Finding,
    app: &App,
    groups: &[super::causes::Group<'_>],
) -> Headline<'a> {
    let mine = groups.iter().find(|group| group.head().is_some_and(|h| std::ptr::eq(h, finding)));
    let effects = mine.iter().flat_map(|group| &group.members).map(|caused| caused.finding);
    let visible = effects
        .filter(|effect| {
            effect.severity <= finding.severity && finding.severity != Severity::Critical
        })
        .find(|effect| VISIBLE.contains(&effect.rule));
    let steps = steps(finding, app, groups);
    Headline {
        short: steps.as_ref().and_then(|steps| steps.short.clone()),
        severity: Some(mine.map_or(finding.severity, |group| group.severity)),
        finding: Some(finding),
        app: Some(finding.app.clone()),
        ..plain(
            word,
            visible.unwrap_or(finding).told.what.clone(),
            finding.told.why.clone(),
            steps.map_or_else(|| finding.told.next.clone(), |steps| steps.next),
        )
    }
}

fn release(master: &Master) -> String {
    let release = master.release.get().and_then(Option::as_deref);
    release.map_or_else(String::new, |name| format!(" on {}", named(name)))
}

/// A handover that is older than its grace and that no rule has told yet.
fn stuck(app: &App, census: &Census) -> Headline<'static> {
    let name = cut(&app.name, 16);
    let Some((old, new)) = generations(app) else {
        return plain(Word::Unsure, format!("{name}: its state was not seen"), "", "");
    };
    let (pid, next) = (old.process.pid, new.process.pid);
    let since = new.process.age.get().copied().unwrap_or(0);
    let line = plain(
        Word::Wrong,
        Line::new(format!("{name}: {next} still loads, {pid} serves")),
        Line::new(format!("it started {} ago", age(since)))
            .aside(format!("; a handover takes at most {}", age(grace(app, census)))),
        Line::new(format!("read the log of {next}; signal neither meanwhile")),
    );
    Headline { severity: Some(Severity::Warning), ..line }
}

fn none(census: &Census, asked: Option<&App>) -> Headline<'static> {
    if let Some(app) = asked {
        let name = cut(&app.name, 30);
        let headline = plain(
            Word::None,
            Line::new(format!("{name}: nothing serves it, and nothing says that something should")),
            Line::new(format!("{} processes looked at", census.seen.processes))
                .aside("; no pidfile of a killed master, no supervisor, no proxy asks for it"),
            "right for this host? check --allow-none; else start it by its service",
        );
        return Headline { app: Some(app.id.clone()), ..headline };
    }
    let host = census.host.get();
    let name = host.map_or("this machine".into(), |host| escaped(host.name.bytes()));
    let who = host.map_or("this user".into(), |host| {
        let known = host.users.iter().find(|user| user.uid == host.euid);
        known.map_or(format!("user {}", host.euid), |user| escaped(user.name.bytes()))
    });
    let seen = &census.seen;
    let partly = seen.is_partial() || !seen.closed.is_empty();
    plain(
        Word::None,
        Line::new("No application server was found")
            .aside(format!(" among what {who} may see"))
            .keep(format!(" on {}", cut(&name, 30))),
        Line::new(format!("{} processes looked at, {} fully", seen.processes, seen.members))
            .aside("; none is a server farrier knows"),
        if partly {
            "choose below; if a server should be here, see what could not be read"
        } else {
            "a server that starts appears here"
        },
    )
}

fn unsure(census: &Census, verdicts: &Verdicts, bar: Bar) -> Headline<'static> {
    let open = verdicts.open(bar);
    let reasons: Vec<_> = verdicts
        .0
        .iter()
        .filter(|answered| answered.is_open(bar))
        .flat_map(|answered| answered.lacked(bar.threshold))
        .collect();
    let denied = |lack: &Lack| matches!(lack, Lack::Refused(Refusal::Denied));
    let unreadable = reasons.iter().find(|blind| blind.why.is_unreadable());
    let seen = &census.seen;
    let why = match (unreadable.or(reasons.first()), &seen.hidden) {
        (Some(blind), _) => {
            Line::new(format!("{}: {}", blind.what, blind.why)).aside(format!(" ({})", blind.place))
        }
        (None, Some((place, lack))) => {
            Line::new(format!("processes are hidden: {lack}")).aside(format!(" ({place})"))
        }
        (None, None) => {
            Line::new(format!("{} could not be read", count(seen.denied, "command line")))
        }
    };
    let settled = reasons.iter().find_map(|blind| match &blind.why {
        Lack::Settled { by, .. } => Some(format!("decide it {by}")),
        _ => None,
    });
    let next = if let Some(settled) = &settled {
        settled
    } else if reasons.iter().any(|blind| denied(&blind.why)) || seen.is_partial() {
        "look again as root: that decides what was not permitted"
    } else if unreadable.is_some() {
        "look again; what stays undecided is listed with its place"
    } else {
        "no grant decides these: only the server evaluates its own settings"
    };
    plain(
        Word::Unsure,
        Line::new("Nothing wrong was found").keep(if open.is_empty() {
            ", but not all processes were seen".to_owned()
        } else {
            format!("; {} of {} rules could not be decided", open.len(), RULES.len())
        }),
        why,
        next,
    )
}
