//! What is taken out of answers before they are recorded.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::secrets::{is_harmless, mask_arguments, mask_text};
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
            (Ask::Text(_, ProcText::Cmdline), Ok(Found::Bytes(line))) => mask_arguments(line),
            (Ask::Text(_, ProcText::Mountinfo), Ok(Found::Bytes(text))) => mask_text(text),
            (
                Ask::Path(
                    _,
                    _,
                    PathAsk::Read(_) | PathAsk::Head(_) | PathAsk::Tail(_) | PathAsk::Shebang,
                )
                | Ask::Stream(..),
                Ok(Found::File(Some(text))),
            ) => {
                let (text, count) = mask_text(text);
                self.in_texts += count;
                return Ok(Found::File(Some(text)));
            }
            _ => return answer.clone(),
        };
        self.in_texts += masked.1;
        Ok(Found::Bytes(masked.0))
    }

    /// An option and its secret are two arguments: they are masked as those of a command line.
    fn context(&mut self, context: &StartContext) -> StartContext {
        let arguments: Vec<&[u8]> = context.arguments.iter().map(Text::bytes).collect();
        let (masked, count) = mask_arguments(&Text::new(arguments.join(&0)));
        self.in_texts += count;
        let masked = masked.bytes().split(|byte| *byte == 0).map(Text::new);
        StartContext {
            arguments: masked.take(arguments.len()).collect(),
            program: context.program.clone(),
            directory: context.directory.clone(),
        }
    }

    /// An environment block with every value that is not harmless replaced by its own number. Where a title was written
    /// over the block, the rest of a value may look like a harmless variable: there no value stays.
    fn environ(&mut self, block: &Text) -> Text {
        let bytes = block.bytes();
        let equals =
            |entry: &[u8]| entry.iter().position(|byte| *byte == b'=').filter(|at| *at > 0);
        let entries = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        let is_intact = entries.split(|byte| *byte == 0).all(|entry| equals(entry).is_some());
        let mut out = Vec::with_capacity(bytes.len());
        for (index, entry) in bytes.split(|byte| *byte == 0).enumerate() {
            if index > 0 {
                out.push(0);
            }
            let start = equals(entry).map_or(0, |at| at + 1);
            let (name, value) = entry.split_at_checked(start).unwrap_or_default();
            out.extend(name);
            if is_intact && is_harmless(name.strip_suffix(b"=").unwrap_or(name), &[]) {
                let (value, count) = mask_text(&Text::new(value));
                self.in_texts += count;
                out.extend(value.bytes());
            } else {
                out.extend(self.stand_in(value));
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
        assert_eq!(environ(&mut masker, "PATH=redis://u:canary@h"), "PATH=redis://u:******@h");
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
        for block in
            ["ster worker 1\0\0PATH=canary\0canary\0", "\0PATH=canary", "=canary\0PATH=canary\0"]
        {
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
            (&["--token", "hunter2", "-p", "80"][..], &["--token", "*******", "-p", "80"][..]),
            (&[], &[]),
        ] {
            let found = Ok(Found::StartContext(Box::new(context(arguments))));
            let answer = masker.answer(&Ask::StartContext(pid, Vec::new()), &found);
            assert_eq!(answer, Ok(Found::StartContext(Box::new(context(kept)))));
        }
    }
}
