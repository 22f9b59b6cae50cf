//! What a configuration itself does to the environment while it is loaded.

use std::collections::{HashMap, HashSet};

use super::changes::ASSIGNS;
use super::{Kind, Piece, Token, Value};
use crate::servers::effort::spend;

/// The environment's changes so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Env {
    /// Variables that it set; `None`: to what is not known.
    set: HashMap<Vec<u8>, Option<Value>>,
    /// It may have set any other.
    swept: bool,
}

/// What became of a variable.
pub(super) enum Changed<'a> {
    /// Nothing.
    No,
    /// It has this value; `Nil`: none.
    To(&'a Value),
    /// That cannot be told.
    Unknown,
}

/// Methods of `ENV` that only ask it.
const ASKS: &[&[u8]] = &[
    b"fetch",
    b"key?",
    b"has_key?",
    b"include?",
    b"member?",
    b"to_h",
    b"values_at",
    b"dig",
    b"slice",
    b"[]",
];

/// Libraries that come with Ruby or the server and leave the environment alone.
const QUIET: &[&[u8]] = &[
    b"etc",
    b"fileutils",
    b"pathname",
    b"socket",
    b"logger",
    b"yaml",
    b"json",
    b"erb",
    b"uri",
    b"time",
    b"date",
    b"tempfile",
    b"tmpdir",
    b"securerandom",
    b"shellwords",
    b"ostruct",
    b"set",
    b"digest",
    b"digest/md5",
    b"syslog",
    b"open3",
    b"timeout",
    b"benchmark",
    b"objspace",
    b"puma",
    b"puma/daemon",
    b"syslog/logger",
    b"syslog",
    b"concurrent-ruby",
    b"concurrent",
    b"barnes",
];

/// Constants whose methods leave the environment alone.
const HARMLESS: &[&[u8]] = &[
    b"File",
    b"Dir",
    b"IO",
    b"ENV",
    b"Integer",
    b"Float",
    b"String",
    b"Array",
    b"Process",
    b"Etc",
    b"Logger",
    b"Pathname",
    b"FileUtils",
    b"Unicorn",
    b"HttpServer",
    b"Configurator",
    b"HttpRequest",
    b"Socket",
    b"Rainbows",
    b"GC",
    b"Signal",
    b"Time",
    b"YAML",
    b"JSON",
    b"STDOUT",
    b"STDERR",
    b"Proc",
    b"Thread",
    b"Concurrent",
    b"Kernel",
    b"OobGC",
    b"Puma",
    b"Set",
    b"RbConfig",
    b"SystemExit",
    b"Errno",
    b"ObjectSpace",
    b"Regexp",
    b"Hash",
    b"START_CTX",
];

impl Env {
    /// What became of one.
    pub(super) fn changed(&self, name: &[u8]) -> Changed<'_> {
        match self.set.get(name) {
            Some(Some(value)) => Changed::To(value),
            None if !self.swept => Changed::No,
            Some(None) | None => Changed::Unknown,
        }
    }

    pub(super) fn set(&mut self, name: Vec<u8>, value: Value) {
        self.set.insert(name, Some(value));
    }

    pub(super) fn forget(&mut self, name: &[u8]) {
        self.set.insert(name.to_vec(), None);
    }

    /// Takes note of whatever in a statement changes the environment, or may; `own` are the constants of the file.
    pub(super) fn disturb(&mut self, tokens: &[Token<'_>], own: &HashSet<&[u8]>) {
        for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
            let behind = tokens.get(at + 1..).unwrap_or_default();
            let is_called = at.checked_sub(1).and_then(|before| tokens.get(before));
            let is_called = is_called.is_some_and(|before| before.is_op(".") || before.is_op("&."));
            match token.text {
                b"ENV" => self.environment(behind),
                b"require" | b"require_relative" | b"load" | b"eval" | b"instance_eval"
                | b"class_eval" | b"import" | b"system" => {
                    let first = behind.iter().find(|next| !next.is_op("("));
                    let quiet = first
                        .and_then(plain)
                        .is_some_and(|name| QUIET.contains(&name) || name.starts_with(b"unicorn/"));
                    self.swept |= !quiet && token.text != b"system";
                }
                [b'A'..=b'Z', ..] if !is_called => {
                    let calls = behind.first().is_some_and(|dot| dot.is_op(".") || dot.is_op("::"));
                    self.swept |=
                        calls && !HARMLESS.contains(&token.text) && !own.contains(token.text);
                }
                _ => {}
            }
        }
        if self.swept {
            self.set.clear();
        }
    }

    /// What follows on `ENV`.
    fn environment(&mut self, behind: &[Token<'_>]) {
        match behind {
            [open, name, close, rest @ ..] if open.is_op("[") && close.is_op("]") => {
                let assigns = rest.first().is_some_and(|op| {
                    op.kind == Kind::Op && ASSIGNS.contains(&op.text)
                        || op.is_op(".")
                            && rest.get(1).is_some_and(|method| method.text.ends_with(b"!"))
                });
                match plain(name) {
                    _ if !assigns => {}
                    Some(name) => {
                        self.set.insert(name.to_vec(), None);
                    }
                    None => self.swept = true,
                }
            }
            [open, rest @ ..] if open.is_op("[") => {
                let close = rest.iter().take_while(|_| spend(1)).position(|token| token.is_op("]"));
                let op = close.and_then(|close| rest.get(close + 1));
                self.swept |= op.is_none_or(|op| ASSIGNS.contains(&op.text));
            }
            [dot, method, rest @ ..] if dot.is_op(".") => {
                if ASKS.contains(&method.text) {
                    return;
                }
                let first = rest.iter().find(|next| !next.is_op("("));
                match first.and_then(plain) {
                    Some(name) if matches!(method.text, b"delete" | b"store") => {
                        self.set.insert(name.to_vec(), None);
                    }
                    _ => self.swept = true,
                }
            }
            // It is handed to somebody.
            _ => self.swept = true,
        }
    }
}

/// A string without interpolation.
fn plain<'t>(token: &'t Token<'_>) -> Option<&'t [u8]> {
    match &token.kind {
        Kind::Text(pieces) => match pieces.as_slice() {
            [Piece::Plain(bytes)] => Some(bytes),
            _ => None,
        },
        _ => None,
    }
}
