//! A source that answers from a recording: every layer above runs on it as on a machine.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::recording::{Recording, SCHEMA};
use super::{Answer, Ask, Refusal, Source};

/// A recorded machine.
#[derive(Clone)]
pub struct Replay {
    frames: Vec<BTreeMap<String, Answer>>,
    at: Cell<usize>,
    masked: usize,
}

impl Replay {
    /// Reads a recording's text. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let recording: Recording = toml::from_str(text).map_err(|error| error.to_string())?;
        if recording.schema != SCHEMA {
            return Err(format!("its format is {}; this farrier reads {SCHEMA}", recording.schema));
        }
        let mut frames: Vec<BTreeMap<String, Answer>> = Vec::new();
        let nothing = BTreeMap::new();
        for frame in &recording.frames {
            let next = frame.onto(frames.last().unwrap_or(&nothing))?;
            frames.push(next);
        }
        if frames.is_empty() {
            return Err("it holds no look".into());
        }
        Ok(Self { frames, at: Cell::new(0), masked: recording.masked })
    }

    /// How many looks it holds.
    pub fn looks(&self) -> usize {
        self.frames.len()
    }

    /// How many secret values were taken out of it.
    pub fn masked(&self) -> usize {
        self.masked
    }

    /// Goes to a look by its number, from 0; one behind the last is the last.
    pub fn go_to(&self, look: usize) {
        self.at.set(look.min(self.frames.len().saturating_sub(1)));
    }
}

impl Source for Replay {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        let frame = self.frames.get(self.at.get());
        asks.iter()
            .map(|ask| {
                let known = frame.and_then(|answers| answers.get(&ask.key()).cloned());
                known.unwrap_or(Err(Refusal::NotRecorded))
            })
            .collect()
    }

    fn next_look(&self) {
        self.go_to(self.at.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::{Found, Pid, ProcText, Text};
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
        let (cmdline, environ) =
            (Ask::Text(pid, ProcText::Cmdline), Ask::Text(pid, ProcText::Environ));
        let path = Ask::path(crate::os::Root::Own, "/x".as_ref(), crate::os::PathAsk::Stat);
        let record = Record::new(Two(Cell::new(false)));
        let asks = [cmdline.clone(), environ.clone(), path.clone()];
        let first = record.ask(&asks);
        record.next_look();
        record.ask(&asks[..2]);
        let text = record.write().unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        let replay = Replay::read(&text).unwrap();
        assert_eq!((replay.looks(), replay.masked()), (2, 1));
        assert_eq!(replay.ask_one(cmdline.clone()), first[0]);
        assert_eq!(replay.ask_one(path.clone()), Ok(Found::Stat(None)));
        let masked = Found::Bytes(Text::from("PATH=/bin\0TOKEN=1******\0"));
        assert_eq!(replay.ask_one(environ.clone()), Ok(masked.clone()));
        replay.next_look();
        assert_eq!(replay.ask_one(cmdline), Err(Refusal::Gone));
        assert_eq!(replay.ask_one(environ), Ok(masked));
        assert_eq!(replay.ask_one(path), Err(Refusal::NotRecorded));
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Replay::read("schema = 'x/1'").is_err());
        assert!(Replay::read("not toml").is_err());
    }
}
