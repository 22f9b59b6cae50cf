//! Control groups: `/proc/PID/cgroup`, and what a path in it says about a service or a login session.

use procfs::{FromRead as _, ProcessCGroups};

use super::Lack;
use crate::os::Text;

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
