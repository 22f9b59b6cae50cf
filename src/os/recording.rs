//! The file format of a recording, `farrier.recording/1`: TOML, a frame a look, a line an answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::string;
use super::{Answer, Found, Pid, Text};

/// The format's name and version.
pub const SCHEMA: &str = "farrier.recording/1";

/// A recording as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recording {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of farrier that recorded it.
    pub farrier: String,
    /// The machine's name.
    pub host: Text,
    /// When the first look began (RFC 3339).
    pub taken_at: String,
    /// How many secret values were taken out.
    pub masked: usize,
    /// What the looks were taken for.
    #[serde(default)]
    pub asked: Asked,
    /// What was done while it was recorded; older readers pass over it.
    #[serde(rename = "mark", default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The looks.
    #[serde(rename = "frame", default)]
    pub frames: Vec<Frame>,
}

/// Something that a person did to the machine while it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The last look before it, from 0.
    pub look: usize,
    /// The signal that was sent, without `SIG`; empty: something was done by hand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signal: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<Pid>,
    /// What was done by hand, in words.
    #[serde(default, skip_serializing_if = "String::is_empty", with = "string")]
    pub said: String,
}

/// What a look was taken for: it decides what is read and what is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Deploy roots and pidfiles that were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "strings")]
    pub targets: Vec<String>,
    /// The thresholds in force, as a settings file has them.
    #[serde(default, with = "string")]
    pub settings: String,
}

/// Strings that somebody chose.
mod strings {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::os::Text;

    pub fn serialize<S: Serializer>(all: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(|text| Text::from(text.as_str())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<String>, D::Error> {
        let all = Vec::<Text>::deserialize(deserializer)?.into_iter();
        all.map(|text| text.utf8().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| serde::de::Error::custom("it is not UTF-8"))
    }
}

/// One look: what it found, a later one only where it differs from the one before. Texts stand as such,
/// everything else as JSON in a string; a long text that stands already is named by its key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Frame {
    /// Questions of the look before whose processes are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Files and links below `/proc`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bytes: BTreeMap<String, Text>,
    /// Files elsewhere.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Text>,
    /// Texts that stand under another key of the same frame.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub same: BTreeMap<String, String>,
    /// Everything else, refusals too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, String>,
}

/// Texts shorter than this are written again rather than referred to.
const WORTH_A_NAME: usize = 120;

impl Frame {
    /// What one look found, where it differs from the look before.
    pub fn of(now: &BTreeMap<String, Answer>, before: &BTreeMap<String, Answer>) -> Self {
        let mut frame = Self {
            gone: before.keys().filter(|key| !now.contains_key(*key)).cloned().collect(),
            ..Self::default()
        };
        let mut named: BTreeMap<Text, String> = BTreeMap::new();
        for (key, answer) in now.iter().filter(|(key, answer)| before.get(*key) != Some(answer)) {
            match answer {
                Ok(Found::Bytes(text)) => {
                    if let Some(other) = named.get(text) {
                        frame.same.insert(key.clone(), other.clone());
                        continue;
                    }
                    if text.len() >= WORTH_A_NAME {
                        named.insert(text.clone(), key.clone());
                    }
                    frame.bytes.insert(key.clone(), text.clone());
                }
                Ok(Found::File(Some(text))) => {
                    frame.files.insert(key.clone(), text.clone());
                }
                other => {
                    let json = serde_json::to_string(other).unwrap_or_default();
                    frame.other.insert(key.clone(), json);
                }
            }
        }
        frame
    }

    /// Makes the answers of the look before those of this one.
    pub fn onto(&self, known: &mut BTreeMap<String, Answer>) -> Result<(), String> {
        for key in &self.gone {
            known.remove(key);
        }
        for (key, text) in &self.bytes {
            known.insert(key.clone(), Ok(Found::Bytes(text.clone())));
        }
        for (key, text) in &self.files {
            known.insert(key.clone(), Ok(Found::File(Some(text.clone()))));
        }
        for (key, other) in &self.same {
            let text = self.bytes.get(other).ok_or_else(|| format!("{key} refers to {other}"))?;
            known.insert(key.clone(), Ok(Found::Bytes(text.clone())));
        }
        for (key, json) in &self.other {
            let answer = serde_json::from_str(json).map_err(|error| format!("{key}: {error}"))?;
            known.insert(key.clone(), answer);
        }
        Ok(())
    }
}
