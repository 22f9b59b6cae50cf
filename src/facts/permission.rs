//! Who may do what with a file, as the kernel decides it (`path_resolution(7)`, `capabilities(7)`, `acl(5)`).

use super::process::Status;
use crate::os::{Access, FileStat};

/// To search a directory.
pub const SEARCH: u32 = 0o1;
/// To write to a file; to connect to a Unix socket (`unix(7)`).
pub const WRITE: u32 = 0o2;
/// To make, rename and remove names in a directory; nothing of it goes without searching.
pub const CHANGE: u32 = 0o3;

/// A directory that others than its owner may write (`proc_sys_fs(5)`, `protected_regular`).
const SHARED: u32 = 0o022;

/// In a directory of this mode only a name's owner, the directory's and root may rename or remove it.
const STICKY: u32 = 0o1000;

const CAP_DAC_OVERRIDE: u32 = 1;
const CAP_DAC_READ_SEARCH: u32 = 2;
const CAP_FOWNER: u32 = 3;

/// A process that wants to do something: whose it is, and whether its capabilities count here.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    /// Its users, groups and capabilities.
    pub status: &'a Status,
    /// It lives in farrier's user namespace; `None`: that is not known.
    pub shares_users: Option<bool>,
}

impl Actor<'_> {
    /// Whether it may use a directory or a file so. `None`: what is known does not decide it.
    pub fn may(&self, want: u32, directory: &FileStat, access: Access) -> Option<bool> {
        match self.by_mode(want, directory, access) {
            Some(true) => return Some(true),
            None if self.holds(CAP_DAC_OVERRIDE) != Some(true) => return None,
            _ => {}
        }
        let reads = if want == SEARCH { self.holds(CAP_DAC_READ_SEARCH) } else { Some(false) };
        match (self.holds(CAP_DAC_OVERRIDE), reads) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }
    }

    /// Whether it may rename or replace a file of that owner in a directory that it may change.
    pub fn may_replace(&self, directory: &FileStat, owner: u32) -> Option<bool> {
        let own = [directory.uid, owner].contains(&self.user());
        if directory.mode & STICKY == 0 || own { Some(true) } else { self.holds(CAP_FOWNER) }
    }

    /// Whether the kernel may keep it from following or opening with `O_CREAT` what is another's in a sticky directory
    /// that several may write, whatever the modes say: that is a setting of the machine.
    pub fn may_be_kept_off(&self, directory: &FileStat, found: &FileStat) -> bool {
        let own = [directory.uid, self.user()].contains(&found.uid);
        directory.mode & STICKY != 0 && directory.mode & SHARED != 0 && !own
    }

    /// What it may do once it has executed another program: only root keeps its capabilities for certain.
    pub fn may_later(&self, want: u32, directory: &FileStat, access: Access) -> Option<bool> {
        let may = self.may(want, directory, access);
        let kept = self.user() == 0 || self.by_mode(want, directory, access) == Some(true);
        if may == Some(true) && !kept { None } else { may }
    }

    /// By owner, group and mode alone.
    fn by_mode(&self, want: u32, directory: &FileStat, access: Access) -> Option<bool> {
        let allow = |shift: u32| (directory.mode >> shift) & want == want;
        if self.user() == directory.uid {
            return Some(allow(6));
        }
        if access.listed {
            // The group's bits are the most that any entry gives but the owner's and the others'.
            return if allow(3) || allow(0) { None } else { Some(false) };
        }
        let [.., group] = self.status.gids;
        let member = group == directory.gid || self.status.groups.contains(&directory.gid);
        Some(allow(if member { 3 } else { 0 }))
    }

    /// The user that files are opened as.
    pub fn user(&self) -> u32 {
        let [.., user] = self.status.uids;
        user
    }

    /// Whether it has a capability that counts. In another user namespace it counts for some files only.
    fn holds(&self, number: u32) -> Option<bool> {
        let has = self.status.capabilities? >> number & 1 == 1;
        if has && self.shares_users != Some(true) { None } else { Some(has) }
    }
}

/// Whether anyone at all may use a directory so.
pub fn anyone_may(want: u32, directory: &FileStat) -> bool {
    directory.mode & want == want
}

/// Whether anyone may rename and replace what others have in it.
pub fn anyone_may_replace(directory: &FileStat) -> bool {
    anyone_may(CHANGE, directory) && directory.mode & STICKY == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::process::parse_status;
    use crate::os::{FileKind, Text};

    const PLAIN: Access = Access { read_only: false, fixed: false, listed: false, full: None };
    const LISTED: Access = Access { listed: true, ..PLAIN };

    fn status(user: u32, groups: &str, capabilities: u64) -> Status {
        let text = format!(
            "Tgid:\t7\nUid:\t{user} {user} {user} {user}\nGid:\t{user} {user} {user} {user}\n\
             Groups:\t{groups}\nSigIgn:\t0\nSigCgt:\t0\nCapEff:\t{capabilities:x}\n"
        );
        parse_status(&Text::from(&*text)).unwrap()
    }

    fn directory(mode: u32, uid: u32, gid: u32) -> FileStat {
        FileStat {
            kind: FileKind::Directory,
            device: 1,
            inode: 1,
            mode,
            uid,
            gid,
            nlink: 2,
            size: 0,
            mtime: 0,
            ctime: 0,
            rdev: 0,
        }
    }

    #[test]
    fn the_first_class_that_fits_decides() {
        let status = status(7, "20 30", 0);
        let deploy = Actor { status: &status, shares_users: Some(true) };
        let may = |mode, uid, gid| deploy.may(CHANGE, &directory(mode, uid, gid), PLAIN);
        assert_eq!(may(0o755, 7, 0), Some(true));
        assert_eq!(may(0o755, 0, 7), Some(false));
        assert_eq!(may(0o775, 0, 30), Some(true), "a supplementary group");
        assert_eq!(may(0o577, 7, 7), Some(false), "an owner is not asked as another");
        assert_eq!(may(0o757, 0, 20), Some(false), "nor is a member of the group");
        assert_eq!(may(0o757, 0, 40), Some(true));
        assert_eq!(may(0o766, 0, 20), Some(false), "write without search");
        assert_eq!(deploy.may(SEARCH, &directory(0o711, 0, 0), PLAIN), Some(true));
    }

    #[test]
    fn capabilities_and_not_the_number_0_make_root() {
        let closed = directory(0o500, 9, 9);
        let of = |user, capabilities, shares_users, want| {
            let status = status(user, "", capabilities);
            Actor { status: &status, shares_users }.may(want, &closed, PLAIN)
        };
        assert_eq!(of(0, 1 << 1, Some(true), CHANGE), Some(true));
        assert_eq!(of(0, 0, Some(true), CHANGE), Some(false));
        assert_eq!(of(5, 1 << 2, Some(true), CHANGE), Some(false));
        assert_eq!(of(5, 1 << 2, Some(true), SEARCH), Some(true));
        assert_eq!(of(0, 1 << 1, Some(false), CHANGE), None, "in a namespace of its own");
        assert_eq!(of(0, 1 << 1, None, CHANGE), None);
        assert_eq!(of(9, 0, None, SEARCH), Some(true), "the mode is enough");
    }

    #[test]
    fn a_list_leaves_open_what_the_mode_does_not_exclude() {
        let status = status(7, "", 0);
        let deploy = Actor { status: &status, shares_users: Some(true) };
        let may = |mode, uid| deploy.may(CHANGE, &directory(mode, uid, 0), LISTED);
        assert_eq!(may(0o770, 0), None);
        assert_eq!(may(0o750, 0), Some(false));
        assert_eq!(may(0o750, 7), Some(true));
        let status = self::status(0, "", 1 << 1);
        let root = Actor { status: &status, shares_users: Some(true) };
        assert_eq!(root.may(CHANGE, &directory(0o770, 9, 9), LISTED), Some(true));
    }

    #[test]
    fn what_another_program_may_do_is_certain_for_root_and_by_the_mode_alone() {
        let later = |user, mode| {
            let status = status(user, "", 1 << 1);
            let actor = Actor { status: &status, shares_users: Some(true) };
            actor.may_later(WRITE, &directory(mode, 9, 9), PLAIN)
        };
        assert_eq!(later(0, 0o755), Some(true));
        assert_eq!(later(7, 0o755), None, "its capability may be gone by then");
        assert_eq!(later(7, 0o757), Some(true));
    }

    #[test]
    fn what_is_anothers_in_a_sticky_directory_of_several_may_be_closed_to_root_too() {
        let status = status(0, "", 1 << 1);
        let root = Actor { status: &status, shares_users: Some(true) };
        let off = |mode, owner, found| {
            root.may_be_kept_off(&directory(mode, owner, 0), &directory(0o644, found, 0))
        };
        assert!(off(0o1777, 5, 7) && off(0o1770, 5, 7));
        assert!(!off(0o777, 5, 7) && !off(0o1755, 5, 7), "not sticky, not shared");
        assert!(!off(0o1777, 7, 7) && !off(0o1777, 5, 0), "the directory's owner, its own");
    }

    #[test]
    fn in_a_sticky_directory_names_belong_to_somebody() {
        let status = status(7, "", 0);
        let deploy = Actor { status: &status, shares_users: Some(true) };
        let sticky = directory(0o1777, 0, 0);
        assert_eq!(deploy.may_replace(&sticky, 7), Some(true));
        assert_eq!(deploy.may_replace(&sticky, 8), Some(false));
        assert_eq!(deploy.may_replace(&directory(0o1777, 7, 0), 8), Some(true));
        assert_eq!(deploy.may_replace(&directory(0o777, 0, 0), 8), Some(true));
        assert!(!anyone_may_replace(&sticky) && anyone_may_replace(&directory(0o777, 0, 0)));
        assert!(!anyone_may_replace(&directory(0o776, 0, 0)), "without search it opens nothing");
    }
}
