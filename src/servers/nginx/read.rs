//! What nginx's configuration says: its pidfile, its workers, and where it passes requests to.

use super::conf::{Directive, directives};
use crate::contract::{GroupMember, Loading, Pass, Proxied};
use crate::model::{Config, Setting};
use crate::os::Text;

/// Directives that pass a request on by HTTP.
const PASSES: &[&[u8]] = &[b"proxy_pass", b"grpc_pass"];

/// Reads the main file. A relative pidfile starts at the prefix that was compiled in, which nothing tells.
pub fn config(loading: &Loading<'_>) -> Config {
    let mut config = Config::empty(loading.path);
    for directive in directives(loading.text.bytes()) {
        let (None, [name, value]) = (directive.within, directive.words.as_slice()) else {
            continue;
        };
        let line = directive.line;
        let text = Text::new(value.clone());
        match name.as_slice() {
            b"pid" if text.path().is_absolute() => {
                config.pid = Setting::Set { value: text.path().to_path_buf(), line };
            }
            b"pid" => config.pid = Setting::Unevaluable { line, text },
            b"worker_processes" => {
                config.worker_processes = match text.utf8().and_then(|text| text.parse().ok()) {
                    Some(value) => Setting::Set { value, line },
                    None => Setting::Unevaluable { line, text },
                };
            }
            b"user" => config.user = Setting::Set { value: text, line },
            _ => {}
        }
    }
    config
}

/// Reads one file of it, the main one or an included one.
pub fn proxied(text: &Text) -> Proxied {
    let all = directives(text.bytes());
    let mut proxied = Proxied::default();
    for directive in &all {
        let [name, value, options @ ..] = directive.words.as_slice() else { continue };
        let above = directive.within.and_then(|at| all.get(at));
        match (name.as_slice(), above.and_then(group)) {
            (b"include", _) => proxied.includes.push(Text::new(value.clone())),
            (b"server", Some((group, line))) => {
                let to = Text::new(value.clone());
                let mut given = options.iter().filter_map(|o| o.strip_prefix(b"fail_timeout="));
                let fail_timeout = given.next_back().map(Text::new);
                proxied.members.push(GroupMember { group, to, fail_timeout, line });
            }
            (name, _) if PASSES.contains(&name) => {
                let (to, port) = (target(value), port(value));
                proxied.passes.push(Pass { to, port, line: directive.line });
            }
            _ => {}
        }
    }
    proxied
}

/// The group that a block defines, and where.
fn group(directive: &Directive) -> Option<(Text, usize)> {
    match directive.words.as_slice() {
        [name, group] if name == b"upstream" => Some((Text::new(group.clone()), directive.line)),
        _ => None,
    }
}

/// The port that a URL means where it names none.
fn port(url: &[u8]) -> u16 {
    if url.starts_with(b"https://") || url.starts_with(b"grpcs://") { 443 } else { 80 }
}

/// `http://unix:/a.sock:/uri` → `unix:/a.sock`; `https://app/uri` → `app`.
fn target(url: &[u8]) -> Text {
    let at = url.windows(3).position(|part| part == b"://").map_or(0, |at| at + 3);
    let rest = url.get(at..).unwrap_or_default();
    let length = if let Some(path) = rest.strip_prefix(b"unix:") {
        path.iter().position(|byte| *byte == b':').map_or(rest.len(), |at| at + 5)
    } else {
        rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())
    };
    Text::new(rest.get(..length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn main_settings() {
        let of = |source: &str| {
            let path = Path::new("/etc/nginx/nginx.conf");
            config(&Loading {
                text: &Text::from(source),
                path,
                given: path,
                cwd: None,
                variables: None,
            })
        };
        let found = of("user www-data;\nworker_processes 4;\npid /run/nginx.pid;\nevents {}\n");
        assert_eq!(found.worker_processes.value(), Some(&4));
        assert_eq!(found.pid.value().unwrap(), Path::new("/run/nginx.pid"));
        let found = of("worker_processes auto;\npid logs/nginx.pid;\n");
        assert!(matches!(found.worker_processes, Setting::Unevaluable { line: 1, .. }));
        assert!(matches!(found.pid, Setting::Unevaluable { line: 2, .. }));
    }

    #[test]
    fn where_requests_go() {
        let found = proxied(&Text::from(
            "upstream shop {\n  server unix:/srv/shop.sock fail_timeout=0;\n  server 10.0.0.1:80 backup;\n}\n\
             server {\n  listen 80;\n  location / { proxy_pass http://shop; }\n\
               location /a { proxy_pass http://unix:/srv/a.sock:/b; }\n\
               location /c { proxy_pass https://127.0.0.1:9292/c; }\n  include snippets/x.conf;\n}\n",
        ));
        let members: Vec<_> =
            found.members.iter().map(|m| (m.group.to_string(), m.to.to_string(), m.line)).collect();
        assert_eq!(
            members,
            [
                ("shop".to_owned(), "unix:/srv/shop.sock".to_owned(), 1),
                ("shop".to_owned(), "10.0.0.1:80".to_owned(), 1),
            ]
        );
        let passes: Vec<_> = found.passes.iter().map(|p| (p.to.to_string(), p.line)).collect();
        assert_eq!(
            passes,
            [
                ("shop".to_owned(), 7),
                ("unix:/srv/a.sock".to_owned(), 8),
                ("127.0.0.1:9292".to_owned(), 9),
            ]
        );
        assert_eq!(found.includes, [Text::from("snippets/x.conf")]);
    }
}
