//! Where a proxy passes requests to: its configuration with all that is included, as it stands on the disk now.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::directories;
use super::once::Once;
use crate::contract::{GroupMember, Pass, Proxied, Server};
use crate::facts::{Fact, Lack, Place};
use crate::model::{Address, Config, Elsewhere, Process, Upstream, Way};
use crate::os::{Refusal, Root, Text, shown};
use crate::servers::effort;

/// How much of one file is read, and of how many. What says more is not known as a whole.
const BOUND: u32 = 1 << 18;
const FILES: usize = 400;

/// What its files say together.
#[derive(Default)]
struct Said {
    passes: Vec<(PathBuf, Pass)>,
    groups: BTreeMap<Text, Vec<(PathBuf, GroupMember)>>,
}

/// Where a server passes requests to, and what of that its configuration does not tell; none of a server that is no
/// proxy.
pub fn upstreams(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    loaded: &Fact<Config>,
) -> (Fact<Vec<Upstream>>, Vec<Elsewhere>) {
    let Some(read) = server.read_proxy else {
        return (Fact::known(loaded.place.clone(), Vec::new()), Vec::new());
    };
    let main = match &loaded.value {
        Ok(config) => config.file.path.clone(),
        Err(lack) => {
            return (Fact::lacking(loaded.place.clone(), lack.clone()), Vec::new());
        }
    };
    let (mut upstreams, elsewhere) = match said(once, process.root, read, &main) {
        Ok(said) => said.upstreams(),
        Err((place, lack)) => return (Fact::lacking(place, lack), Vec::new()),
    };
    for upstream in &mut upstreams {
        upstream.way = match &upstream.to {
            Address::Unix(path) => Some(way(once, process, path)),
            Address::Abstract(_) | Address::Tcp(_) => None,
        };
    }
    (Fact::known(Place::path(&main), upstreams), elsewhere)
}

/// What a configuration says with all that it includes; else where something lacks.
fn said(
    once: &Once<'_>,
    root: Root,
    read: fn(&Text) -> Proxied,
    main: &Path,
) -> Result<Said, (Place, Lack)> {
    let base = main.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut said = Said::default();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut waiting = vec![main.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let more = |words: String| Lack::Refused(Refusal::Unsupported(words));
        if seen.len() > FILES {
            let words = format!("it includes more than {FILES} files");
            return Err((Place::path(main), more(words)));
        }
        let file = once.file(root, &path, BOUND);
        let text = match file.value {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(lack) => return Err((file.place, lack)),
        };
        let proxied = effort::text(|| read(&text)).map_err(|lack| (Place::path(&path), lack))?;
        said.passes.extend(proxied.passes.into_iter().map(|pass| (path.clone(), pass)));
        for member in proxied.members {
            said.groups.entry(named(&member.group)).or_default().push((path.clone(), member));
        }
        for pattern in &proxied.includes {
            let files = included(once, root, &base.join(pattern.path()));
            waiting.extend(files.map_err(|lack| (Place::path(&path), lack))?);
        }
    }
    Ok(said)
}

fn way(once: &Once<'_>, process: &Process, socket: &Path) -> Way {
    Way {
        directories: directories::directories(once, process.root, socket),
        stat: once.stat(process.root, socket),
        access: directories::access(once, process.root, socket),
    }
}

/// Groups are told apart without regard to case (`ngx_http_upstream.c`, `ngx_http_upstream_add`).
fn named(group: &Text) -> Text {
    Text::new(group.bytes().to_ascii_lowercase())
}

impl Said {
    /// Groups that something passes to, and addresses that are passed to without one; each once. And what is passed to
    /// besides, of which the files do not tell where it is.
    fn upstreams(self) -> (Vec<Upstream>, Vec<Elsewhere>) {
        let mut all: Vec<Upstream> = Vec::new();
        let mut elsewhere: Vec<Elsewhere> = Vec::new();
        let mut add =
            |to: &Text, port, member: Option<&GroupMember>, place: Place| match address(to, port) {
                Some(to) => all.push(Upstream {
                    group: member.map(|member| member.group.clone()),
                    to,
                    fail_timeout: member.and_then(|member| member.fail_timeout.clone()),
                    place,
                    way: None,
                }),
                None if elsewhere.iter().any(|other| other.to == *to) => {}
                None => elsewhere
                    .push(Elsewhere { to: to.clone(), known: Fact::lacking(place, why(to)) }),
            };
        for (path, pass) in &self.passes {
            match self.groups.get(&named(&pass.to)) {
                Some(members) => {
                    for (path, member) in members {
                        let place = Place::line(path, member.line);
                        // Within a group the scheme of the pass says nothing of ports.
                        add(&member.to, 80, Some(member), place);
                    }
                }
                None => add(&pass.to, pass.port, None, Place::line(path, pass.line)),
            }
        }
        all.sort_by(|a, b| (&a.to, &a.group).cmp(&(&b.to, &b.group)));
        all.dedup_by(|a, b| a.to == b.to && a.group == b.group);
        (all, elsewhere)
    }
}

/// Why it is not told where something leads.
fn why(to: &Text) -> Lack {
    if to.bytes().contains(&b'$') {
        Lack::Unevaluable(to.to_string())
    } else {
        Lack::Untold(format!("what {to} is resolved to"))
    }
}

/// An address of this machine's kind: a Unix path, an internet address, or `localhost`. Other names are resolved when
/// nginx starts, and variables with each request: where they lead is not told here.
fn address(written: &Text, port: u16) -> Option<Address> {
    if written.bytes().contains(&b'$') {
        return None;
    }
    if let Some(path) = written.bytes().strip_prefix(b"unix:") {
        return Some(Address::Unix(Text::new(path).path().to_path_buf()));
    }
    let text = written.utf8()?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(Address::Tcp(address));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().ok()?),
        _ => (text, port),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let ip = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        other => other.parse().ok()?,
    };
    Some(Address::Tcp(SocketAddr::new(ip, port)))
}

/// The files that an `include` means: one, or those whose names fit the pattern in its last part. What else `glob(7)`
/// knows is left to the server.
fn included(once: &Once<'_>, root: Root, pattern: &Path) -> Result<Vec<PathBuf>, Lack> {
    let name = pattern.file_name().map(|name| Text::from(Path::new(name))).unwrap_or_default();
    let holds = |text: &Text, signs: &[u8]| text.bytes().iter().any(|byte| signs.contains(byte));
    let directory = pattern.parent().unwrap_or(pattern);
    if holds(&name, b"[") || holds(&Text::from(directory), b"*?[") {
        return Err(Lack::Unevaluable(format!("include {}", shown(pattern))));
    }
    if !holds(&name, b"*?") {
        return Ok(vec![pattern.to_path_buf()]);
    }
    let names = once.list(root, directory).value?.unwrap_or_default();
    let fitting = names
        .iter()
        .filter(|entry| !entry.bytes().starts_with(b".") && fits(entry.bytes(), name.bytes()));
    Ok(fitting.map(|entry| directory.join(entry.path())).collect())
}

/// Whether a name fits a pattern of `*` and `?` (`glob(7)`).
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    match (name, pattern) {
        ([], []) => true,
        (name, [b'*', rest @ ..]) => {
            (0..=name.len()).any(|at| name.get(at..).is_some_and(|name| fits(name, rest)))
        }
        ([_, name @ ..], [b'?', rest @ ..]) => fits(name, rest),
        ([one, name @ ..], [other, rest @ ..]) if one == other => fits(name, rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::{Answer, Ask, Found, PathAsk, Source};

    /// A disk on which each file includes the same, and a directory has that many files.
    struct Disk(&'static str, usize);

    impl Source for Disk {
        fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
            let answer = |ask: &Ask| match ask {
                Ask::Path(_, _, PathAsk::Read(bound)) if self.0.len() > *bound as usize => {
                    Err(Refusal::TooLarge(u64::from(*bound)))
                }
                Ask::Path(_, _, PathAsk::Read(_)) => Ok(Found::File(Some(Text::from(self.0)))),
                Ask::Path(_, _, PathAsk::List) => {
                    let names = (0..self.1).map(|nth| Text::from(&*format!("{nth}.conf")));
                    Ok(Found::Names(Some(names.collect())))
                }
                _ => Err(Refusal::NotRecorded),
            };
            asks.iter().map(answer).collect()
        }

        fn next_look(&self) {}
    }

    #[test]
    fn what_is_not_read_whole_is_not_known() {
        let read = crate::servers::nginx::SERVER.read_proxy.unwrap();
        let of = |text, files| {
            let disk = Disk(text, files);
            said(&Once::new(&disk), Root::Own, read, Path::new("/etc/nginx/nginx.conf"))
        };
        let passes = "location / { proxy_pass http://127.0.0.1:81; } include sites/*;";
        assert_eq!(of(passes, 300).map(|said| said.passes.len()).unwrap(), 301);
        assert!(of(passes, 500).err().unwrap().1.to_string().contains("more than 400 files"));
        for pattern in ["include [a-m]*.conf;", "include */shop.conf;"] {
            assert!(matches!(of(pattern, 1), Err((_, Lack::Unevaluable(_)))), "{pattern}");
        }
        let long: &'static str = "#".repeat(BOUND as usize + 1).leak();
        assert!(of(long, 1).err().unwrap().1.to_string().contains("larger than 256 KiB"));
    }

    #[test]
    fn what_a_name_or_a_variable_stands_for_is_not_told() {
        let read = crate::servers::nginx::SERVER.read_proxy.unwrap();
        let text = "upstream Shop { server unix:/srv/a.sock; server app.example:81; } server {\n\
            location /a { proxy_pass http://shop; }\n location /b { proxy_pass http://$up; }\n\
            location /c { proxy_pass https://10.0.0.1/x; }\n location /d { proxy_pass $up$request_uri; } }";
        let said =
            said(&Once::new(&Disk(text, 0)), Root::Own, read, Path::new("/etc/nginx/nginx.conf"));
        let (known, elsewhere) = said.unwrap().upstreams();
        let known: Vec<String> = known.iter().map(|upstream| upstream.to.to_string()).collect();
        assert_eq!(known, ["unix:/srv/a.sock", "10.0.0.1:443"]);
        let told = |one: &Elsewhere| {
            format!("{}: {} ({})", one.to, one.known.lack().unwrap(), one.known.place)
        };
        let elsewhere: Vec<String> = elsewhere.iter().map(told).collect();
        assert_eq!(
            elsewhere,
            [
                "app.example:81: nothing outside tells what app.example:81 is resolved to (/etc/nginx/nginx.conf:1)",
                "$up: only the server itself can evaluate $up (/etc/nginx/nginx.conf:3)",
                "$up$request_uri: only the server itself can evaluate $up$request_uri (/etc/nginx/nginx.conf:5)",
            ]
        );
    }

    #[test]
    fn addresses() {
        let of = |text: &str| address(&Text::from(text), 80).map(|address| address.to_string());
        assert_eq!(of("unix:/srv/a.sock").as_deref(), Some("unix:/srv/a.sock"));
        assert_eq!(of("127.0.0.1:9292").as_deref(), Some("127.0.0.1:9292"));
        assert_eq!(of("localhost:3000").as_deref(), Some("127.0.0.1:3000"));
        assert_eq!(of("[::1]:80").as_deref(), Some("[::1]:80"));
        assert_eq!(of("10.0.0.1").as_deref(), Some("10.0.0.1:80"));
        assert_eq!(of("[::1]").as_deref(), Some("[::1]:80"));
        let secure = address(&Text::from("127.0.0.1"), 443).map(|address| address.to_string());
        assert_eq!(secure.as_deref(), Some("127.0.0.1:443"));
        for unknown in ["backend", "$up", "unix:/run/$up.sock", "app.example:80", ""] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn patterns() {
        assert!(fits(b"shop.conf", b"*.conf") && fits(b"a", b"?") && fits(b"", b"*"));
        assert!(!fits(b"shop.conf~", b"*.conf") && !fits(b"", b"?"));
    }
}
