//! A source that writes down what it is asked and what it answers, secrets taken out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::recording::{Frame, Recording, SCHEMA};
use super::secrets::{Masker, mask_text};
use super::{Answer, Ask, Found, Pid, ProcText, Source, Text};

/// A source that records another one.
pub struct Record<S> {
    source: S,
    looks: RefCell<Looks>,
}

#[derive(Default)]
struct Looks {
    done: Vec<BTreeMap<String, Answer>>,
    now: BTreeMap<String, Answer>,
    masker: Masker,
    in_texts: usize,
}

impl<S: Source> Record<S> {
    /// Records what is asked from now on.
    pub fn new(source: S) -> Self {
        Self { source, looks: RefCell::default() }
    }

    /// The recording up to now, as the text of its file.
    pub fn write(&self) -> Result<String, String> {
        let looks = self.looks.borrow();
        let nothing = BTreeMap::new();
        let all: Vec<&BTreeMap<String, Answer>> =
            looks.done.iter().chain((!looks.now.is_empty()).then_some(&looks.now)).collect();
        let frames = all
            .iter()
            .enumerate()
            .map(|(index, now)| {
                let before = index.checked_sub(1).and_then(|at| all.get(at).copied());
                Frame::of(now, before.unwrap_or(&nothing))
            })
            .collect();
        let first = all.first().copied().unwrap_or(&nothing);
        let host = match first.get(&Ask::Host.key()) {
            Some(Ok(Found::Host(host))) => host.name.clone(),
            _ => Text::default(),
        };
        let taken_at = match first.get(&Ask::Clock.key()) {
            Some(Ok(Found::Clock(clock))) => {
                jiff::Timestamp::from_nanosecond(i128::from(clock.wall)).unwrap_or_default()
            }
            _ => jiff::Timestamp::default(),
        };
        let recording = Recording {
            schema: SCHEMA.into(),
            farrier: env!("CARGO_PKG_VERSION").into(),
            host,
            taken_at: taken_at.to_string(),
            masked: looks.masker.count() + looks.in_texts,
            frames,
        };
        toml::to_string_pretty(&recording).map_err(|error| error.to_string())
    }
}

impl Looks {
    fn keep(&mut self, ask: &Ask, answer: &Answer) {
        let key = ask.key();
        if self.now.contains_key(&key) {
            return;
        }
        let kept = match (ask, answer) {
            (Ask::Text(_, ProcText::Environ), Ok(Found::Bytes(block))) => {
                Ok(Found::Bytes(self.masker.environ(block)))
            }
            (Ask::Text(_, ProcText::Cmdline), Ok(Found::Bytes(text))) => {
                Ok(Found::Bytes(self.mask(text)))
            }
            (_, Ok(Found::File(Some(text)))) => Ok(Found::File(Some(self.mask(text)))),
            (_, answer) => answer.clone(),
        };
        self.now.insert(key, kept);
    }

    fn mask(&mut self, text: &Text) -> Text {
        let (masked, count) = mask_text(text);
        self.in_texts += count;
        masked
    }
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

    fn keep_only(&self, members: &[Pid]) {
        self.source.keep_only(members);
    }

    fn next_look(&self) {
        let mut looks = self.looks.borrow_mut();
        let now = std::mem::take(&mut looks.now);
        looks.done.push(now);
        self.source.next_look();
    }
}
