//! The words of a command line: a secret may stand in any of them, so they are masked wherever they are shown.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Text;
use super::secrets::mask_arguments;

/// Words that somebody else was started with. Whatever makes text of them (`Display`, `Debug`, `Serialize`) gets them
/// without their secrets, so that no writer can forget it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arguments(Arc<[Text]>);

impl Arguments {
    /// Takes words as they came.
    pub fn new(words: Vec<Text>) -> Self {
        Self(words.into())
    }

    /// The words as they came: for recognition and comparison, never for showing.
    pub fn raw(&self) -> &[Text] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words without their secrets.
    pub fn shown(&self) -> Vec<Text> {
        let words: Vec<&[u8]> = self.0.iter().map(Text::bytes).collect();
        let (masked, _) = mask_arguments(&Text::new(words.join(&0)));
        masked.bytes().split(|byte| *byte == 0).take(words.len()).map(Text::new).collect()
    }
}

impl From<&[Text]> for Arguments {
    fn from(words: &[Text]) -> Self {
        Self(words.into())
    }
}

impl FromIterator<Text> for Arguments {
    fn from_iter<I: IntoIterator<Item = Text>>(words: I) -> Self {
        Self(words.into_iter().collect())
    }
}

impl std::fmt::Display for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.shown().iter().map(ToString::to_string).collect();
        f.write_str(&words.join(" "))
    }
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.shown()).finish()
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_them_holds_a_secret() {
        let words = ["unicorn", "-c", "u.rb", "--password", "hunter2"].map(Text::from);
        let words = Arguments::new(words.to_vec());
        let json = serde_json::to_string(&words).unwrap();
        for text in [words.to_string(), format!("{words:?}"), json] {
            assert!(text.contains("u.rb") && !text.contains("hunter2"), "{text}");
        }
        assert_eq!(words.to_string(), "unicorn -c u.rb --password *******");
        assert_eq!(words.raw().len(), 5);
        assert_eq!(Arguments::default().shown(), []);
    }
}
