//! Control groups that are frozen with what lives in them, of whichever hierarchies the machine has.

use std::sync::atomic::{AtomicU32, Ordering};

use super::world::Lab;

/// A control group of one lab.
#[derive(Debug, Clone)]
pub struct Freezer {
    /// Its directory in the lab.
    pub path: String,
    name: String,
    is_old: bool,
}

impl Freezer {
    /// A group of the unified hierarchy.
    ///
    /// # Panics
    /// When the machine has none, or its kernel cannot freeze it.
    pub fn unified(lab: &Lab) -> Self {
        let root = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
            .into_iter()
            .find(|root| lab.has(format!("{root}/cgroup.controllers")))
            .expect("the unified hierarchy is mounted");
        Self::below(lab, root, false)
    }

    /// A group of the old hierarchy; `None`: this machine has no freezer there.
    pub fn old(lab: &Lab) -> Option<Self> {
        let root = "/sys/fs/cgroup/freezer";
        lab.has(format!("{root}/cgroup.procs")).then(|| Self::below(lab, root, true))
    }

    fn below(lab: &Lab, root: &str, is_old: bool) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("farrier-frozen-{}-{number}", std::process::id());
        let made = Self { path: format!("{root}/{name}"), name, is_old };
        lab.sh(&format!("mkdir {}", made.path));
        lab.keep(made.clone());
        made
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a process and all that it forked into a group below it, which is given.
    pub fn takes(&self, lab: &Lab, below: &str, pid: u32) {
        let group = format!("{}{below}", self.path);
        lab.sh(&format!("mkdir -p {group}"));
        for pid in std::iter::once(pid).chain(lab.children(pid)) {
            lab.sh(&format!("echo {pid} > {group}/cgroup.procs"));
        }
    }

    /// Puts single processes into a group below it.
    pub fn takes_only(&self, lab: &Lab, below: &str, pids: &[u32]) {
        let group = format!("{}{below}", self.path);
        lab.sh(&format!("mkdir -p {group}"));
        for pid in pids {
            lab.sh(&format!("echo {pid} > {group}/cgroup.procs"));
        }
    }

    /// Freezes it, and proves that what is in it runs no longer.
    pub fn freeze(&self, lab: &Lab) {
        let (file, word, told) = if self.is_old {
            ("freezer.state", "FROZEN", "freezer.state")
        } else {
            ("cgroup.freeze", "1", "cgroup.events")
        };
        lab.sh(&format!("echo {word} > {}/{file}", self.path));
        lab.wait("the group is frozen", || {
            let said = lab.read(format!("{}/{told}", self.path));
            said.contains("frozen 1") || said.starts_with("FROZEN")
        });
    }

    /// Lets it go on; nothing where it is gone.
    pub fn thaw(&self, lab: &Lab) {
        let (file, word) =
            if self.is_old { ("freezer.state", "THAWED") } else { ("cgroup.freeze", "0") };
        let _ = std::fs::write(lab.path(format!("{}/{file}", self.path)), word);
    }
}
