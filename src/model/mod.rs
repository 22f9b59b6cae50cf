//! The vocabulary and the shape of what was seen: a census of apps, masters and workers.

pub mod app;
pub mod config;
pub mod handed;
pub mod handover;
pub mod headroom;
pub mod holder;
pub mod left;
pub mod leftover;
pub mod history;
mod joined;
pub mod limits;
pub mod log;
pub mod operation;
pub mod output;
pub mod process;
pub mod release;
pub mod remains;
pub mod restart;
pub mod supervisor;
pub mod takeover;
pub mod tree;
pub mod tried;
pub mod upstream;

pub use app::{
    Address, App, AppId, Directory, Listener, Pidfile, PidfileKind, PidfileState, Wanted,
};
pub use config::{Config, Hook, Setting};
pub use handed::{Changes, Handed, handed_on};
pub use handover::Handover;
pub use holder::Holder;
pub use left::Left;
pub use leftover::{Leads, Leftover, Named, RETIRED_AFTER_DAYS};
pub use limits::Limits;
pub use log::Log;
pub use operation::Operation;
pub use output::Output;
pub use process::{Connection, Process, ProcessFacts};
pub use release::{Current, CurrentState, Layout, Lock, Release};
pub use remains::{Held, Last, Remains};
pub use restart::{Gemfile, Gems, Origin, Restart};
pub use supervisor::{Above, Follows, Main, Supervisor, Unit};
pub use tree::{Beside, Kind, Master, Phase, Role, Worker};
pub use tried::Tried;
pub use upstream::{Elsewhere, Entry, Upstream, Way};

pub use nix::sys::signal::Signal;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::facts::{Fact, Lack, Place};
use crate::os::{Host, Pid};

/// Everything that one look saw.
#[derive(Clone, Debug)]
pub struct Census {
    /// The machine.
    pub host: Fact<Host>,
    /// When the look began, by the machine's wall clock.
    pub taken_at: Timestamp,
    /// The same moment in nanoseconds of `CLOCK_BOOTTIME`: ages are taken from it.
    pub boot_time: i64,
    /// What the look covered.
    pub seen: Seen,
    /// The apps, by name and then id.
    pub apps: Vec<App>,
    /// Thresholds that rules go by.
    pub limits: Limits,
    /// The time zone that times are told in.
    pub zone: TimeZone,
}

/// What a look covered: an empty screen says it, and *unknown* is never reported as fine.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Processes in `/proc`.
    pub processes: usize,
    /// Of these, read deeply: members of recognised trees.
    pub members: usize,
    /// Processes whose program or title was denied.
    pub denied: usize,
    /// Why the list of processes itself may be incomplete: hidepid, no usable `/proc`, another pid namespace's.
    pub hidden: Option<(Place, Lack)>,
    /// What was looked for, and how much of it was found, a line each, in words.
    pub searched: Vec<Searched>,
    /// Deploy roots that were found with nothing serving them.
    pub idle_roots: Vec<std::path::PathBuf>,
    /// Directories in which one may lie and that were not read, and why.
    pub closed: Vec<(std::path::PathBuf, Lack)>,
    /// Paths that were asked about and that name no app.
    pub named: Vec<Named>,
}

impl Seen {
    /// Whether a server may be among what could not be seen.
    pub fn is_partial(&self) -> bool {
        self.hidden.is_some() || self.denied > 0
    }
}

/// One thing that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// What: `processes`, `pidfiles`, `releases`, `services`.
    pub what: &'static str,
    /// Where and how, in words.
    pub how: String,
    /// How many were found.
    pub found: usize,
}

impl Census {
    /// A time of the day.
    pub fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// A time with its day.
    pub fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%-d %b %H:%M:%S").to_string()
    }

    /// The app with this id.
    pub fn app(&self, id: &AppId) -> Option<&App> {
        self.apps.iter().find(|app| &app.id == id)
    }

    /// The app and the master with this pid.
    pub fn master(&self, pid: Pid) -> Option<(&App, &Master)> {
        self.apps.iter().find_map(|app| {
            app.masters.iter().find(|master| master.process.pid == pid).map(|master| (app, master))
        })
    }

    /// The app and the process with this pid, be it a master or a worker.
    pub fn member(&self, pid: Pid) -> Option<(&App, &Process)> {
        self.apps
            .iter()
            .find_map(|app| app.processes().find(|process| process.pid == pid).map(|p| (app, p)))
    }
}
