//! What is left of an app of which nothing lives: the last lines of the log that its configuration names, and who still
//! holds the sockets that it names.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::config::{self, Seen};
use super::leftovers::pids;
use super::named::name;
use super::once::Once;
use super::read::Setting;
use crate::contract::Server;
use crate::facts::files::{Target, target};
use crate::facts::process::parse_stat;
use crate::facts::sockets::listener_at;
use crate::facts::{Fact, Lack, Place, bytes};
use crate::model::config::LogTo;
use crate::model::remains::LINES;
use crate::model::{App, Config, Held, Last, Remains};
use crate::os::{
    Ask, FileKind, Found, PathAsk, ProcText, Protocol, Refusal, Root, Socket, Text, secrets, shown,
};
use crate::servers::server;

/// So much of a log's end is read.
const BOUND: u32 = 64 << 10;

/// Looks for it, by the configuration that a deploy put there; nothing where there is none.
pub fn look(setting: &Setting<'_>, app: &App) -> Option<Remains> {
    let config = deployed(setting.once, server(app.kind)?, &app.root)?;
    let log = log_of(&config).map(|path| last_lines(setting.once, &path));
    let addresses: Vec<Text> =
        config.listen.iter().filter_map(crate::model::Setting::value).cloned().collect();
    let sockets = (!addresses.is_empty()).then(|| held(setting, &addresses));
    Some(Remains { log, sockets })
}

/// The configuration that is there, as far as it can be read.
fn deployed(once: &Once<'_>, server: &Server, root: &Path) -> Option<Config> {
    let is_file = |path: &PathBuf| {
        let stat = once.stat(Root::Own, path);
        matches!(stat.get(), Some(Some(stat)) if stat.kind == FileKind::Regular)
    };
    let path = server.deployed_configs.iter().map(|path| root.join(path)).find(is_file)?;
    let seen = Seen { given: &path, cwd: None, from_there: false, variables: None };
    config::read(once, server, Root::Own, &path, seen).value.ok()
}

/// Where its own messages go, if that is a file that can be told.
fn log_of(config: &Config) -> Option<PathBuf> {
    let path = match config.logger.value() {
        Some(LogTo::File(path)) => path,
        Some(LogTo::Stdout) => config.stdout_path.value()?,
        Some(LogTo::Stderr) | None => config.stderr_path.value()?,
    };
    let directory = || config.working_directory.value().map(|directory| directory.join(path));
    if path.is_absolute() { Some(path.clone()) } else { directory() }
}

fn last_lines(once: &Once<'_>, path: &Path) -> Fact<Vec<Last>> {
    tail(once, path).map(|text| ends(path, &text))
}

fn tail(once: &Once<'_>, path: &Path) -> Fact<Text> {
    let ask = Ask::path(Root::Own, path, PathAsk::Tail(BOUND));
    let found = once.fact(&ask, |found| match found {
        Found::File(Some(text)) => Ok(text),
        Found::File(None) => Err(Lack::Depends("a log that is not there".into())),
        _ => Err(Lack::Malformed("another kind of answer")),
    });
    Fact { place: Place::path(path), ..found }
}

fn ends(path: &Path, text: &Text) -> Vec<Last> {
    let whole = text.bytes().len() < BOUND as usize;
    let lines = || (1..).zip(text.bytes().split(|byte| *byte == b'\n'));
    let told: Vec<usize> =
        lines().filter(|(_, line)| !line.trim_ascii().is_empty()).map(|(at, _)| at).collect();
    let told = told.get(told.len().saturating_sub(LINES)..).unwrap_or_default();
    let (masked, _) = secrets::mask_log_lines(text, &|line| told.contains(&line));
    let place = |line: usize| {
        if whole {
            Place::line(path, line)
        } else {
            Place::new(format!("{}, line {line} of its last 64 KiB", shown(path)))
        }
    };
    (1..)
        .zip(masked.bytes().split(|byte| *byte == b'\n'))
        .filter(|(at, _)| told.contains(at))
        .map(|(at, line)| Last { text: Text::new(line.trim_ascii()), place: place(at) })
        .collect()
}

/// Who has a socket open that listens at one of the addresses. Where some did not show what they have open, it is not
/// known that nobody has.
fn held(setting: &Setting<'_>, addresses: &[Text]) -> Fact<Vec<Held>> {
    let once = setting.once;
    let table = once.sockets(&Ask::Sockets(None));
    let table = match &table.value {
        Ok(table) => table,
        Err(lack) => return Fact::lacking(table.place.clone(), lack.clone()),
    };
    let mut sought: Vec<(u64, String)> = Vec::new();
    for text in addresses {
        let told = text.to_string();
        let path = unix(&told);
        let file = path.as_ref().and_then(|path| once.stat(Root::Own, path).value.ok().flatten());
        let at = file.as_ref().and_then(|file| listener_at(file, table));
        let by_name = table.values().filter(|socket| match &path {
            Some(path) => socket.protocol == Protocol::Unix && socket.path.path() == path,
            None => is_at(socket, &told),
        });
        sought.extend(
            by_name.filter(|socket| socket.listening).chain(at).map(|s| (s.inode, told.clone())),
        );
    }
    sought.sort();
    sought.dedup();
    let place = Place::new("/proc/PID/fd");
    if sought.is_empty() {
        return Fact::known(Place::new("sock_diag"), Vec::new());
    }
    let all = pids(once);
    once.fetch(all.iter().map(|pid| Ask::Descriptors(*pid)).collect());
    let (mut held, mut unseen) = (Vec::new(), 0);
    for pid in all {
        let open = match once.one(&Ask::Descriptors(pid)) {
            Ok(Found::Descriptors(open)) => open,
            Err(Refusal::Gone | Refusal::Zombie) => continue,
            _ => {
                unseen += 1;
                continue;
            }
        };
        let has =
            |inode: u64| open.iter().any(|open| target(&open.target) == Target::Socket(inode));
        for (_, address) in sought.iter().filter(|(inode, _)| has(*inode)) {
            let stat = once.fact(&Ask::Text(pid, ProcText::Stat), |f| parse_stat(&bytes(f)?));
            let comm = stat.get().map_or_else(String::new, |stat| stat.comm.to_string());
            held.push(Held { address: address.clone(), pid, name: name(setting, pid, &comm) });
        }
    }
    if held.is_empty() && unseen > 0 {
        return Fact::lacking(place, Lack::Depends(format!("what {unseen} processes have open")));
    }
    Fact::known(place, held)
}

/// The path of a Unix socket, as `listen` and `bind` write one.
fn unix(address: &str) -> Option<PathBuf> {
    let path = address.strip_prefix("unix:").unwrap_or(address);
    let path = path.split('?').next().unwrap_or_default();
    path.starts_with('/').then(|| Path::new(path).components().collect())
}

/// Whether a socket is at an internet address as these write one: a port, a name or a number and a port.
fn is_at(socket: &Socket, address: &str) -> bool {
    let Some(local) = socket.local else { return false };
    let plain = address.split_once("://").map_or(address, |(_, rest)| rest);
    let plain = plain.split('?').next().unwrap_or_default();
    let (host, port) = plain.rsplit_once(':').unwrap_or(("", plain));
    let host: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let same = |host: IpAddr| host.is_unspecified() || host == local.ip();
    port.parse() == Ok(local.port()) && (local.ip().is_unspecified() || host.is_none_or(same))
}
