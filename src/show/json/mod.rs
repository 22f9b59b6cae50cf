//! JSON output: one typed document a command, ASCII only, the same order every time (`cli.md`).

pub mod census;
pub mod check;
pub mod diff;
pub mod env;
pub mod env_diff;
pub mod explain;
pub mod inspect;
pub mod plan;
pub mod tree;
pub mod watch;

use std::path::Path;

use base64::Engine as _;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use crate::os::{Text, text::escaped};

/// The version in every document.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A schema's name and the schema: what `docs/schemas` holds.
pub struct Document {
    /// The name in its `schema` key, `farrier.check/1`.
    pub name: &'static str,
    /// Makes the JSON Schema.
    pub schema: fn() -> Schema,
}

/// All documents.
pub const DOCUMENTS: &[Document] = &[
    Document { name: check::SCHEMA, schema: || schema_for!(check::Check) },
    Document { name: diff::SCHEMA, schema: || schema_for!(diff::Diff) },
    Document { name: env::SCHEMA, schema: || schema_for!(env::Env) },
    Document { name: env_diff::SCHEMA, schema: || schema_for!(env_diff::EnvDiff) },
    Document { name: explain::SCHEMA, schema: || schema_for!(explain::Explain) },
    Document { name: inspect::SCHEMA, schema: || schema_for!(inspect::Inspect) },
    Document { name: plan::SCHEMA, schema: || schema_for!(plan::Planned) },
    Document { name: tree::SCHEMA, schema: || schema_for!(tree::Tree) },
    Document { name: watch::SCHEMA, schema: || schema_for!(watch::Line) },
];

/// Bytes from outside: a string that passed the escaper, or what is not UTF-8 in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Outside {
    /// UTF-8, escaped.
    Text(String),
    /// Anything else.
    Bytes {
        /// The bytes in base64.
        bytes: String,
    },
}

impl From<&[u8]> for Outside {
    fn from(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() {
            Self::Text(escaped(bytes))
        } else {
            Self::Bytes { bytes: base64::engine::general_purpose::STANDARD.encode(bytes) }
        }
    }
}

impl From<&Text> for Outside {
    fn from(text: &Text) -> Self {
        Self::from(text.bytes())
    }
}

impl From<&Path> for Outside {
    fn from(path: &Path) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        Self::from(path.as_os_str().as_bytes())
    }
}

/// A moment as RFC 3339 has it, in UTC, to the second.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Over several lines, to be read by people too.
    Lines,
    /// On one line: several hosts, one a line.
    OneLine,
}

/// A document as text that ends in a line feed, in ASCII.
pub fn text(document: &impl Serialize, layout: Layout) -> Result<String, serde_json::Error> {
    let text = match layout {
        Layout::Lines => serde_json::to_string_pretty(document)?,
        Layout::OneLine => serde_json::to_string(document)?,
    };
    Ok(ascii(&text) + "\n")
}

/// Writes what lies beyond printable ASCII as `\uXXXX`. In JSON such a character can only stand inside a string.
fn ascii(json: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c == '\n' || (' '..='~').contains(&c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_utf8_is_base64() {
        assert_eq!(Outside::from(&b"a\xff"[..]), Outside::Bytes { bytes: "Yf8=".into() });
        assert_eq!(Outside::from(&b"a\x1b"[..]), Outside::Text("a\\x1b".into()));
    }

    proptest! {
        #[test]
        fn json_is_ascii_and_means_the_same(text: String) {
            let json = super::text(&text, Layout::OneLine).unwrap();
            prop_assert!(json.bytes().all(|b| b == b'\n' || (0x20..=0x7e).contains(&b)));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
