//! `env-overgrown`: the environment that the next re-execution inherits has grown with each one before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::contract::line::{Line, cut, named, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::environ::Environ;
use crate::model::{Layout, Master};
use crate::os::{Text, shown};
use crate::rules::config;

/// The card.
pub const RULE: Rule = Rule {
    name: "env-overgrown",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The environment that the next re-execution inherits has grown with each one before.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A re-executed master inherits the environment of the one before, and Bundler, a version manager or a wrapper puts
its own directories and options in front once more. Nothing takes the older ones away.

## Why it matters

Commands and libraries are looked for in directories of releases that are gone, Ruby loads `bundler/setup` several
times, and after enough upgrades the start fails with `Argument list too long`.

## How farrier decides

It looks at the environment that the master hands on: the one in its memory, else the one that it was started
with. It fires where an entry stands three times or more in `PATH`, where `RUBYOPT` requires `bundler/setup` more
than once, where `PATH`, `RUBYLIB`, `GEM_PATH` or `RUBYOPT` lead into a release that is gone, or where all
variables together take more than 64 KiB.

## When it stays silent

An entry that stands twice is harmless: a login shell does that. An entry of `releases/` that is a link to the live
release is there. Where nothing shows that USR2 is used here it is only information.

## How to fix it

Set the variables in `before_exec` of the configuration, so that each generation starts with the same. A stop and a
start by the supervisor begins with a clean environment at once.
";

/// As much as no start gives by itself.
const LARGEST: usize = 64 * 1024;

/// From how often on an entry of `PATH` was put there again and again.
const OFTEN: usize = 3;

/// What has grown.
struct Growth {
    /// For a list, at most 36 columns.
    short: String,
    /// What was seen.
    seen: String,
    /// The variable, and what it should hold; `None`: it is the whole.
    mended: Option<(&'static str, String)>,
}

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        let Some(environ) = look.of(pid, "environment", master.process.hands_on()) else {
            continue;
        };
        let layout = look.at("the releases", &look.app().layout).and_then(Option::as_ref);
        let mut grown = gone(look, layout, environ);
        grown.extend(repeated(environ));
        grown.extend(required(environ));
        if environ.size > LARGEST {
            let kib = environ.size / 1024;
            grown.push(Growth {
                short: format!("an environment of {kib} KiB"),
                seen: format!("all variables together take {kib} KiB"),
                mended: None,
            });
        }
        if !grown.is_empty() {
            report(look, master, environ, grown);
        }
    }
}

/// The entries of a list of directories.
fn entries<'e>(environ: &'e Environ, name: &str) -> Vec<&'e [u8]> {
    let value = environ.value(name).map(Text::bytes).unwrap_or_default();
    value.split(|byte| *byte == b':').filter(|entry| !entry.is_empty()).collect()
}

/// The options of `RUBYOPT`.
fn options(environ: &Environ) -> Vec<&[u8]> {
    let value = environ.value("RUBYOPT").map(Text::bytes).unwrap_or_default();
    value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

fn path(bytes: &[u8]) -> PathBuf {
    Text::new(bytes).path().to_path_buf()
}

/// Entries that lead into releases that are gone, each variable once.
fn gone(look: &mut Look<'_>, layout: Option<&Layout>, environ: &Environ) -> Vec<Growth> {
    let Some(layout) = layout else { return Vec::new() };
    let mut found = Vec::new();
    for (name, joined) in [("PATH", ":"), ("RUBYLIB", ":"), ("GEM_PATH", ":"), ("RUBYOPT", " ")] {
        let all = if name == "RUBYOPT" { options(environ) } else { entries(environ, name) };
        let release_of = |entry: &[u8]| {
            let entry = entry.strip_prefix(b"-r").unwrap_or(entry);
            layout.release_of(&path(entry))
        };
        if !all.iter().any(|entry| release_of(entry).is_some()) {
            continue;
        }
        if look.at("the releases", &layout.releases).is_none() {
            continue;
        }
        let dead = |entry: &[u8]| release_of(entry).filter(|name| layout.release(name).is_none());
        let Some((first, release)) =
            all.iter().find_map(|entry| dead(entry).map(|release| (*entry, release)))
        else {
            continue;
        };
        let kept: Vec<&[u8]> = all.iter().copied().filter(|entry| dead(entry).is_none()).collect();
        found.push(Growth {
            short: format!("{name} of {}, gone", named(&release)),
            seen: format!("{name} has {}, and {release} is gone", shown(&path(first))),
            mended: Some((name, list(&kept, joined))),
        });
    }
    found
}

/// Entries that stand in `PATH` again and again.
fn repeated(environ: &Environ) -> Option<Growth> {
    let all = entries(environ, "PATH");
    let mut times: BTreeMap<&[u8], usize> = BTreeMap::new();
    for entry in &all {
        *times.entry(entry).or_default() += 1;
    }
    let (entry, most) = times.iter().max_by_key(|(_, times)| **times)?;
    let directory = shown(&path(entry));
    (*most >= OFTEN).then(|| Growth {
        short: format!("a PATH with {} {most} times", tail(&directory, 16)),
        seen: format!("{directory} stands {most} times in PATH"),
        mended: Some(("PATH", list(&all, ":"))),
    })
}

/// `bundler/setup`, required more than once.
fn required(environ: &Environ) -> Option<Growth> {
    let all = options(environ);
    let is_setup = |word: &&&[u8]| word.ends_with(b"bundler/setup");
    let times = all.iter().filter(is_setup).count();
    let last = all.iter().rposition(|word| word.ends_with(b"bundler/setup"));
    let once = all.iter().enumerate().filter(|(at, word)| !is_setup(word) || Some(*at) == last);
    (times > 1).then(|| Growth {
        short: format!("{times} bundler/setup in RUBYOPT"),
        seen: format!("RUBYOPT requires bundler/setup {times} times"),
        mended: Some(("RUBYOPT", list(&once.map(|(_, word)| *word).collect::<Vec<_>>(), " "))),
    })
}

/// The entries, each once, in their order.
fn list(entries: &[&[u8]], joined: &str) -> String {
    let mut once: Vec<&[u8]> = Vec::new();
    for entry in entries {
        if !once.contains(entry) {
            once.push(entry);
        }
    }
    let words: Vec<String> = once.into_iter().map(|entry| Text::new(entry).to_string()).collect();
    words.join(joined)
}

fn report(look: &mut Look<'_>, master: &Master, environ: &Environ, grown: Vec<Growth>) {
    let app = look.app();
    let pid = master.process.pid;
    let place = &master.process.hands_on().place;
    let severity = if app.uses_reexec() { Severity::Warning } else { Severity::Info };
    let short = grown.first().map(|growth| growth.short.clone()).unwrap_or_default();
    let mut finding = look
        .finding(severity, format!("{pid} hands on {}", cut(&short, 36)))
        .about(pid)
        .told(
            Line::new(format!("{}: the environment has overgrown", cut(&app.name, 16))),
            Line::new(format!("{pid} hands on {}", cut(&short, 36))),
            Line::new("reset it in before_exec").aside(", or stop and start once"),
        )
        .leads_to("It grows with each USR2, until a start fails: Argument list too long.");
    let mut named = Vec::new();
    for growth in grown {
        finding = finding.seen(growth.seen, place.clone());
        // Of one variable the first is the one without dead releases.
        if let Some((name, value)) = growth.mended
            && !named.contains(&name)
        {
            named.push(name);
            finding = finding.fix(format!(
                "# in before_exec of {}: ENV[\"{name}\"] = \"{value}\"",
                config::file_of(app, master)
            ));
        }
    }
    if finding.fix.is_empty() {
        let size = environ.variables.len();
        finding = finding
            .fix(format!("# look which of its {size} variables are large; delete them there"));
    }
    look.found(finding.for_good("a stop and a start begins with a clean environment"));
}
