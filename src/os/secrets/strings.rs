//! Which strings in Ruby code are harmless: by what they look like, and by the code before them.

use super::shape::{is_address, is_number, is_path, is_small_word};
use super::{is_harmless, names_secret};

/// Words in strings that mean something to a server or to a hook.
const WORDS: &str = "
    production staging development test none deployment r w a r+ w+ a+ rb wb utf-8 UTF-8 ASCII-8BIT ascii-8bit binary
    HUP INT QUIT TERM KILL STOP CONT USR1 USR2 WINCH TTIN TTOU SIGHUP SIGINT SIGQUIT SIGTERM SIGKILL SIGUSR1 SIGUSR2
    SIGWINCH SIGTTIN SIGTTOU true false nil yes no on off old new master worker unicorn puma rainbows
    pid listen working_directory worker_processes timeout preload_app stderr_path stdout_path before_fork after_fork
    before_exec user logger check_client_connection log logs tmp pids sockets shared current releases config bundle
    pwd hostname nproc whoami vendor public system node_modules storage uploads bin root deploy app web www-data
";

/// Methods whose strings are names of libraries or of small things.
const NAMING: &str = "
    require require_relative load gem source eval_gemfile ruby environment env tag user group role set plugin
    worker_class task namespace desc invoke send __send__ public_send
";

/// Whether the parts of a string are harmless, behind this code.
pub(super) fn is_free(before: &[u8], parts: &[&[u8]]) -> bool {
    let is_mark = |b: &u8| b.is_ascii_punctuation() || b.is_ascii_whitespace();
    if parts.iter().all(|part| part.iter().all(is_mark)) {
        let steps = |part: &&[u8]| part.iter().all(|b| matches!(b, b'.' | b'/'));
        return parts.iter().all(steps) || parts.iter().map(|part| part.len()).sum::<usize>() <= 4;
    }
    let one = match parts {
        [one] => Some(*one),
        _ => None,
    };
    let is_name = |word: &[u8]| word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    if behind_env(before) {
        return one.is_some_and(is_name);
    }
    let name = last_name(before);
    if name.is_some_and(names_secret) {
        return false;
    }
    let is_place = |part: &&[u8]| {
        let bare = [&b"unix://"[..], b"unix:", b"file://", b"tcp://", b"ssl://"]
            .iter()
            .find_map(|scheme| part.strip_prefix(*scheme))
            .unwrap_or(part);
        bare.is_empty()
            || is_path(bare)
            || is_address(bare)
            || is_number(bare)
            || bare.iter().all(|b| matches!(b, b'.' | b':' | b'/' | b'_' | b'-' | b' '))
            || (parts.len() > 1 && is_path(&[b"/", bare].concat()) && bare.contains(&b'.'))
    };
    if parts.iter().all(is_place) {
        return true;
    }
    let Some(one) = one else { return false };
    if one.len() <= 2 {
        return true;
    }
    let is_variable = name.is_some_and(|name| {
        name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
    });
    if is_variable && name.is_some_and(|name| is_harmless(name, &[])) {
        return is_small_word(one) || one.split(|b| *b == b':').all(is_path);
    }
    if WORDS.split_ascii_whitespace().any(|word| word.as_bytes() == one) {
        return true;
    }
    let compared =
        [&b"=="[..], b"!=", b"when", b"include?("].iter().any(|end| before.ends_with(end));
    let naming =
        name.is_some_and(|name| NAMING.split_ascii_whitespace().any(|n| n.as_bytes() == name));
    (compared && is_common(one)) || (naming && one.split(|b| *b == b'/').all(is_common))
}

/// A small word as people name things, with a number at the end of its parts at most: `qa7`, `web_admin`.
pub(super) fn is_common(word: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let digits = part.get(letters..).unwrap_or_default();
        letters > 0 && digits.len() <= 2 && digits.iter().all(u8::is_ascii_digit)
    };
    is_small_word(word) && word.split(|byte| matches!(byte, b'_' | b'-')).all(is_part)
}

/// `ENV[`, `ENV.fetch(`, `ENV.delete `: what follows is a name.
fn behind_env(before: &[u8]) -> bool {
    let Some(at) = before.windows(3).rposition(|part| part == b"ENV") else { return false };
    let call = before.get(at + 3..).unwrap_or_default();
    call == b"[" || {
        let method = call.strip_prefix(b".").unwrap_or_default();
        let method = method.strip_suffix(b"(").unwrap_or(method);
        !method.is_empty()
            && method.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'?'))
            && !matches!(method, b"update" | b"replace" | b"merge!")
    }
}

/// The last name in code: an identifier, a symbol, or a string that is one.
pub(super) fn last_name(before: &[u8]) -> Option<&[u8]> {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let end = before.iter().rposition(fits)? + 1;
    let (head, behind) = before.split_at_checked(end)?;
    let gives = |b: &u8| b.is_ascii_whitespace() || b"=>:|'\"(),[]{".contains(b);
    if !behind.iter().all(gives) {
        return None;
    }
    let start = head.iter().rposition(|byte| !fits(byte)).map_or(0, |at| at + 1);
    head.get(start..)
}
