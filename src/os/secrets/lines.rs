//! Where secrets may stand in files of lines: units of systemd, configurations of nginx, lock files of Bundler, YAML.

use std::ops::Range;

use super::shape::{is_address, is_hex, is_number, is_path, is_random, is_small_word};
use super::{address, arguments, is_harmless};

/// Keys of units whose values are read, and harmless ones besides.
const UNIT_KEYS: &str = "
    Type PIDFile GuessMainPID RemainAfterExit ExitType KillMode KillSignal Restart RestartSec User Group
    WorkingDirectory After Before Wants Requires WantedBy TimeoutStopSec TimeoutStartSec LimitNOFILE UMask
    RuntimeDirectory NotifyAccess SendSIGKILL DefaultDependencies StartLimitIntervalSec StartLimitBurst PrivateTmp
";

/// Directives of nginx whose values say where things are.
const NGINX: &str = "
    access_log alias daemon default_type error_log events fastcgi_pass grpc_pass http include listen load_module
    location master_process pid proxy_pass root scgi_pass server server_name stream try_files upstream user
    uwsgi_pass worker_connections worker_processes
";

/// What has a line each: where it starts and its text.
fn each_line(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    text.split(|byte| *byte == b'\n').map(move |line| {
        let from = at;
        at += line.len() + 1;
        (from, line)
    })
}

/// The words of a line, between these marks, with their places in it.
fn words(line: &[u8], is_mark: fn(&u8) -> bool) -> Vec<(usize, &[u8])> {
    let mut at = 0;
    let mut all = Vec::new();
    for word in line.split(is_mark) {
        if !word.is_empty() {
            all.push((at, word));
        }
        at += word.len() + 1;
    }
    all
}

/// A word of a value that says where something is.
fn is_place(word: &[u8]) -> bool {
    let bare = word.strip_prefix(b"unix:").unwrap_or(word);
    let plain: Vec<u8> = bare.iter().copied().filter(|b| !b"%*?[]=".contains(b)).collect();
    is_path(&plain) || is_address(word) || is_number(word)
}

fn is_name(word: &[u8]) -> bool {
    is_small_word(word) && !is_random(word)
}

/// A unit, or a drop-in.
pub fn unit(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let (mut goes_on, mut known, mut command) = (false, false, false);
    for (from, line) in each_line(text) {
        let bare = line.trim_ascii();
        if bare.starts_with(b"#") || bare.starts_with(b";") {
            all.push(from + 1..from + line.len());
            continue;
        }
        let mut start = 0;
        if !goes_on {
            let is_section = bare.starts_with(b"[") && bare.ends_with(b"]");
            if bare.is_empty()
                || is_section
                    && bare.iter().all(|b| b.is_ascii_alphabetic() || b"[]-_:".contains(b))
            {
                continue;
            }
            let equals = line.iter().position(|byte| *byte == b'=');
            start = equals.map_or(0, |at| at + 1);
            let key = line.get(..start.saturating_sub(1)).unwrap_or_default().trim_ascii();
            known = UNIT_KEYS.split_ascii_whitespace().any(|name| name.as_bytes() == key);
            command = key.starts_with(b"Exec") || key == b"command";
            let plain =
                !key.is_empty() && key.len() <= 40 && key.iter().all(u8::is_ascii_alphanumeric);
            if !plain || is_random(key) {
                start = 0;
            }
        }
        goes_on = bare.ends_with(b"\\");
        let value = line.get(start..).unwrap_or_default();
        if command {
            let found = arguments::hidden(value);
            all.extend(
                found.into_iter().map(|range| from + start + range.start..from + start + range.end),
            );
            continue;
        }
        for (at, word) in words(value, u8::is_ascii_whitespace) {
            let is_unit =
                [&b".service"[..], b".target", b".socket"].iter().any(|end| word.ends_with(end));
            let free = word == b"\\"
                || known
                    && (is_place(word)
                        || is_name(&word.to_ascii_lowercase())
                        || is_unit && !is_random(word));
            all.extend((!free).then_some(from + start + at..from + start + at + word.len()));
        }
    }
    all
}

/// A script of a shell: a command line each.
pub fn script(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for (from, line) in each_line(text) {
        if line.trim_ascii_start().starts_with(b"#") {
            all.push(from..from + line.len());
            continue;
        }
        let found = arguments::hidden(line);
        all.extend(found.into_iter().map(|range| from + range.start..from + range.end));
    }
    all
}

/// A configuration of nginx.
pub fn nginx(text: &[u8]) -> Vec<Range<usize>> {
    let is_mark =
        |b: &u8| b.is_ascii_whitespace() || matches!(b, b';' | b'{' | b'}' | b'"' | b'\'');
    let mut all = Vec::new();
    let mut known = None;
    for (from, line) in each_line(text) {
        let comment = line.iter().enumerate().position(|(at, byte)| {
            *byte == b'#'
                && at.checked_sub(1).and_then(|at| line.get(at)).is_none_or(u8::is_ascii_whitespace)
        });
        let code = line.get(..comment.unwrap_or(line.len())).unwrap_or_default();
        all.extend(comment.map(|at| from + at + 1..from + line.len()));
        let mut done = 0;
        for (at, word) in words(code, is_mark) {
            let between = code.get(done..at).unwrap_or_default();
            if between.iter().any(|byte| matches!(byte, b';' | b'{' | b'}')) {
                known = None;
            }
            done = at + word.len();
            let place = from + at..from + done;
            let Some(is_known) = known else {
                known = Some(NGINX.split_ascii_whitespace().any(|name| name.as_bytes() == word));
                let plain =
                    word.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_');
                all.extend((!plain || is_random(word)).then_some(place));
                continue;
            };
            if let Some(inside) = address::hidden(word).filter(|_| is_known) {
                all.extend(inside.into_iter().map(|r| from + at + r.start..from + at + r.end));
                continue;
            }
            let is_variable = word.strip_prefix(b"$").is_some_and(is_name);
            if let Some(equals) =
                word.iter().position(|b| *b == b'=').filter(|at| *at > 0 && is_known)
            {
                let (key, value) = word.split_at_checked(equals).unwrap_or_default();
                let digits = value.get(1..).unwrap_or_default();
                let digits =
                    digits.strip_suffix(b"s").or(digits.strip_suffix(b"m")).unwrap_or(digits);
                let free = is_name(key) && is_number(digits);
                all.extend((!free).then_some(from + at + equals + 1..from + done));
                continue;
            }
            let is_group = word.len() <= 40
                && word.iter().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b));
            let free = is_variable
                || is_known
                    && (is_place(word)
                        || (is_group && !is_random(word))
                        || matches!(word, b"=" | b"~" | b"~*" | b"/"));
            all.extend((!free).then_some(place));
        }
        let rest = code.get(done..).unwrap_or_default();
        if rest.iter().any(|byte| matches!(byte, b';' | b'{' | b'}')) {
            known = None;
        }
    }
    all
}

/// A lock file of Bundler: gems, versions, platforms, and where they come from.
pub fn lock(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for (from, line) in each_line(text) {
        for (at, word) in words(line, u8::is_ascii_whitespace) {
            if let Some(inside) = address::hidden(word) {
                all.extend(inside.into_iter().map(|r| from + at + r.start..from + at + r.end));
                continue;
            }
            let fits = |b: &u8| b.is_ascii_alphanumeric() || b"_.-+()!,:<>=~/".contains(b);
            let free = word.iter().all(fits)
                && (is_path(word) || is_hex(word) || word.len() <= 40 && !is_random(word));
            all.extend((!free).then_some(from + at..from + at + word.len()));
        }
    }
    all
}

/// `KEY: value` of a YAML file, and `KEY=value`: what is harmless in an environment stays.
pub fn settings(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for (from, line) in each_line(text) {
        let bare = line.trim_ascii();
        if bare.is_empty() || bare == b"---" {
            continue;
        }
        let at = line.iter().position(|byte| matches!(byte, b':' | b'='));
        let (key, value) = line.split_at_checked(at.unwrap_or(0)).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let bare = value.trim_ascii().trim_ascii_start();
        let bare =
            bare.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bare);
        let key = key.trim_ascii();
        let harmless = is_harmless(key, &[]) || key == b"BUNDLE_DEPLOYMENT";
        if harmless && (is_path(bare) || is_name(bare) || is_number(bare)) {
            continue;
        }
        let start = if at.is_some() && !key.is_empty() && is_name(&key.to_ascii_lowercase()) {
            at.unwrap_or(0) + 1
        } else {
            0
        };
        all.extend(
            words(line.get(start..).unwrap_or_default(), u8::is_ascii_whitespace)
                .into_iter()
                .map(|(at, word)| from + start + at..from + start + at + word.len()),
        );
    }
    all
}
