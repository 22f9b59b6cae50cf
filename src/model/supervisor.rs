//! Who keeps a master up, as its control group and its ancestors show.

use std::path::PathBuf;

use super::Signal;
use crate::os::{Pid, Text};

/// Who keeps a master up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervisor {
    /// Nobody: a daemon that init adopted, in no service and no login session.
    Nobody,
    /// The master is the first process of its pid namespace: when it ends, everything in there ends.
    First,
    /// It runs in a login session's control group (`session-7.scope`).
    Session(Text),
    /// A systemd service.
    Unit(Unit),
    /// runit's or daemontools' supervisor of one service, and the script between it and the master, if one stays.
    Service {
        /// `runsv`, `supervise` or `s6-supervise`.
        by: Pid,
        /// Its name.
        name: Text,
        /// The process between them that stays, a shell as a rule.
        script: Option<Pid>,
    },
    /// Another process that started it and is still there: supervisord, foreman, a launcher, a shell, sudo.
    Parent {
        /// The process.
        by: Pid,
        /// Its name: of an interpreter that of what it runs.
        name: Text,
        /// What it does when the master ends.
        does: Follows,
    },
}

/// What a process does when the one that it started ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It waits for it, and ends or goes on without it: an interactive shell, sudo, a terminal's host.
    Waits,
    /// It ends with it, starts another, or does what only it knows; it catches these of HUP and USR2.
    Acts(Vec<Signal>),
}

/// A systemd service, as far as it says what becomes of a re-executed master (`systemd.service(5)`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// `shop.service`.
    pub name: Text,
    /// Its file; `None`: none was found in systemd's usual directories.
    pub file: Option<PathBuf>,
    /// `Type=`; `None`: not set.
    pub kind: Option<Text>,
    /// `PIDFile=`.
    pub pidfile: Option<Text>,
    /// `GuessMainPID=`: whether systemd may take one of a forking service's processes for the main one. Not set: it may.
    pub guesses: Option<bool>,
    /// `RemainAfterExit=`: whether the service stays active, and its processes alone, when the main one ends.
    pub remains: Option<bool>,
    /// `ExitType=`.
    pub exit_type: Option<Text>,
    /// `KillMode=`.
    pub kill_mode: Option<Text>,
    /// `Restart=`.
    pub restart: Option<Text>,
    /// Which process it follows.
    pub main: Main,
}

/// The process that systemd follows as a service's main one: what becomes of it becomes of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Main {
    /// The one in the pidfile that the unit names, which is read again when the one before has ended.
    Named {
        /// The path, with systemd's specifiers put in.
        file: PathBuf,
        /// Whether the master writes that very file; `None`: not known.
        own: Option<bool>,
    },
    /// A living process.
    Is {
        /// The process.
        pid: Pid,
        /// Its name.
        name: Text,
        /// What it is to the master.
        above: Above,
    },
    /// It has ended, and the service's other processes were left alone.
    Ended(Option<Pid>),
    /// None: the service lasts as long as any of its processes.
    None,
    /// Nothing tells.
    #[default]
    Unknown,
}

/// What the process that a service follows is to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    /// The master itself, or one that did not start it.
    No,
    /// A shell that started it and has set no trap: it waits for the master and goes on once that has ended.
    Waits,
    /// It started the master, and does what only it knows.
    Acts,
}

impl Unit {
    /// `Type=`, or what it is where none is set.
    pub fn kind(&self) -> String {
        self.kind.as_ref().map_or_else(|| "simple".to_owned(), ToString::to_string)
    }

    /// Whether systemd ends the other processes of the service together with the main one.
    pub fn ends_all(&self) -> bool {
        let mode = self.kill_mode.as_ref().map(Text::bytes);
        self.remains != Some(true) && !matches!(mode, Some(b"process" | b"none"))
    }

    /// Whether systemd starts it again after its main process ended as it was asked to, without an error.
    pub fn starts_again(&self) -> bool {
        let restart = self.restart.as_ref().map(Text::bytes);
        self.remains != Some(true) && matches!(restart, Some(b"always" | b"on-success"))
    }
}
