//! A source that writes down what it is asked and what it answers, secrets taken out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::masker::Masker;
use super::recording::{Asked, Frame, Recording, SCHEMA};
use super::{Answer, Ask, Found, Host, Pid, ProcText, SocketPeer, Source, Text, User};

/// A source that records another one. One look is one frame.
pub struct Record<S> {
    source: S,
    asked: Asked,
    looks: RefCell<Looks>,
}

#[derive(Default)]
struct Looks {
    /// Looks that are over, each as it differs from the one before.
    done: Vec<Frame>,
    /// All that was known at the end of the last of them.
    before: BTreeMap<String, Answer>,
    /// What this look was answered.
    now: BTreeMap<String, Answer>,
    /// The process that a question is about, by the question's key.
    about: BTreeMap<String, Pid>,
    host: Text,
    taken_at: Option<Timestamp>,
    masker: Masker,
}

impl<S: Source> Record<S> {
    /// Records what is asked from now on.
    pub fn new(source: S) -> Self {
        Self { source, asked: Asked::default(), looks: RefCell::default() }
    }

    /// Keeps what the looks are taken for.
    #[must_use]
    pub fn taken_for(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    /// How many looks it holds, the one that lasts included.
    pub fn looks(&self) -> usize {
        let looks = self.looks.borrow();
        looks.done.len() + usize::from(!looks.now.is_empty())
    }

    /// How many secret values were taken out.
    pub fn masked(&self) -> usize {
        self.looks.borrow().masker.count()
    }

    /// The recording up to now, as the text of its file.
    pub fn write(&self) -> Result<String, String> {
        let looks = self.looks.borrow();
        let mut frames = looks.done.clone();
        if !looks.now.is_empty() {
            frames.push(Frame::of(&looks.known(), &looks.before));
        }
        let recording = Recording {
            schema: SCHEMA.into(),
            farrier: env!("CARGO_PKG_VERSION").into(),
            host: looks.host.clone(),
            taken_at: looks.taken_at.unwrap_or_default().to_string(),
            masked: looks.masker.count(),
            asked: self.asked.clone(),
            marks: Vec::new(),
            frames,
        };
        toml::to_string_pretty(&recording).map_err(|error| error.to_string())
    }
}

impl Looks {
    fn keep(&mut self, ask: &Ask, answer: &Answer) {
        let key = ask.key();
        // The same file may be read with two bounds: the longer text holds both.
        if self.now.get(&key).is_some_and(|kept| length(kept) >= length(answer)) {
            return;
        }
        match answer {
            Ok(Found::Host(host)) if self.host.is_empty() => self.host = host.name.clone(),
            Ok(Found::Clock(clock)) if self.taken_at.is_none() => {
                self.taken_at = Timestamp::from_nanosecond(i128::from(clock.wall)).ok();
            }
            _ => {}
        }
        self.about.extend(ask.pid().map(|pid| (key.clone(), pid)));
        let kept = match (ask, self.masker.answer(ask, answer)) {
            (Ask::Text(_, ProcText::Maps), Ok(Found::Bytes(text))) => {
                Ok(Found::Bytes(mapped_files(&text)))
            }
            (_, kept) => kept,
        };
        self.now.insert(key, kept);
    }

    /// What is known at the end of this look. What was not asked again is as it was, unless its process is gone: a scan
    /// does not read every stranger each time, and a recording can be entered at any look.
    fn known(&self) -> BTreeMap<String, Answer> {
        let mut now = self.now.clone();
        drop_foreign_sockets(&mut now);
        drop_foreign_users(&mut now);
        let living = match now.get(&Ask::Pids.key()) {
            Some(Ok(Found::Pids(living))) => Some(living.clone()),
            _ => None,
        };
        for (key, answer) in &self.before {
            let lives =
                |pid: &Pid| living.as_ref().is_none_or(|all| all.binary_search(pid).is_ok());
            if !now.contains_key(key) && self.about.get(key).is_none_or(lives) {
                now.insert(key.clone(), answer.clone());
            }
        }
        now
    }

    fn end(&mut self) {
        let known = self.known();
        self.now.clear();
        self.about.retain(|key, _| known.contains_key(key));
        self.done.push(Frame::of(&known, &self.before));
        self.before = known;
    }
}

/// How much of a file an answer holds.
fn length(answer: &Answer) -> usize {
    match answer {
        Ok(Found::File(Some(text))) => text.len(),
        _ => 0,
    }
}

/// A busy machine has tens of thousands of sockets. What is looked at are those that listen, those of processes whose
/// descriptors were read, and the other ends of these.
fn drop_foreign_sockets(answers: &mut BTreeMap<String, Answer>) {
    let mut wanted: BTreeSet<u64> = BTreeSet::new();
    for answer in answers.values() {
        match answer {
            Ok(Found::Descriptors(all)) => {
                wanted.extend(all.iter().filter_map(|d| inode(&d.target)));
            }
            Ok(Found::Opens(all)) => {
                wanted.extend(all.iter().filter_map(|open| inode(&open.descriptor.target)));
            }
            _ => {}
        }
    }
    for answer in answers.values_mut() {
        if let Ok(Found::Sockets(all)) = answer {
            let of_peer = |peer: &SocketPeer| matches!(peer, SocketPeer::Inode(peer) if wanted.contains(peer));
            all.retain(|socket| {
                socket.listening || wanted.contains(&socket.inode) || of_peer(&socket.peer)
            });
        }
    }
}

/// Who has an account without owning one of the processes that were read is nobody's business.
fn drop_foreign_users(answers: &mut BTreeMap<String, Answer>) {
    let owners: BTreeSet<u32> = answers
        .iter()
        .filter(|(key, _)| key.ends_with("/status"))
        .filter_map(|(_, answer)| match answer {
            Ok(Found::Bytes(text)) => owner(text),
            _ => None,
        })
        .collect();
    if let Some(Ok(Found::Host(host))) = answers.get_mut(&Ask::Host.key()) {
        let Host { users, euid, .. } = host.as_mut();
        let told = |user: &&User| owners.contains(&user.uid) || user.uid == *euid;
        *users = users.iter().filter(told).cloned().collect();
    }
}

/// The real user of a process, from its `status`.
fn owner(status: &Text) -> Option<u32> {
    let line = status.bytes().split(|byte| *byte == b'\n').find_map(|l| l.strip_prefix(b"Uid:"))?;
    std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// Only the lines of files: what is mapped without one makes two thirds of the text, and nothing reads it
/// (`facts::maps`). A map without any file stays as it is, since an empty one means something else.
fn mapped_files(text: &Text) -> Text {
    let of_file = |line: &[u8]| {
        let path = line.splitn(6, |byte| *byte == b' ').nth(5);
        path.is_some_and(|path| path.trim_ascii_start().starts_with(b"/"))
    };
    let lines = text.bytes().split_inclusive(|byte| *byte == b'\n');
    let files: Vec<u8> = lines.filter(|line| of_file(line)).flatten().copied().collect();
    if files.is_empty() { text.clone() } else { Text::new(files) }
}

/// The inode in `socket:[INODE]`.
fn inode(target: &Text) -> Option<u64> {
    target.utf8()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

impl<S: Source> Source for Record<S> {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        let answers = self.source.ask(asks);
        let mut looks = self.looks.borrow_mut();
        for (ask, answer) in asks.iter().zip(&answers) {
            looks.keep(ask, answer);
        }
        answers
    }

    fn begin(&self, ask: &Ask) {
        self.source.begin(ask);
    }

    fn keep_only(&self, members: &[Pid]) {
        self.source.keep_only(members);
    }

    fn next_look(&self) {
        self.looks.borrow_mut().end();
        self.source.next_look();
    }
}
