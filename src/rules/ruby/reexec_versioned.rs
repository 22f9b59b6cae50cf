//! `reexec-versioned`: the program of the next re-execution lies inside one Ruby version's or one release's directory.

use crate::contract::line::{Line, cut, named, tail};
use crate::contract::{Finding, Look, Need, Rule, Severity};
use crate::deploy::ruby::{self, Pinned};
use crate::facts::files::Spot;
use crate::model::{Layout, Lock, Master};
use crate::os::shown;
use crate::rules::config::{self, Unseen};

/// The card.
pub const RULE: Rule = Rule {
    name: "reexec-versioned",
    needs: &[Need::Reexec],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The program of the next re-execution lies inside one Ruby version's or one release's directory.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A master executes at USR2 the program of its first start, by its path. That path leads through the directory of one
Ruby version, or of one release.

## Why it matters

After an upgrade of Ruby each USR2 starts the old one again, and the new code may not run with it. Once the clean-up
deletes the release, or somebody the old Ruby, every USR2 comes to nothing.

## How farrier decides

It takes the program of the next re-execution and looks at its path as it is: an entry of `releases/`, or a
directory that a version manager, RubyGems or Bundler names by Ruby's version. It warns where the release is not the
one that `current` names, or the live release's lock file asks for another Ruby; where neither is so it is
information.

## When it stays silent

A path through `current`, a wrapper outside, and an entry of `releases/` that is a link to the live release are
right. A program that is gone is another rule's (`reexec-missing`). Where nothing shows that USR2 is used here it is
only information.

## How to fix it

Let the configuration name a program that stays: `Unicorn::HttpServer::START_CTX[0] = \"/path/to/current/bin/unicorn\"`,
a binstub in the release or a wrapper that chooses the Ruby. Then HUP, so that the running master knows it, and USR2.
";

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        let Some(program) = look.of_restart(pid, "restart program", &master.restart.program) else {
            continue;
        };
        let Some(layout) = look.at("the releases", &look.app().layout) else { continue };
        let layout = layout.as_ref();
        let release = layout.and_then(|layout| Some((layout, layout.release_of(&program.path)?)));
        let pinned = ruby::pinned(&program.path);
        if (release.is_none() && pinned.is_none())
            || look.absent("the program", program) != Some(false)
        {
            continue;
        }
        match release {
            Some((layout, release)) => in_release(look, master, program, layout, &release),
            None => in_version(look, master, program, layout, pinned),
        }
    }
}

fn in_release(
    look: &mut Look<'_>,
    master: &Master,
    program: &Spot,
    layout: &Layout,
    release: &str,
) {
    if look.at("the releases", &layout.releases).is_none()
        || look.at("what current is", &layout.current.state).is_none()
    {
        return;
    }
    let rescued = layout.release(release).is_some_and(|release| release.link_to.is_some());
    if rescued {
        return;
    }
    let current = layout.current_release();
    let is_current = current == Some(release);
    let mut finding = begun(look, master, program, !is_current, &format!("release {release}"));
    finding = finding.told(
        Line::new(format!("{}: the next USR2 runs a program of", cut(&look.app().name, 16)))
            .keep(format!(" {}", named(release))),
        Line::new(tail(&shown(&program.path), 70)),
        Line::new("set START_CTX[0] to a path through current").aside(", as the fix says"),
    );
    if let Some(current) = current {
        finding =
            finding.seen(format!("current names {current}"), layout.current.state.place.clone());
    }
    finding.leads_to =
        format!("Once the clean-up deletes {}, every USR2 comes to nothing.", named(release));
    end(look, master, finding);
}

fn in_version(
    look: &mut Look<'_>,
    master: &Master,
    program: &Spot,
    layout: Option<&Layout>,
    pinned: Option<Pinned>,
) {
    let Some(pinned) = pinned else { return };
    let Ok(locked) = wanted(look, master, layout) else { return };
    let asked = locked.and_then(|lock| Some((lock, ruby::asked_for(lock.ruby.as_deref()?)?)));
    let another = asked.filter(|(_, version)| !pinned.serves(version));
    let version = &pinned.version;
    let mut finding = begun(look, master, program, another.is_some(), &format!("Ruby {version}"));
    finding = finding.told(
        Line::new(format!("{}: the next USR2 runs a program of", cut(&look.app().name, 16)))
            .keep(format!(" Ruby {}", cut(version, 12))),
        match another {
            Some((_, asked)) => Line::new(format!("the live release asks for {}", cut(asked, 12)))
                .aside(format!("; {}", tail(&shown(&program.path), 30))),
            None => Line::new(tail(&shown(&program.path), 70)),
        },
        Line::new("let START_CTX[0] be a wrapper that chooses the Ruby"),
    );
    if let Some((lock, asked)) = another {
        finding =
            finding.seen(format!("RUBY VERSION is {asked}"), crate::facts::Place::path(&lock.path));
    }
    finding.leads_to = match another {
        Some((_, asked)) => {
            format!("The code that asks for Ruby {asked} is started with {version}.")
        }
        None => format!("After an upgrade of Ruby each USR2 starts {version} again."),
    };
    end(look, master, finding);
}

/// The lock file of the release that the next re-execution runs.
fn wanted<'a>(
    look: &mut Look<'_>,
    master: &'a Master,
    layout: Option<&'a Layout>,
) -> Result<Option<&'a Lock>, Unseen> {
    if let Some(layout) = layout {
        look.at("what current is", &layout.current.state).ok_or(Unseen)?;
        look.at("the releases", &layout.releases).ok_or(Unseen)?;
        let live = layout.current_release().and_then(|name| layout.release(name));
        return match live {
            Some(live) => Ok(look.at("its lock file", &live.lock).ok_or(Unseen)?.as_ref()),
            None => Ok(None),
        };
    }
    let gemfile = look.of_restart(master.process.pid, "restart Gemfile", &master.restart.gemfile);
    match gemfile.ok_or(Unseen)? {
        Some(gemfile) => Ok(look.at("its lock file", &gemfile.lock).ok_or(Unseen)?.as_ref()),
        None => Ok(None),
    }
}

fn begun(look: &Look<'_>, master: &Master, program: &Spot, bites: bool, of: &str) -> Finding {
    let app = look.app();
    let severity = if bites && app.uses_reexec() { Severity::Warning } else { Severity::Info };
    look.finding(severity, format!("the next USR2 runs a program of {}", cut(of, 22)))
        .about(master.process.pid)
        .at_path(&program.path)
        .seen(
            format!("the next re-execution runs {}", shown(&program.path)),
            &master.restart.program.place,
        )
}

fn end(look: &mut Look<'_>, master: &Master, mut finding: Finding) {
    let app = look.app();
    let wrapper = match app.layout.get() {
        Some(Some(layout)) => layout.current.path.join("bin/unicorn"),
        _ => app.root.join("bin/unicorn"),
    };
    let setting = format!("Unicorn::HttpServer::START_CTX[0] = \"{}\"", shown(&wrapper));
    finding = finding.fix("# commit bin/unicorn to the app first (bundle binstubs unicorn)");
    finding.fix.extend(config::mended(app, master, "", &setting));
    look.found(finding.for_good("commit a binstub or a wrapper, and start the server by it"));
}
