//! Who works on an app: the process that has locked the directory of its pidfile, as far as it can be seen.

use jiff::Timestamp;

use super::Operation;
use crate::os::{Arguments, Pid, Text};

/// The process that holds the lock of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: Pid,
    /// Its program's name, as the kernel has it.
    pub program: Text,
    /// Who logged in and started it; where nobody did, its user.
    pub user: Text,
    /// Its terminal: `pts/3`.
    pub terminal: Option<String>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// Its command line.
    pub arguments: Arguments,
    /// It is a farrier of root or of the app's own user: it keeps others out. Anybody else may lock what he can read.
    pub counts: bool,
}

/// What a farrier was told to do by its command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of its operations.
    Operation(Operation),
    /// One signal.
    Signal,
}

impl Holder {
    /// `bob (pts/3)`.
    pub fn who(&self) -> String {
        match &self.terminal {
            Some(terminal) => format!("{} ({terminal})", self.user),
            None => format!("{} ({})", self.user, self.pid),
        }
    }

    /// What its command line says; `None`: it is an inspector, in which operations are chosen by keys.
    pub fn task(&self) -> Option<Task> {
        let mut words = self.arguments.raw().iter().skip(1).filter_map(Text::utf8);
        loop {
            match words.next()? {
                "upgrade" => return Some(Task::Operation(Operation::Upgrade)),
                "rollback" => return Some(Task::Operation(Operation::Rollback)),
                "signal" => return Some(Task::Signal),
                "do" => {
                    let named = |word| Operation::ALL.iter().find(|known| known.name() == word);
                    return words.find_map(named).map(|found| Task::Operation(*found));
                }
                _ => {}
            }
        }
    }

    /// Whether it was started with that option.
    pub fn has_option(&self, option: &str) -> bool {
        let is = |word: &Text| {
            let rest = word.utf8().and_then(|word| word.strip_prefix(option));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        self.arguments.raw().iter().any(is)
    }
}

/// The name of a terminal by the number that `proc_pid_stat(5)` has of it: major and minor, folded.
pub fn terminal(number: i32) -> Option<String> {
    let number = u32::from_ne_bytes(number.to_ne_bytes());
    let (major, minor) = (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00);
    match (major, minor) {
        (0, _) => None,
        (136..=143, _) => Some(format!("pts/{}", (major - 136) * 256 + minor)),
        (4, 0..64) => Some(format!("tty{minor}")),
        (4, _) => Some(format!("ttyS{}", minor - 64)),
        _ => Some(format!("tty {major}:{minor}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(line: &str) -> Holder {
        Holder {
            pid: Pid::new(7).unwrap(),
            program: "farrier".into(),
            user: "bob".into(),
            terminal: None,
            started: None,
            arguments: line.split(' ').map(Text::from).collect(),
            counts: true,
        }
    }

    #[test]
    fn a_command_line_says_what_is_done() {
        let task = |line: &str| holder(line).task();
        assert_eq!(task("farrier"), None);
        assert_eq!(task("farrier --refresh 2"), None);
        let upgrade = Some(Task::Operation(Operation::Upgrade));
        assert_eq!(task("farrier --proc /proc upgrade shop --yes"), upgrade);
        assert_eq!(task("farrier do --yes retire shop"), Some(Task::Operation(Operation::Retire)));
        assert_eq!(task("farrier signal HUP shop"), Some(Task::Signal));
        assert!(holder("farrier upgrade --probe=/ shop").has_option("--probe"));
        assert!(!holder("farrier upgrade shop").has_option("--probe"));
    }

    #[test]
    fn terminals_have_their_names() {
        assert_eq!(terminal(0), None);
        assert_eq!(terminal(136 << 8 | 3).as_deref(), Some("pts/3"));
        assert_eq!(terminal(136 << 8 | 0x2c | 0x1 << 20).as_deref(), Some("pts/300"));
        assert_eq!(terminal(4 << 8 | 2).as_deref(), Some("tty2"));
        assert_eq!(terminal(4 << 8 | 64).as_deref(), Some("ttyS0"));
    }
}
