//! Control groups: `/proc/PID/cgroup`, and what a path in it says about a service or a login session.

use procfs::{FromRead as _, ProcessCGroups};

use std::path::{Path, PathBuf};

use super::Lack;
use crate::os::{ControlGroup, Text};

/// The control group that names a service: the unified hierarchy's, else systemd's own.
/// A hybrid box has both, and the unified one may then be the bare root.
pub fn parse(bytes: &Text) -> Result<Text, Lack> {
    // Line by line: one path that is not UTF-8 must not hide the others.
    let groups: Vec<_> = bytes
        .bytes()
        .split(|b| *b == b'\n')
        .filter_map(|line| ProcessCGroups::from_read(line).ok())
        .flatten()
        .collect();
    let unified = groups.iter().find(|group| group.hierarchy == 0);
    let systemd =
        groups.iter().find(|group| group.controllers.iter().any(|name| name == "name=systemd"));
    unified
        .filter(|group| group.pathname != "/" || systemd.is_none())
        .or(systemd)
        .map(|group| Text::from(&*group.pathname))
        .ok_or(Lack::Malformed("no control group of the unified hierarchy or of systemd"))
}

/// The systemd service that a control group belongs to: the innermost `NAME.service` of its path.
/// A user's own service manager is none (`user@1000.service` holds the services below it).
pub fn service(group: &Text) -> Option<Text> {
    unit(group, b".service").filter(|name| !name.bytes().starts_with(b"user@"))
}

/// The user whose own service manager a control group lies below (`user@1000.service`).
pub fn user_manager(group: &Text) -> Option<u32> {
    group.bytes().split(|b| *b == b'/').find_map(|part| {
        let uid = part.strip_prefix(b"user@")?.strip_suffix(b".service")?;
        std::str::from_utf8(uid).ok()?.parse().ok()
    })
}

/// The login session that a control group belongs to (`session-7.scope`).
pub fn session(group: &Text) -> Option<Text> {
    unit(group, b".scope").filter(|name| name.bytes().starts_with(b"session-"))
}

/// A container's number, cut as the runtimes' own tools cut it; what is no such number stays whole.
pub fn short(container: &str) -> &str {
    const SHORT: usize = 12;
    container.get(..SHORT).filter(|_| is_id(container)).unwrap_or(container)
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The container that a control group belongs to, by the runtime's number or by its name:
/// `docker-ID.scope`, `/docker/ID`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `/lxc.payload.NAME`,
/// `machine-NAME.scope`. The innermost part that tells one counts.
pub fn container(group: &Text) -> Option<String> {
    let of = |part: &[u8]| -> Option<String> {
        let part = std::str::from_utf8(part).ok()?;
        let scope = part.strip_suffix(".scope");
        let last = scope.unwrap_or(part).rsplit('-').next()?;
        if is_id(last) {
            return Some(last.to_owned());
        }
        let name = part
            .strip_prefix("lxc.payload.")
            .or_else(|| scope?.strip_prefix("machine-"))
            .filter(|name| !name.is_empty())?;
        Some(crate::os::text::escaped(name.as_bytes()))
    };
    let inner = group.bytes().rsplit(|b| *b == b'/').find_map(of);
    let lxc = || {
        let rest = group.utf8()?.strip_prefix("/lxc/")?;
        let name = rest.split('/').next().filter(|name| !name.is_empty())?;
        Some(crate::os::text::escaped(name.as_bytes()))
    };
    inner.or_else(lxc)
}

/// A control group that is frozen with everything in it: its processes run no instruction, and signals wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Its directory: of those that are frozen by a switch of their own the outermost that can be seen.
    pub group: PathBuf,
    /// What thaws it, a line of a shell for each switch that is on, the outermost first; empty: no switch can be seen.
    pub thaw: Vec<Thaw>,
}

/// A switch that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thaw {
    /// The file.
    pub file: PathBuf,
    /// What has to be written into it.
    pub word: &'static str,
}

/// Whether one of the groups of a process is frozen, itself or with one above it (`cgroups(7)`; the kernel's `cgroup-v2`,
/// `cgroup.freeze` and `cgroup.events`, and `freezer-subsystem`).
pub fn frozen(groups: &[ControlGroup]) -> Option<Frozen> {
    let text = |group: &ControlGroup, name: &str| {
        let (_, text) = group.files.iter().find(|(key, _)| key.bytes() == name.as_bytes())?;
        Some(text.utf8()?.trim().to_owned())
    };
    let is = |group: &&ControlGroup| {
        text(group, "cgroup.events").is_some_and(|all| all.lines().any(|line| line == "frozen 1"))
            || text(group, "cgroup.freeze").as_deref() == Some("1")
            || matches!(text(group, "freezer.state").as_deref(), Some("FROZEN" | "FREEZING"))
    };
    let switch = |group: &ControlGroup| {
        let at = |name: &str| group.path.path().join(name);
        if text(group, "cgroup.freeze").as_deref() == Some("1") {
            Some(Thaw { file: at("cgroup.freeze"), word: "0" })
        } else if text(group, "freezer.self_freezing").as_deref() == Some("1") {
            Some(Thaw { file: at("freezer.state"), word: "THAWED" })
        } else {
            None
        }
    };
    let innermost = groups.iter().find(is)?;
    let thaw: Vec<Thaw> = groups.iter().rev().filter_map(switch).collect();
    let own = |thaw: &Thaw| thaw.file.parent().map(Path::to_path_buf);
    let group = thaw.first().and_then(own).unwrap_or_else(|| innermost.path.path().to_path_buf());
    Some(Frozen { group, thaw })
}

fn unit(group: &Text, suffix: &[u8]) -> Option<Text> {
    let mut parts = group.bytes().rsplit(|b| *b == b'/');
    parts.find(|part| part.ends_with(suffix) && part.len() > suffix.len()).map(Text::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_two_and_both() {
        let of = |text: &str| parse(&Text::from(text)).map(|path| path.to_string());
        let path = "/system.slice/unicorn.service";
        assert_eq!(of("0::/system.slice/unicorn.service\n").unwrap(), path);
        let hybrid =
            "9:name=systemd:/system.slice/unicorn.service\n8:pids:/\n1:cpu,cpuacct:/\n0::/\n";
        assert_eq!(of(hybrid).unwrap(), path);
        assert_eq!(of("2:memory:/x\n1:name=systemd:/a:b\n").unwrap(), "/a:b");
        assert_eq!(of("0::/../..\n").unwrap(), "/../..");
        assert!(of("").is_err() && of("2:memory:/x\n").is_err() && of("junk\n").is_err());
        let odd = Text::new(*b"1:name=systemd:/\xff\n0::/fine\n");
        assert_eq!(parse(&odd), Ok(Text::from("/fine")));
    }

    fn group(path: &str, files: &[(&str, &str)]) -> ControlGroup {
        let files = files.iter().map(|(name, text)| (Text::from(*name), Text::from(*text)));
        ControlGroup { path: Text::from(path), files: files.collect() }
    }

    #[test]
    fn frozen_by_itself_or_with_the_group_above_it() {
        let at = |groups: &[ControlGroup]| {
            frozen(groups).map(|frozen| {
                let thaw = frozen.thaw.iter();
                let lines = thaw.map(|t| format!("{} {}", t.word, crate::os::shown(&t.file)));
                (crate::os::shown(&frozen.group), lines.collect::<Vec<_>>())
            })
        };
        let new = |path: &str, own: &str, all: &str| {
            let events = format!("populated 1\nfrozen {all}\n");
            group(path, &[("cgroup.freeze", own), ("cgroup.events", &events)])
        };
        let old = |path: &str, state: &str, own: &str| {
            group(path, &[("freezer.state", state), ("freezer.self_freezing", own)])
        };
        assert_eq!(at(&[]), None);
        assert_eq!(at(&[new("/g/a/b", "0\n", "0"), new("/g/a", "0\n", "0")]), None);
        assert_eq!(at(&[old("/f/a", "THAWED\n", "0\n")]), None);
        let by = |group: &str, lines: &[&str]| {
            Some((group.to_owned(), lines.iter().map(|line| (*line).to_owned()).collect()))
        };
        assert_eq!(at(&[new("/g/a", "1\n", "1")]), by("/g/a", &["0 /g/a/cgroup.freeze"]));
        // It takes a moment until all have stopped: then nothing runs on either.
        assert_eq!(at(&[new("/g/a", "1\n", "0")]), by("/g/a", &["0 /g/a/cgroup.freeze"]));
        let above = [new("/g/a/b", "0\n", "1"), new("/g/a", "1\n", "1")];
        assert_eq!(at(&above), by("/g/a", &["0 /g/a/cgroup.freeze"]));
        let both = [new("/g/a/b", "1\n", "1"), new("/g/a", "1\n", "1")];
        let lines = ["0 /g/a/cgroup.freeze", "0 /g/a/b/cgroup.freeze"];
        assert_eq!(at(&both), by("/g/a", &lines));
        let outside = [new("/g/a", "0\n", "1")];
        assert_eq!(at(&outside), by("/g/a", &[]));
        let old = [old("/f/a/b", "FROZEN\n", "0\n"), old("/f/a", "FROZEN\n", "1\n")];
        assert_eq!(at(&old), by("/f/a", &["THAWED /f/a/freezer.state"]));
        assert!(at(&[group("/f", &[("freezer.state", "FREEZING\n")])]).is_some());
    }

    #[test]
    fn containers() {
        let of = |text: &str| container(&Text::from(text));
        let id = "3f2ab4c5d6e7".to_owned() + &"0".repeat(52);
        for group in [
            format!("/system.slice/docker-{id}.scope"),
            format!("/docker/{id}"),
            format!("/docker/{id}/init.scope"),
            format!("/machine.slice/libpod-{id}.scope/container"),
            format!("/kubepods.slice/kubepods-pod7.slice/cri-containerd-{id}.scope"),
        ] {
            assert_eq!(of(&group).as_deref().map(short), Some("3f2ab4c5d6e7"), "{group}");
        }
        assert_eq!(short("web-1-in-the-second-rack"), "web-1-in-the-second-rack");
        assert_eq!(of("/lxc/web-1/system.slice/u.service").as_deref(), Some("web-1"));
        assert_eq!(of("/lxc.payload.web-1/x").as_deref(), Some("web-1"));
        assert_eq!(of("/machine.slice/machine-web.scope").as_deref(), Some("web"));
        for group in
            ["/", "/system.slice/docker.service", "/user.slice/session-7.scope", "/docker/"]
        {
            assert_eq!(of(group), None, "{group}");
        }
    }

    #[test]
    fn units() {
        let of = |text: &str| service(&Text::from(text)).map(|name| name.to_string());
        assert_eq!(of("/system.slice/u.service/sub").as_deref(), Some("u.service"));
        assert_eq!(of("/user.slice/user-7.slice/user@7.service/app.slice/init.scope"), None);
        assert_eq!(of("/x/.service"), None);
        let own = "/user.slice/user-7.slice/user@7.service/app.slice/shop.service";
        assert_eq!(of(own).as_deref(), Some("shop.service"));
        assert_eq!(user_manager(&Text::from(own)), Some(7));
        assert_eq!(user_manager(&Text::from("/system.slice/shop.service")), None);
        let group = Text::from("/user.slice/user-1000.slice/session-7.scope");
        assert_eq!(session(&group), Some(Text::from("session-7.scope")));
        assert_eq!(service(&group), None);
    }
}
