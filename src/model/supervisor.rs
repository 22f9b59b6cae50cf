//! Who keeps a master up, as its control group and its ancestors show.

use std::path::PathBuf;

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
    /// Another process that started it and waits for it: supervisord, foreman, a shell.
    Parent {
        /// The process.
        by: Pid,
        /// Its name.
        name: Text,
    },
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
    pub pidfile: Option<PathBuf>,
    /// `ExitType=`.
    pub exit_type: Option<Text>,
    /// `KillMode=`.
    pub kill_mode: Option<Text>,
    /// `Restart=`.
    pub restart: Option<Text>,
    /// The service's main process as systemd told it to its children (`SYSTEMD_EXEC_PID`, since version 248).
    pub main: Option<Pid>,
}
