//! A source that answers from a recording: every layer above runs on it as on a machine.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::recording::{Frame, Mark, Recording, SCHEMA};
use super::{Answer, Ask, Asked, Found, PathAsk, Refusal, Source, Text};

/// A recorded machine.
#[derive(Clone)]
pub struct Replay {
    /// The looks, each as it differs from the one before: an hour of them whole would take half a gigabyte.
    frames: Vec<Frame>,
    at: Cell<usize>,
    /// All answers of the look that it is at.
    known: RefCell<BTreeMap<String, Answer>>,
    masked: usize,
    asked: Asked,
    marks: Vec<Mark>,
}

impl Replay {
    /// Reads a recording's text. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let recording: Recording = toml::from_str(text).map_err(|error| unread(text, &error))?;
        if recording.schema != SCHEMA {
            return Err(other_format(&recording.schema));
        }
        let Some(first) = recording.frames.first() else {
            return Err("it holds no look".into());
        };
        let mut known = BTreeMap::new();
        for frame in &recording.frames {
            frame.onto(&mut known)?;
        }
        known.clear();
        first.onto(&mut known)?;
        Ok(Self {
            at: Cell::new(0),
            known: RefCell::new(known),
            masked: recording.masked,
            asked: recording.asked,
            marks: recording.marks,
            frames: recording.frames,
        })
    }

    /// How many looks it holds.
    pub fn looks(&self) -> usize {
        self.frames.len()
    }

    /// How many secret values were taken out of it.
    pub fn masked(&self) -> usize {
        self.masked
    }

    /// What its looks were taken for.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What was done while it was recorded, the first first.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Goes to a look by its number, from 0; one behind the last is the last.
    pub fn go_to(&self, look: usize) {
        let look = look.min(self.frames.len().saturating_sub(1));
        let mut known = self.known.borrow_mut();
        let from = if look < self.at.get() {
            known.clear();
            0
        } else {
            self.at.get() + 1
        };
        for frame in self.frames.iter().take(look + 1).skip(from) {
            // Each went onto the one before when the recording was read.
            let _ = frame.onto(&mut known);
        }
        self.at.set(look);
    }
}

impl Source for Replay {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        let known = self.known.borrow();
        asks.iter()
            .map(|ask| {
                let answer = known.get(&ask.key()).or_else(|| known.get(&whole(ask)?.key()));
                answer.map_or(Err(Refusal::NotRecorded), |answer| bounded(ask, answer))
            })
            .collect()
    }

    fn next_look(&self) {
        self.go_to(self.at.get() + 1);
    }
}

/// What a part of a file stands in too: the whole, if that was read.
fn whole(ask: &Ask) -> Option<Ask> {
    match ask {
        Ask::Path(root, path, PathAsk::Head(bound)) => {
            Some(Ask::Path(*root, path.clone(), PathAsk::Read(*bound)))
        }
        _ => None,
    }
}

/// A file may be recorded with a larger bound than is asked for.
fn bounded(ask: &Ask, answer: &Answer) -> Answer {
    let Ok(Found::File(Some(text))) = answer else { return answer.clone() };
    let all = text.bytes();
    let part = match ask {
        Ask::Path(_, _, PathAsk::Read(most)) if all.len() > *most as usize => {
            return Err(Refusal::TooLarge(u64::from(*most)));
        }
        Ask::Path(_, _, PathAsk::Head(most)) => all.get(..*most as usize),
        Ask::Path(_, _, PathAsk::Tail(most)) => {
            all.len().checked_sub(*most as usize).and_then(|start| all.get(start..))
        }
        _ => None,
    };
    Ok(Found::File(Some(Text::new(part.unwrap_or(all)))))
}

/// Why a text is not read as a recording. Another version of the format may hold anything: its name is looked at first.
fn unread(text: &str, error: &toml::de::Error) -> String {
    let named = text.lines().find_map(|line| line.strip_prefix("schema = "));
    let named = named.map(|name| name.trim().trim_matches(['"', '\'']));
    match named {
        Some(name) if name != SCHEMA => other_format(name),
        None => "it is no recording of farrier: it names no format".into(),
        Some(_) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let what = error.message().lines().next().unwrap_or_default();
            format!("it is cut off or changed, line {line}: {what}")
        }
    }
}

fn other_format(name: &str) -> String {
    let name = super::text::escaped(name.as_bytes());
    format!("its format is {name}; this farrier reads {SCHEMA}")
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::{Pid, ProcText, Root, Socket, SocketPeer};
    use super::*;

    struct Two(Cell<bool>);

    impl Source for Two {
        fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
            let late = self.0.get();
            asks.iter()
                .map(|ask| match ask {
                    Ask::Text(_, ProcText::Environ) => {
                        Ok(Found::Bytes(Text::from("PATH=/bin\0TOKEN=hunter2\0")))
                    }
                    Ask::Text(_, _) if late => Err(Refusal::Gone),
                    Ask::Text(_, _) => Ok(Found::Bytes(Text::new([0xff, b'x', 0]))),
                    _ => Ok(Found::Stat(None)),
                })
                .collect()
        }

        fn next_look(&self) {
            self.0.set(true);
        }
    }

    #[test]
    fn what_was_recorded_is_answered_again_without_secrets() {
        let pid = Pid::new(7).unwrap();
        let (cgroup, environ) =
            (Ask::Text(pid, ProcText::Cgroup), Ask::Text(pid, ProcText::Environ));
        let path = Ask::path(crate::os::Root::Own, "/x".as_ref(), crate::os::PathAsk::Stat);
        let asked = Asked { targets: vec!["/srv/shop".into()], settings: "a = 1\n".into() };
        let record = Record::new(Two(Cell::new(false))).taken_for(asked.clone());
        let asks = [cgroup.clone(), environ.clone(), path.clone()];
        let first = record.ask(&asks);
        record.next_look();
        record.ask(&asks[..2]);
        let text = record.write().unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        let replay = Replay::read(&text).unwrap();
        assert_eq!((replay.looks(), replay.masked(), replay.asked()), (2, 1, &asked));
        assert_eq!(replay.ask_one(cgroup.clone()), first[0]);
        assert_eq!(replay.ask_one(path.clone()), Ok(Found::Stat(None)));
        let masked = Found::Bytes(Text::from("PATH=/bin\0TOKEN=1******\0"));
        assert_eq!(replay.ask_one(environ.clone()), Ok(masked.clone()));
        replay.next_look();
        assert_eq!(replay.ask_one(cgroup), Err(Refusal::Gone));
        assert_eq!(replay.ask_one(environ), Ok(masked));
        // It was not asked again: it is as it was.
        assert_eq!(replay.ask_one(path), Ok(Found::Stat(None)));
        assert_eq!(replay.ask_one(Ask::Host), Err(Refusal::NotRecorded));
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Replay::read("schema = 'x/1'").is_err());
        assert!(Replay::read("not toml").is_err());
    }

    /// A machine that answers what its function says.
    struct Told<F>(F);

    impl<F: Fn(&Ask) -> Answer> Source for Told<F> {
        fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
            asks.iter().map(&self.0).collect()
        }
    }

    #[test]
    fn what_is_known_of_a_process_ends_with_it() {
        let (one, two) = (Pid::new(1).unwrap(), Pid::new(2).unwrap());
        let look = Cell::new(0);
        let record = Record::new(Told(|ask: &Ask| match ask {
            Ask::Pids if look.get() == 0 => Ok(Found::Pids(vec![one, two])),
            Ask::Pids => Ok(Found::Pids(vec![one])),
            other => Ok(Found::Bytes(Text::from(other.key().as_str()))),
        }));
        let of = |pid| Ask::Text(pid, ProcText::Stat);
        record.ask(&[Ask::Pids, of(one), of(two)]);
        record.next_look();
        look.set(1);
        record.ask(&[Ask::Pids]);
        let replay = Replay::read(&record.write().unwrap()).unwrap();
        replay.next_look();
        assert!(replay.ask_one(of(one)).is_ok());
        assert_eq!(replay.ask_one(of(two)), Err(Refusal::NotRecorded));
        replay.go_to(0);
        assert!(replay.ask_one(of(two)).is_ok());
    }

    #[test]
    fn a_file_that_was_read_with_two_bounds_is_kept_whole() {
        let content = |most: u32| Text::new(&b"0123456789"[..most.min(10) as usize]);
        let answer = move |ask: &Ask| match ask {
            Ask::Path(_, _, PathAsk::Read(most @ ..10)) => Err(Refusal::TooLarge((*most).into())),
            Ask::Path(_, _, PathAsk::Head(most)) => Ok(Found::File(Some(content(*most)))),
            _ => Ok(Found::File(Some(content(10)))),
        };
        let record = Record::new(Told(answer));
        let of = |ask| Ask::path(Root::Own, "/f".as_ref(), ask);
        let (read, head, tail) = (PathAsk::Read, PathAsk::Head, PathAsk::Tail);
        record.ask(&[read(4), read(64), read(2), tail(64)].map(of));
        let replay = Replay::read(&record.write().unwrap()).unwrap();
        for ask in [read(2), read(4), read(10), read(64), head(4), head(64)].map(of) {
            assert_eq!(replay.ask_one(ask.clone()), answer(&ask), "{ask:?}");
        }
        // Only a part was read: it is never taken for the whole.
        let record = Record::new(Told(answer));
        record.ask(&[head(4), read(4), head(6)].map(of));
        let replay = Replay::read(&record.write().unwrap()).unwrap();
        assert_eq!(replay.ask_one(of(head(4))), Ok(Found::File(Some(content(4)))));
        assert_eq!(replay.ask_one(of(read(4))), Err(Refusal::TooLarge(4)));
        let record = Record::new(Told(answer));
        record.ask(&[of(tail(64))]);
        let replay = Replay::read(&record.write().unwrap()).unwrap();
        assert_eq!(replay.ask_one(of(tail(3))), Ok(Found::File(Some(Text::from("789")))));
    }

    #[test]
    fn sockets_of_strangers_are_left_out() {
        let socket = |inode, listening, peer| Socket {
            inode,
            protocol: crate::os::Protocol::Unix,
            listening,
            state: 1,
            path: Text::default(),
            local: None,
            peer,
            queued: Ok(0),
            backlog: Ok(0),
            file: Some((u64::MAX, 0)),
        };
        let all = [
            socket(1, true, SocketPeer::None),
            socket(2, false, SocketPeer::Inode(3)),
            socket(3, false, SocketPeer::Inode(2)),
            socket(4, false, SocketPeer::Inode(5)),
        ];
        let record = Record::new(Told(|ask: &Ask| match ask {
            Ask::Sockets(_) => Ok(Found::Sockets(all.to_vec())),
            _ => Ok(Found::Descriptors(vec![crate::os::Descriptor {
                fd: 7,
                target: Text::from("socket:[2]"),
            }])),
        }));
        record.ask(&[Ask::Sockets(None), Ask::Descriptors(Pid::new(1).unwrap())]);
        let replay = Replay::read(&record.write().unwrap()).unwrap();
        assert_eq!(replay.ask_one(Ask::Sockets(None)), Ok(Found::Sockets(all[..3].to_vec())));
    }
}
