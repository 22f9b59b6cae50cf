//! What is taken out of answers before they are recorded.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::secrets::{mask_file, mask_log, mask_text, places_in_arguments, shown_value};
use super::{Answer, Ask, Found, PathAsk, ProcText, StartContext, Text};

/// Takes secrets out of answers, so that lengths stay, and equal values stay equal within one masker.
#[derive(Default)]
pub struct Masker {
    /// Values are told apart by a hash whose key is random and kept nowhere else.
    key: RandomState,
    known: HashMap<u64, usize>,
    in_texts: usize,
}

impl Masker {
    /// How many secrets were taken out: different values of variables, and places in texts.
    pub fn count(&self) -> usize {
        self.known.len() + self.in_texts
    }

    /// An answer as it may be kept.
    pub fn answer(&mut self, ask: &Ask, answer: &Answer) -> Answer {
        let masked = match (ask, answer) {
            (Ask::Text(_, ProcText::Environ) | Ask::LiveEnviron(_), Ok(Found::Bytes(block))) => {
                return Ok(Found::Bytes(self.environ(block)));
            }
            (_, Ok(Found::StartContext(context))) => {
                return Ok(Found::StartContext(Box::new(self.context(context))));
            }
            (Ask::Text(_, ProcText::Cmdline), Ok(Found::Bytes(line))) => {
                return Ok(Found::Bytes(self.arguments(line)));
            }
            (Ask::Text(_, ProcText::Mountinfo), Ok(Found::Bytes(text))) => {
                return Ok(Found::Bytes(self.counted(mask_text(text))));
            }
            (Ask::Stream(..) | Ask::Path(_, _, PathAsk::Tail(_)), Ok(Found::File(Some(text)))) => {
                self.counted(mask_log(text))
            }
            (Ask::Path(_, path, _), Ok(Found::File(Some(text)))) => {
                self.counted(mask_file(path, text))
            }
            _ => return answer.clone(),
        };
        Ok(Found::File(Some(masked)))
    }

    /// A text without its secrets, whose places are counted.
    fn counted(&mut self, (masked, places): (Text, usize)) -> Text {
        self.in_texts += places;
        masked
    }

    /// An option and its secret are two arguments: they are masked as those of a command line.
    fn context(&mut self, context: &StartContext) -> StartContext {
        let arguments: Vec<&[u8]> = context.arguments.iter().map(Text::bytes).collect();
        let masked = self.arguments(&Text::new(arguments.join(&0)));
        let masked = masked.bytes().split(|byte| *byte == 0).map(Text::new);
        StartContext {
            arguments: masked.take(arguments.len()).collect(),
            program: context.program.clone(),
            directory: context.directory.clone(),
        }
    }

    /// A command line with numbers in the place of what may be a secret: masters are told apart by their arguments.
    fn arguments(&mut self, line: &Text) -> Text {
        let mut masked = line.bytes().to_vec();
        for place in places_in_arguments(line) {
            let number = self.stand_in(line.bytes().get(place.clone()).unwrap_or_default());
            for (byte, digit) in masked.get_mut(place).unwrap_or_default().iter_mut().zip(number) {
                *byte = digit;
            }
        }
        Text::new(masked)
    }

    /// An environment block with every value that is not harmless replaced by its own number. Where a title was written
    /// over the block, nothing of it can be told from a title: all of it is replaced, and what was an entry is none.
    fn environ(&mut self, block: &Text) -> Text {
        let bytes = block.bytes();
        let entries = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        let is_intact = entries.split(|byte| *byte == 0).all(|entry| name_of(entry).is_some());
        let mut out = Vec::with_capacity(bytes.len());
        for (index, entry) in bytes.split(|byte| *byte == 0).enumerate() {
            if index > 0 {
                out.push(0);
            }
            let name = name_of(entry).filter(|_| is_intact).unwrap_or_default();
            let (name, value) = match entry.get(name.len() + 1..).filter(|_| !name.is_empty()) {
                Some(value) => (name, value),
                None => (&b""[..], entry),
            };
            if !name.is_empty() {
                out.extend([name, b"="].concat());
            }
            match shown_value(&Text::new(name), &Text::new(value), &[]) {
                Some(value) => out.extend(value.bytes()),
                None => out.extend(self.stand_in(value)),
            }
        }
        Text::new(out)
    }

    /// The value's number in letters and digits, padded to the value's length; a number that does not fit stands
    /// for many, so it is rather written whole.
    fn stand_in(&mut self, value: &[u8]) -> Vec<u8> {
        const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        if value.is_empty() {
            return Vec::new();
        }
        let next = self.known.len() + 1;
        let mut number = *self.known.entry(self.key.hash_one(value)).or_insert(next);
        let mut out = Vec::new();
        while number > 0 {
            out.extend(DIGITS.get(number % DIGITS.len()));
            number /= DIGITS.len();
        }
        out.resize(value.len().max(out.len()), b'*');
        out
    }
}

/// The name of an entry of an environment block; `None`: it is none, but a part of a title.
fn name_of(entry: &[u8]) -> Option<&[u8]> {
    let equals = entry.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    let name = entry.get(..equals)?;
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"/\\\"'`;".contains(byte);
    (name.iter().all(fits) && !name.starts_with(b"-")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Pid;

    fn environ(masker: &mut Masker, block: &str) -> String {
        let ask = Ask::Text(Pid::new(1).unwrap(), ProcText::Environ);
        match masker.answer(&ask, &Ok(Found::Bytes(Text::from(block)))) {
            Ok(Found::Bytes(text)) => text.utf8().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn environments_keep_lengths_and_equality() {
        let mut masker = Masker::default();
        assert_eq!(
            environ(&mut masker, "A=hunter2\0PATH=/bin\0B=hunter2\0C=hunter3\0D=\0"),
            "A=1******\0PATH=/bin\0B=1******\0C=2******\0D=\0"
        );
        assert_eq!(masker.count(), 2);
        assert!(!environ(&mut masker, "PATH=redis://u:canary@h").contains("canary"));
        assert_eq!(environ(&mut masker, ""), "");
        assert_eq!(masker.count(), 3);
    }

    #[test]
    fn short_values_that_differ_look_different() {
        let mut masker = Masker::default();
        let block: Vec<String> = (0..100).map(|n| format!("V{n}={n}")).collect();
        let hidden = environ(&mut masker, &block.join("\0"));
        let values: std::collections::BTreeSet<&str> =
            hidden.split('\0').filter_map(|entry| entry.split_once('=')).map(|(_, v)| v).collect();
        assert_eq!(values.len(), 100);
    }

    #[test]
    fn nothing_stays_of_an_overwritten_block() {
        for block in [
            "ster worker 1\0\0PATH=canary\0canary\0",
            "\0PATH=canary",
            "=canary\0PATH=canary\0",
            "--password canary --x=y\0PATH=/bin\0",
            "--canary=x\0",
        ] {
            assert!(!environ(&mut Masker::default(), block).contains("canary"), "{block:?}");
        }
        assert_eq!(environ(&mut Masker::default(), "\0\0\0"), "\0\0\0");
    }

    #[test]
    fn what_memory_tells_is_masked_as_the_files_are() {
        let (mut masker, pid) = (Masker::default(), Pid::new(1).unwrap());
        let live = Ok(Found::Bytes(Text::from("TOKEN=hunter2\0")));
        let kept = masker.answer(&Ask::LiveEnviron(pid), &live);
        assert_eq!(kept, Ok(Found::Bytes(Text::from("TOKEN=1******\0"))));
        let context = |arguments: &[&str]| StartContext {
            directory: "/srv".into(),
            program: "/usr/bin/unicorn".into(),
            arguments: arguments.iter().map(|text| Text::from(*text)).collect(),
        };
        for (arguments, kept) in [
            (&["--token", "hunter2", "-p", "80"][..], &["--token", "1******", "-p", "80"][..]),
            (&[], &[]),
        ] {
            let found = Ok(Found::StartContext(Box::new(context(arguments))));
            let answer = masker.answer(&Ask::StartContext(pid, Vec::new()), &found);
            assert_eq!(answer, Ok(Found::StartContext(Box::new(context(kept)))));
        }
    }
}
