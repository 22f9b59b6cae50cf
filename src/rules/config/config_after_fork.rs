//! `config-after-fork`: the master loads the app with its database, and no hook gives workers connections of their own.

use std::path::Path;

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Blind, Look, Need, Rule, Severity};
use crate::facts::{Lack, Place};
use crate::model::{Lock, Master, Phase};
use crate::os::shown;
use crate::rules::config::{self, Unseen};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-after-fork",
    needs: &[Need::StartContext],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The master loads the app with its database, and no hook gives workers connections of their own.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

With `preload_app true` the master loads the app and its database adapter. A connection that is open then is
inherited by every worker: one socket, several processes that speak on it.

## Why it matters

Answers of the database reach the wrong worker: `PG::UnableToSend`, `decryption failed or bad record mac`,
`Lost connection`, and at worst another user's data.

## How farrier decides

The configuration that runs preloads; the master has a database adapter mapped (`pg_ext.so`, `mysql2.so`, …); no
`after_fork` connects anew, no `before_fork` disconnects. Then either the running release's lock file has Active
Record before 5.2, or the master has a connection to a database open now.

## When it stays silent

Active Record 5.2 and newer gives each worker connections of its own. SQLite has no connection. A hook that calls code
that stands elsewhere, as in `Shop.after_fork`, is not decided. A database at an unusual port is not known as one.

## How to fix it

In the configuration, in the hooks that are there (a second one would replace the first):

    before_fork { |_, _| ActiveRecord::Base.connection.disconnect! }
    after_fork { |_, _| ActiveRecord::Base.establish_connection }

For Sequel: `DB.disconnect` in `before_fork`. Then HUP where nothing newer is deployed, else an upgrade.
";

/// The first Active Record that discards its parent's connections after a fork.
const SAFE: (u32, u32) = (5, 2);

fn check(look: &mut Look<'_>) {
    for master in look.app().upgradable() {
        let pid = master.process.pid;
        if master.phase != Phase::Ready {
            continue;
        }
        let Some(loaded) = look.of(pid, "configuration", &master.loaded) else { continue };
        let preload = config::evaluated(look, master, loaded, "preload_app", &loaded.preload_app);
        if !matches!(preload, Ok(Some(true))) {
            continue;
        }
        let Some(maps) = look.of(pid, "mapped files", &master.process.maps) else { continue };
        let Some(adapter) = maps.iter().map(|m| m.path.as_path()).find(|path| is_adapter(path))
        else {
            continue;
        };
        let Ok(locked) = lock_of(look, master) else { continue };
        let record = locked.and_then(|lock| Some((lock, lock.gems.get("activerecord")?)));
        if record.is_some_and(|(_, version)| !is_before(version, SAFE)) {
            continue;
        }
        let Some(open) = look.of(pid, "database connections", &master.databases) else { continue };
        if record.is_none() && open.is_empty() {
            continue;
        }
        let hook = config::evaluated(look, master, loaded, "after_fork", &loaded.reconnects);
        if matches!(hook, Ok(None)) {
            report(look, master, adapter, record);
        }
    }
}

/// An extension that speaks with a database server.
fn is_adapter(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_trilogy = || path.components().any(|part| part.as_os_str() == "trilogy");
    matches!(name, "pg_ext.so" | "mysql2.so" | "tiny_tds.so")
        || (name.starts_with("oci8lib") && Path::new(name).extension().is_some_and(|e| e == "so"))
        || (name == "cext.so" && is_trilogy())
}

/// Whether a gem's version comes before another; one that is no number does not.
fn is_before(version: &str, other: (u32, u32)) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let Some(major) = parts.next() else { return false };
    (major, parts.next().unwrap_or(0)) < other
}

/// The lock file of the code that runs; `None`: it has none.
fn lock_of<'a>(look: &mut Look<'a>, master: &'a Master) -> Result<Option<&'a Lock>, Unseen> {
    let pid = master.process.pid;
    let layout = look.at("the releases", &look.app().layout).ok_or(Unseen)?.as_ref();
    let release = look.of(pid, "release", &master.release).ok_or(Unseen)?.as_deref();
    let locked = if let Some((layout, name)) = layout.zip(release) {
        look.at("the releases", &layout.releases).ok_or(Unseen)?;
        let Some(release) = layout.release(name) else {
            look.cannot_see(Blind {
                what: format!("the lock file of {name}"),
                place: Place::path(&layout.releases_directory.join(name)),
                why: Lack::Depends("a release that is gone".into()),
                pid: None,
            });
            return Err(Unseen);
        };
        &release.lock
    } else {
        let gemfile = look.of(pid, "restart Gemfile", &master.restart.gemfile).ok_or(Unseen)?;
        let Some(gemfile) = gemfile else { return Ok(None) };
        &gemfile.lock
    };
    look.at("its lock file", locked).map(Option::as_ref).ok_or(Unseen)
}

fn report(look: &mut Look<'_>, master: &Master, adapter: &Path, record: Option<(&Lock, &String)>) {
    let app = look.app();
    let pid = master.process.pid;
    let open = master.databases.get().map(Vec::as_slice).unwrap_or_default();
    let file = adapter.file_name().map(|name| shown(name.as_ref())).unwrap_or_default();
    let mut finding =
        look.finding(Severity::Warning, "no hook reconnects workers to the database".to_owned())
            .about(pid)
            .told(
                Line::new(format!("{}: workers may share one", cut(&app.name, 16)))
                    .keep(" database connection"),
                match open.first() {
                    Some(connection) => Line::new(format!("{pid} preloads, and is connected to"))
                        .keep(format!(" {}", tail(&connection.to, 26))),
                    None => Line::new(format!("{pid} preloads {file}"))
                        .aside(", and no hook connects anew"),
                },
                Line::new("connect anew in after_fork").aside(", as the fix says"),
            )
            .seen(format!("{pid} has {} mapped", shown(adapter)), &master.process.maps.place);
    if let Some(config) = master.loaded.get() {
        let line = config.preload_app.line().unwrap_or(1);
        finding = finding
            .seen("preload_app is true", Place::line(&config.file.path, line))
            .seen("no hook connects anew or disconnects", Place::path(&config.file.path));
    }
    if let Some((lock, version)) = record {
        finding = finding
            .seen(format!("Active Record is {version}, before 5.2"), Place::path(&lock.path));
    }
    for connection in open {
        finding = finding
            .seen(format!("{pid} is connected to {}", connection.to), connection.place.clone());
    }
    finding = finding.leads_to(
        "Answers of the database reach the wrong worker: errors, or another user's data.",
    );
    // A second hook of a kind would replace the first: the line belongs into the one that may be there.
    let (at, line) = if record.is_some() {
        ("after_fork of ", "ActiveRecord::Base.establish_connection")
    } else {
        ("before_fork of ", "disconnect, as the app's library has it (Sequel: DB.disconnect)")
    };
    finding.fix = config::mended(app, master, at, line);
    look.found(finding.for_good("or Active Record 5.2 and newer, which does it by itself"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, wanted) in [
            ("5.1.7", true),
            ("4.2.11.3", true),
            ("5", true),
            ("5.2.0.rc1", false),
            ("5.2.8.1", false),
            ("7.1.3", false),
            ("10.0", false),
            ("x", false),
        ] {
            assert_eq!(is_before(version, SAFE), wanted, "{version}");
        }
    }

    #[test]
    fn adapters() {
        for (path, wanted) in [
            ("/b/ruby/3.1.0/gems/pg-1.5.4/lib/pg_ext.so", true),
            ("/b/ruby/3.1.0/extensions/x86_64-linux/3.1.0/mysql2-0.5.5/mysql2/mysql2.so", true),
            ("/b/ruby/3.1.0/gems/trilogy-2.7.0/lib/trilogy/cext.so", true),
            ("/b/ruby/3.1.0/gems/ruby-oci8-2.2/lib/oci8lib_310.so", true),
            ("/b/ruby/3.1.0/gems/sqlite3-1.6/lib/sqlite3/sqlite3_native.so", false),
            ("/b/ruby/3.1.0/gems/other-1.0/lib/cext.so", false),
            ("/usr/lib/x86_64-linux-gnu/libpq.so.5", false),
        ] {
            assert_eq!(is_adapter(Path::new(path)), wanted, "{path}");
        }
    }
}
