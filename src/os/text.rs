//! Bytes from outside, and the one escaper that they pass before anyone sees them.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Bytes that somebody else chose: a title, an environment value, a file's content.
/// Its `Display` is always escaped, so that it cannot reach a terminal, a pipe or a log raw. A clone shares the bytes:
/// one answer is many facts.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Arc<[u8]>);

/// Whether bytes hold a part, which is not empty.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Text {
    /// Takes bytes as they came.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into().into())
    }

    /// The bytes, unescaped: for parsing and for asking the machine, never for showing.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as a path, unescaped.
    pub fn path(&self) -> &Path {
        Path::new(std::ffi::OsStr::from_bytes(&self.0))
    }

    /// The bytes as a string, if they are UTF-8: for parsing, never for showing.
    pub fn utf8(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<&Path> for Text {
    fn from(path: &Path) -> Self {
        Self(path.as_os_str().as_bytes().into())
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&escaped(&self.0))
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", escaped(&self.0))
    }
}

/// A path as it may be shown. The only way from a path to a string that a person or a program reads.
pub fn shown(path: &Path) -> String {
    escaped(path.as_os_str().as_bytes())
}

/// The escaper. Control, format, bidirectional, private, unassigned and line-separating characters,
/// a combining mark at the start, bytes that are not UTF-8, and the backslash itself
/// (so that two different inputs never look alike) become visible escapes.
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut first = true;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push_str("\\\\");
            } else if c.is_ascii_control() {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            } else if c.is_ascii() || !must_escape(c, first) {
                out.push(c);
            } else {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            first = false;
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
            first = false;
        }
    }
    out
}

fn must_escape(c: char, first: bool) -> bool {
    match get_general_category(c) {
        Category::Control
        | Category::Format
        | Category::LineSeparator
        | Category::ParagraphSeparator
        | Category::PrivateUse
        | Category::Surrogate
        | Category::Unassigned => true,
        Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark => first,
        _ => matches!(c, '\u{ad}' | '\u{feff}'),
    }
}

#[derive(Serialize, Deserialize)]
struct Bytes {
    bytes: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(String),
    Coded(Bytes),
}

/// Whether a terminal could be made to do something by it: what the escaper escapes, but for the ASCII controls, which
/// every readable format escapes itself.
fn is_dangerous(text: &str) -> bool {
    text.chars().enumerate().any(|(at, c)| !c.is_ascii() && must_escape(c, at == 0))
}

/// Readable formats keep harmless UTF-8 as a string and anything else as `{ bytes = "base64" }`; compact ones keep bytes.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&self.0);
        }
        match self.utf8().filter(|text| !is_dangerous(text)) {
            Some(text) => serializer.serialize_str(text),
            None => Bytes { bytes: base64::engine::general_purpose::STANDARD.encode(&self.0) }
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return deserializer.deserialize_bytes(Compact);
        }
        match Written::deserialize(deserializer)? {
            Written::Plain(text) => Ok(Self::new(text)),
            Written::Coded(coded) => base64::engine::general_purpose::STANDARD
                .decode(coded.bytes)
                .map(Self::new)
                .map_err(serde::de::Error::custom),
        }
    }
}

/// Takes the bytes of a compact format as a whole.
struct Compact;

impl Visitor<'_> for Compact {
    type Value = Text;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(bytes.into()))
    }
}

/// A string whose readable form is that of a [`Text`].
pub mod string {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Text;

    /// Writes it.
    pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        Text::from(text).serialize(serializer)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let text = Text::deserialize(deserializer)?;
        text.utf8().map(str::to_owned).ok_or_else(|| serde::de::Error::custom("it is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, escaped};
    use proptest::prelude::*;

    #[test]
    fn dangerous_characters_become_visible() {
        assert_eq!(escaped(b"a\x1b[2J"), "a\\x1b[2J");
        assert_eq!(escaped("x\u{202e}y".as_bytes()), "x\\u{202e}y");
        assert_eq!(escaped(b"\xff"), "\\xff");
        assert_eq!(escaped("grüße".as_bytes()), "grüße");
        assert_eq!(escaped(b"a\\b"), "a\\\\b");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(bytes: Vec<u8>) {
            prop_assert!(!escaped(&bytes).chars().any(char::is_control));
        }

        #[test]
        fn nothing_dangerous_is_written_and_all_of_it_is_read_again(
            bytes: Vec<u8>,
            text in "[a\u{85}\u{9b}\u{202e}\u{301}\u{feff}\u{e000}\n\t\u{1b}é'\"\\\\]{0,8}",
        ) {
            for text in [Text::new(bytes), Text::from(&*text)] {
                let all = std::collections::BTreeMap::from([("a", &text), ("b", &text)]);
                let written = toml::to_string_pretty(&all).unwrap();
                let is_raw = |c: char| c != '\n' && c != '\t' && (c.is_control() || !escaped(format!("a{c}").as_bytes()).ends_with(c));
                prop_assert!(!written.chars().any(|c| c != '\\' && is_raw(c)), "{written:?}");
                let read: std::collections::BTreeMap<String, Text> = toml::from_str(&written).unwrap();
                prop_assert_eq!(&read["a"], &text);
                let json = serde_json::to_string(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
            }
        }

        #[test]
        fn different_bytes_look_different(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(a == b, escaped(&a) == escaped(&b));
        }
    }
}
