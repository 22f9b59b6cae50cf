//! One look at a machine: scan all processes, recognise servers, read their trees deeply, make a census.

mod adopt;
mod apps;
mod config;
mod connections;
mod contexts;
mod cores;
mod directories;
mod extensions;
mod freezer;
mod group;
mod holders;
mod idle;
mod left;
mod leftovers;
mod listeners;
mod log;
mod masterless;
mod masters;
mod missed;
mod named;
mod once;
mod outputs;
mod pidfiles;
mod place;
mod proxied;
mod python;
mod read;
mod realm;
mod reexecuting;
mod remains;
mod restart;
mod roles;
mod roots;
mod scan;
mod sizes;
mod standing;
mod supervisor;
pub mod target;
mod threads;
mod torn;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::facts::{Fact, Lack, Place};
use crate::model::{App, Census, Limits, Process, Searched, Seen};
use crate::os::{Ask, Clock, Found, Host, Pid, Refusal, Source};

use crate::contract::{Part, Server};
use crate::servers::effort;

use adopt::{Adopted, Member};
use contexts::Contexts;
use once::Once;
use read::Setting;
pub use scan::is_server;
use scan::{Scan, Scanned};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Deploy roots or pidfiles that are to be looked at even if nothing serves them (TARGETs, settings).
    pub roots: Vec<PathBuf>,
    /// Thresholds.
    pub limits: Limits,
    /// Read proportional set sizes too: dear, for the screen only.
    pub memory: bool,
    /// The time zone that times are told in; none: UTC.
    pub zone: Option<jiff::tz::TimeZone>,
    /// The file that takes the audit log's lines, where the settings name one.
    pub audit: Option<PathBuf>,
    /// Read the live environments of workers too: for the screen and for recordings.
    pub live: bool,
}

/// Takes looks at one machine, and remembers between them what need not be read again.
#[derive(Default)]
pub struct Surveyor {
    scan: Scan,
    contexts: Contexts,
}

/// Takes one look.
pub fn survey(source: &dyn Source, wish: &Wish) -> Census {
    Surveyor::default().look(source, wish)
}

impl Surveyor {
    /// Forgets what is kept between looks because it is dear to read.
    pub fn forget(&mut self) {
        self.contexts.forget();
    }

    /// Takes a look; one that turns out to be of two moments is taken once more.
    pub fn look(&mut self, source: &dyn Source, wish: &Wish) -> Census {
        effort::begin();
        let (census, torn) = self.look_once(source, wish);
        if !torn {
            return census;
        }
        self.scan = Scan::default();
        self.look_once(source, wish).0
    }

    fn look_once(&mut self, source: &dyn Source, wish: &Wish) -> (Census, bool) {
        let once = Once::new(source);
        let host: Fact<Host> = once.fact(&Ask::Host, |found| match found {
            Found::Host(host) => Ok(*host),
            _ => Err(Lack::Malformed("another kind of answer")),
        });
        let clock = match once.one(&Ask::Clock) {
            Ok(Found::Clock(clock)) => Some(clock),
            _ => None,
        };
        let scanned = self.scan.pass(source);
        if !scanned.recognised.is_empty() {
            source.begin(&Ask::Flocks);
        }
        let setting =
            Setting { once: &once, host: host.get(), clock, memory: wish.memory, live: wish.live };
        let members = members(&setting, &scanned);
        let kept: Vec<Pid> = members.keys().copied().collect();
        let mut adopted = adopt::adopt(&once, &scanned, members);
        self.contexts.look(source, &mut adopted.trees);
        let seen = seen(&scanned, &adopted, host.get());
        let idle = idle::roots(&once);
        let apps = apps::apps(&setting, &self.contexts, adopted, &wish.roots, &idle);
        let named = named::look(&setting, &apps, &wish.roots);
        let mut census = Census {
            taken_at: clock
                .and_then(|clock| Timestamp::from_nanosecond(i128::from(clock.wall)).ok())
                .unwrap_or(Timestamp::UNIX_EPOCH),
            boot_time: clock.map_or(0, |clock: Clock| clock.boot),
            apps,
            limits: wish.limits,
            zone: wish.zone.clone().unwrap_or(jiff::tz::TimeZone::UTC),
            seen: Seen { named, ..seen },
            host,
        };
        sizes::look(&once, &mut census);
        left::look(&once, &mut census, wish.audit.as_deref());
        if !census.apps.iter().any(App::is_judged) {
            idle.tell(&once, &mut census.seen);
        }
        source.keep_only(&kept);
        let torn = torn::is_torn(source, &scanned, &census);
        (census, torn)
    }
}

/// Reads every recognised process, and the workers that only their masks give away.
fn members(setting: &Setting<'_>, scanned: &Scanned) -> BTreeMap<Pid, Member> {
    let once = setting.once;
    once.fetch(
        scanned
            .recognised
            .iter()
            .flat_map(|(pid, (_, recognised, _))| setting.asks(*pid, recognised.part))
            .collect(),
    );
    let mut members = BTreeMap::new();
    let mut untitled = Vec::new();
    for (pid, (server, recognised, _)) in &scanned.recognised {
        let Some(process) = setting.process(*pid, recognised.part) else { continue };
        if !recognised.certain && !confirmed(server, recognised.part, &process)
            || recognised.certain && refuted(server, &process)
        {
            continue;
        }
        let may_hide = server.keeps_start_context && !matches!(recognised.part, Part::Worker(_));
        if may_hide {
            let found = adopt::untitled_workers(once, scanned, *pid);
            untitled.extend(found.into_iter().map(|child| (child, *server)));
        }
        let mut recognised = recognised.clone();
        if let (Part::Raw, Some(part), Some(status)) =
            (recognised.part, server.untitled, process.status.get())
        {
            recognised.part = part(status);
        }
        members.insert(*pid, Member { process, server, recognised });
    }
    let worker = Part::Worker(None);
    once.fetch(untitled.iter().flat_map(|(pid, _)| setting.asks(*pid, worker)).collect());
    for (pid, server) in untitled {
        if let Some(process) = setting.process(pid, worker) {
            members.insert(pid, adopt::as_worker(server, process));
        }
    }
    let masters =
        members.values().filter(|m: &&Member| matches!(m.recognised.part, Part::Master { .. }));
    let executed: Vec<Member> = masters
        .flat_map(|master| reexecuting::reexecuting(setting, scanned, master))
        .filter(|member| !members.contains_key(&member.process.pid))
        .collect();
    members.extend(executed.into_iter().map(|member| (member.process.pid, member)));
    members
}

/// A title that other software could have written counts only with the server's own library in memory; a raw command
/// line only with its signal handlers too: a console of the app maps the library as well.
fn confirmed(server: &Server, part: Part, process: &Process) -> bool {
    let Some(library) = server.library else { return true };
    let maps = process.maps.get();
    let mapped = maps.is_some_and(|maps| {
        maps.iter().any(|mapped| mapped.path.file_name().is_some_and(|name| name == library))
    });
    let handles = process.status.get().is_some_and(|status| (server.handlers_set)(status));
    mapped && (part != Part::Raw || handles)
}

/// A name alone can be anybody's (`exec -a`, a script that sets its own title): a process that is seen to be another
/// program is none of its servers.
fn refuted(server: &Server, process: &Process) -> bool {
    (server.is_run_by)(process) == Some(false)
}

fn seen(scanned: &Scanned, adopted: &Adopted, host: Option<&Host>) -> Seen {
    let workers: usize = adopted.trees.iter().map(|tree| tree.workers.len()).sum();
    let members = adopted.trees.len() + workers + adopted.orphans.len();
    Seen {
        processes: scanned.processes,
        members,
        denied: scanned.unread.len(),
        hidden: hidden(scanned, host),
        searched: vec![Searched {
            what: "processes",
            how: format!(
                "title, program, signals caught: {} servers known",
                crate::servers::SERVERS.len()
            ),
            found: members,
        }],
        idle_roots: Vec::new(),
        closed: Vec::new(),
        named: Vec::new(),
    }
}

/// Why processes may exist that farrier cannot see.
fn hidden(scanned: &Scanned, host: Option<&Host>) -> Option<(Place, Lack)> {
    let proc = || Place::new("/proc");
    if let Some(refusal) = &scanned.refused {
        return Some((proc(), Lack::Refused(refusal.clone())));
    }
    let host = host?;
    if host.hidepid > 0 && host.euid != 0 {
        let what = Lack::Refused(Refusal::Denied);
        return Some((Place::new(format!("/proc, mounted with hidepid={}", host.hidepid)), what));
    }
    None
}
