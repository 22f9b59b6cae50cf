//! The three lines that say what is wrong, why, and what comes next: the top of `check` and of the screen.

mod last;

use unicode_width::UnicodeWidthStr as _;

use self::last::last;
use super::causes::groups;
use super::line::{Line, WIDTH, age, count, cut, named};
use super::{Finding, RULES, Severity, Verdict, Verdicts, usr2};
use crate::facts::Lack;
use crate::model::handover::grace;
use crate::model::{App, AppId, Census, Master, Operation, Phase, Role};
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

/// The headline. Each line has at most 70 columns.
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
    /// The finding that it speaks of: the cursor starts there.
    pub finding: Option<&'a Finding>,
    /// The app that it speaks of.
    pub app: Option<AppId>,
}

/// The headline while the first look is not done.
pub fn looking() -> Headline<'static> {
    plain(Word::Look, "reading processes", "", "")
}

/// The headline of a look.
pub fn headline<'a>(census: &Census, verdicts: &'a Verdicts) -> Headline<'a> {
    let groups = groups(verdicts);
    let mut apps: Vec<(Rank, &App)> =
        census.apps.iter().map(|app| (rank(app, census, verdicts), app)).collect();
    apps.sort_by(|(a, one), (b, other)| (a, &one.name, &one.id).cmp(&(b, &other.name, &other.id)));
    let Some((rank, app)) = apps.first().copied() else { return none(census) };
    let head =
        groups.iter().filter_map(super::causes::Group::head).find(|finding| finding.app == app.id);
    let found = |word| match head {
        Some(finding) => of_finding(word, finding, &groups),
        None => stuck(app, census),
    };
    let mut line = match rank {
        Rank::Down => found(Word::Down),
        Rank::Warning if loads(app) && head.is_none_or(|f| f.severity == Severity::Info) => {
            stuck(app, census)
        }
        Rank::Critical | Rank::Warning => found(Word::Wrong),
        Rank::Moving => moving(app, census),
        Rank::Unsure => unsure(census, verdicts),
        Rank::Info => found(Word::Note),
        Rank::Fine if census.seen.hidden.is_some() => unsure(census, verdicts),
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
            line.what = Line::new(line.what).aside(beside).into();
        }
    }
    if !matches!(line.word, Word::Unsure | Word::Fine) {
        line.app = Some(app.id.clone());
    }
    line
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

fn rank(app: &App, census: &Census, verdicts: &Verdicts) -> Rank {
    let mine = verdicts.0.iter().filter(|answered| answered.app == app.id);
    let mut blind = false;
    let mut worst = None;
    let mut dead = false;
    for answered in mine {
        match &answered.verdict {
            Verdict::Found(findings, _) => {
                dead |= answered.rule == "master-dead";
                worst = worst.into_iter().chain(findings.iter().map(|f| f.severity)).min();
            }
            Verdict::Blind(_) => blind = true,
            Verdict::Fine | Verdict::NotHere => {}
        }
    }
    let young = generations(app).map(|(_, new)| within_grace(app, new, census));
    match worst {
        _ if dead => Rank::Down,
        Some(Severity::Critical) => Rank::Critical,
        _ if young == Some(true) => Rank::Moving,
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
    what: impl Into<String>,
    why: impl Into<String>,
    next: impl Into<String>,
) -> Headline<'static> {
    Headline {
        word,
        severity: None,
        what: what.into(),
        why: why.into(),
        next: next.into(),
        finding: None,
        app: None,
    }
}

fn of_finding<'a>(
    word: Word,
    finding: &'a Finding,
    groups: &[super::causes::Group<'_>],
) -> Headline<'a> {
    let mine = groups.iter().find(|group| group.head().is_some_and(|h| std::ptr::eq(h, finding)));
    Headline {
        severity: Some(mine.map_or(finding.severity, |group| group.severity)),
        finding: Some(finding),
        app: Some(finding.app.clone()),
        ..plain(
            word,
            finding.told.what.clone(),
            finding.told.why.clone(),
            before_upgrade(finding, groups).unwrap_or_else(|| finding.told.next.clone()),
        )
    }
}

/// What has to be mended first, where the finding itself asks for an upgrade and another says that it would not come up
/// as it is meant.
fn before_upgrade(finding: &Finding, groups: &[super::causes::Group<'_>]) -> Option<String> {
    super::rule(finding.rule).filter(|rule| rule.offers == Some(Operation::Upgrade))?;
    let members = groups.iter().flat_map(|group| &group.members).map(|caused| caused.finding);
    let spoils = |other: &&Finding| {
        other.app == finding.app
            && other.severity <= Severity::Warning
            && usr2::AGAINST.contains(&other.rule)
    };
    let first = members.filter(spoils).min_by_key(|other| other.severity)?;
    if usr2::AGAINST.contains(&finding.rule) {
        return None;
    }
    let next = &first.told.next;
    let both = format!("{next}; then upgrade");
    Some(if next.contains("upgrade") {
        next.clone()
    } else if both.width() <= WIDTH {
        both
    } else {
        format!("mend {} first, then upgrade", first.rule)
    })
}

fn release(master: &Master) -> String {
    let release = master.release.get().and_then(Option::as_deref);
    release.map_or_else(String::new, |name| format!(" on {}", named(name)))
}

fn moving(app: &App, census: &Census) -> Headline<'static> {
    let Some((old, new)) = generations(app) else { return stuck(app, census) };
    let (pid, next) = (old.process.pid, new.process.pid);
    let name = cut(&app.name, 16);
    let since = new.process.age.get().copied().unwrap_or(0);
    let bound = grace(app, census);
    let (what, wait) = if new.phase == Phase::Ready {
        (
            Line::new(format!("{name}: {next} is ready, {pid} still serves beside it")),
            Line::new(format!("wait until {pid} is retired"))
                .aside(", by the hook, the deploy or by hand"),
        )
    } else {
        (
            Line::new(format!("{name}: {pid} serves, {next} loads")),
            Line::new(format!("wait until {next} is ready; signal neither meanwhile")),
        )
    };
    plain(
        Word::Moving,
        what,
        Line::new(format!("{next}{} started", release(new)))
            .keep(format!(" {} ago, of at most {}", age(since), age(bound)))
            .aside(format!("; {pid}{}", release(old))),
        wait,
    )
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

fn none(census: &Census) -> Headline<'static> {
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
            "if a server should be here, see what could not be read"
        } else {
            "a server that starts appears here"
        },
    )
}

fn unsure(census: &Census, verdicts: &Verdicts) -> Headline<'static> {
    let asked = Asked::of(verdicts);
    let reasons: Vec<_> = verdicts.undecided().flat_map(|(_, blind)| blind).collect();
    let denied = |lack: &Lack| matches!(lack, Lack::Refused(Refusal::Denied));
    let unreadable = reasons.iter().find(|blind| blind.why.is_unreadable());
    let hidden = census.seen.hidden.as_ref();
    let why = match (unreadable.or(reasons.first()), hidden) {
        (Some(blind), _) => {
            Line::new(format!("{}: {}", blind.what, blind.why)).aside(format!(" ({})", blind.place))
        }
        (None, Some((place, lack))) => {
            Line::new(format!("processes are hidden: {lack}")).aside(format!(" ({place})"))
        }
        (None, None) => Line::new(""),
    };
    let next = if reasons.iter().any(|blind| denied(&blind.why)) || hidden.is_some() {
        "look again as root: that decides what was not permitted"
    } else if reasons.iter().any(|blind| blind.why.is_unreadable()) {
        "look again; what stays undecided is listed with its place"
    } else {
        "no grant decides these: only the server evaluates its own settings"
    };
    plain(
        Word::Unsure,
        Line::new("Nothing wrong was found").keep(if asked.blind == 0 {
            ", but not all processes were seen".to_owned()
        } else {
            format!("; {} of {} rules could not be decided", asked.blind, RULES.len())
        }),
        why,
        next,
    )
}

fn fine(census: &Census, verdicts: &Verdicts) -> Headline<'static> {
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
    plain(
        Word::Fine,
        Line::new(format!("{} rules asked about {}", RULES.len(), count(census.apps.len(), "app")))
            .aside(format!(": {} fine, {} not here, 0 blind", asked.fine, asked.not_here)),
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
