//! Where secrets may stand in a command line. What is known to be harmless stays: options that servers have, and values
//! that say where things are. Everything else is hidden.

use std::ops::Range;

use super::address;
use super::shape::{is_address, is_hex, is_number, is_path, is_random, is_small_word};
use super::{is_harmless, names_secret};

/// Options whose value is a number, an address or a path.
const PLACES: &str = "
    c C p P l b o w t I S W f access-log access-logfile backlog bind chdir conf config config-file
    control-url dir directory error-log error-logfile fpm-config gemfile graceful-timeout host http
    http-socket include ini keep-alive listen log-file log-target master max-requests output path pid
    pidfile port prefix proc processes pythonpath rackup redirect-stderr redirect-stdout refresh retry
    socket state threads timeout umask wait workers
";

/// Options whose value is a small word.
const NAMES: &str = "
    E e k r s color disable enable encoding env environment external-encoding fail-on format
    internal-encoding log-level plugin require server signal worker-class
";

/// Options with a secret that some programs have behind one dash.
const LONG_SECRETS: &str = "auth key pass passin passphrase passout passwd password secret token";

/// Options without a value, by their letters; the value of `g`, which nginx has, are words of its configuration.
const FLAGS: &[u8] = b"dDNhvqTVFg";

/// Words that say what a process is or does.
const WORDS: &str = "
    app application arbiter bash bundle bundler cache chpst cluster command continue daemon dash
    deployment development down drain dumb-init env error_log exec farrier farrier-reader gunicorn
    haproxy http is loader manager master master_process monitor nginx none off old on php-fpm pid
    pitchfork plan pool priv process processes production puma python python3 quit rackup rails rainbows
    reload reopen reopen-logs requests restart retire rollback ruby runsv runsvdir server sh shutting
    signal sleep staging start stop sudo systemd test thin tini unicorn unicorn_rails upgrade user uwsgi
    watch worker worker_processes workers www add-worker remove-worker check snapshot record tree inspect
    do phase reading writing HUP INT QUIT TERM USR1 USR2 WINCH TTIN TTOU CONT PATH
";

fn among(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_ascii_whitespace()
}

/// What may follow a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A word for itself.
    Plain,
    /// The value of an option that names a place.
    Place,
    /// The value of an option that names something by a small word.
    Name,
    /// The value of an option that is not known, if it takes one.
    Unknown,
    /// A secret.
    Secret,
}

/// The places in a command line, its words ended by NUL or by blanks, that may hold a secret.
pub fn hidden(line: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut next = Next::Plain;
    let mut at = 0;
    let mut is_first = true;
    for word in line.split(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
        let start = at;
        at += word.len() + 1;
        if word.is_empty() {
            continue;
        }
        let mut found = Vec::new();
        next = one(word, next, is_first, &mut found);
        is_first = false;
        all.extend(found.into_iter().map(|range| start + range.start..start + range.end));
    }
    all
}

/// One word: what of it is hidden, and what may follow it.
fn one(word: &[u8], before: Next, is_first: bool, hides: &mut Vec<Range<usize>>) -> Next {
    let whole = 0..word.len();
    if let Some(option) = word.strip_prefix(b"-").filter(|rest| !rest.is_empty()) {
        return match option.strip_prefix(b"-") {
            Some(long) => long_option(long, hides),
            None => short_options(option, hides),
        };
    }
    if before == Next::Secret {
        hides.push(whole);
        return Next::Plain;
    }
    let scheme = word.windows(3).position(|part| part == b"://");
    let equals = word.iter().position(|byte| *byte == b'=');
    if let Some(equals) = equals.filter(|equals| scheme.is_none_or(|scheme| *equals < scheme)) {
        assignment(word, equals, hides);
        return Next::Plain;
    }
    if let Some(inside) = address::hidden(word) {
        hides.extend(inside);
        return Next::Plain;
    }
    let bare = bare(word);
    let is_free = match before {
        Next::Plain => {
            is_known(bare)
                || is_number(bare)
                || is_place(bare)
                || is_bracketed(word)
                || is_callable(bare)
                || (is_first && is_program(bare))
        }
        Next::Place => is_known(bare) || is_number(bare) || is_place(bare),
        Next::Name => is_known(bare) || is_path(bare) || (is_small_word(bare) && !is_random(bare)),
        Next::Unknown => is_path(bare) || is_known(bare),
        Next::Secret => false,
    };
    if !is_free {
        hides.push(whole);
    }
    Next::Plain
}

/// `--name`, `--name=value`.
fn long_option(long: &[u8], hides: &mut Vec<Range<usize>>) -> Next {
    let equals = long.iter().position(|byte| *byte == b'=');
    let name = long.get(..equals.unwrap_or(long.len())).unwrap_or_default();
    let is_name = name.len() <= 40
        && name
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !is_name || is_random(name) {
        hides.push(2..2 + long.len());
        return Next::Unknown;
    }
    let next = meant(name);
    match equals {
        Some(equals) => {
            value(long.get(equals + 1..).unwrap_or_default(), equals + 3, next, hides);
            Next::Plain
        }
        None => next,
    }
}

/// `-Dc u.rb`, `-p80`: letters of flags, then one that takes a value.
fn short_options(letters: &[u8], hides: &mut Vec<Range<usize>>) -> Next {
    let end = letters.iter().position(|byte| *byte == b'=').unwrap_or(letters.len());
    if among(LONG_SECRETS).any(|name| Some(name.as_bytes()) == letters.get(..end)) {
        // `-password SECRET`, as some programs have it.
        hides.extend((end < letters.len()).then_some(end + 2..letters.len() + 1));
        return if end < letters.len() { Next::Plain } else { Next::Secret };
    }
    for (index, letter) in letters.iter().enumerate() {
        if FLAGS.contains(letter) {
            continue;
        }
        let next = meant(&[*letter]);
        let rest = letters.get(index + 1..).unwrap_or_default();
        if rest.is_empty() {
            return next;
        }
        value(rest, index + 2, next, hides);
        return Next::Plain;
    }
    Next::Plain
}

/// The value of an option in the same word, from a byte of the word on.
fn value(value: &[u8], from: usize, next: Next, hides: &mut Vec<Range<usize>>) {
    if value.is_empty() {
        return;
    }
    let mut found = Vec::new();
    if value.starts_with(b"-") {
        found.push(0..value.len());
    } else {
        let _ = one(value, next, false, &mut found);
    }
    hides.extend(found.into_iter().map(|range| from + range.start..from + range.end));
}

/// What follows an option, by its name without dashes. Long names may be cut, as `getopt_long(3)` lets them.
fn meant(name: &[u8]) -> Next {
    let fits = |known: &str| {
        known.as_bytes() == name || (name.len() > 3 && known.as_bytes().starts_with(name))
    };
    if name.len() > 1 && names_secret(name) {
        Next::Secret
    } else if among(PLACES).any(fits) {
        Next::Place
    } else if among(NAMES).any(fits) {
        Next::Name
    } else {
        Next::Unknown
    }
}

/// `NAME=value`.
fn assignment(word: &[u8], equals: usize, hides: &mut Vec<Range<usize>>) {
    let (name, value) = word.split_at_checked(equals).unwrap_or_default();
    let value = value.get(1..).unwrap_or_default();
    let is_harmless = is_harmless(name, &[]);
    let shown = is_harmless
        && value
            .split(|byte| *byte == b':')
            .all(|part| part.is_empty() || is_path(part) || is_small_word(part) || is_number(part));
    if !shown && !value.is_empty() {
        hides.push(equals + 1..word.len());
    }
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if !name.iter().all(is_name) || is_random(name) {
        hides.push(0..equals);
    }
}

/// A word without the marks that stand round it in titles.
fn bare(word: &[u8]) -> &[u8] {
    let is_mark = |byte: &u8| b"()[]{}<>:,;'\"".contains(byte);
    let start = word.iter().position(|byte| !is_mark(byte)).unwrap_or(word.len());
    let end = word.iter().rposition(|byte| !is_mark(byte)).map_or(start, |at| at + 1);
    let inner = word.get(start..end).unwrap_or_default();
    // `worker[0]`, `[::1]:80`
    if is_address(word) { word } else { inner }
}

fn is_known(word: &[u8]) -> bool {
    let word = match word.iter().position(|byte| *byte == b'[') {
        Some(at) if word.get(at + 1..).is_some_and(is_number) => word.get(..at).unwrap_or_default(),
        _ => word,
    };
    word.is_empty() || among(WORDS).any(|known| known.as_bytes() == word)
}

fn is_place(word: &[u8]) -> bool {
    is_path(word) || is_address(word)
}

/// `[shop]`, `shop[3f78685]`: what servers put into their titles, the app's name and its commit.
fn is_bracketed(word: &[u8]) -> bool {
    let Some(rest) = word.strip_suffix(b"]") else { return false };
    let Some(open) = rest.iter().position(|byte| *byte == b'[') else { return false };
    let (name, inside) = rest.split_at_checked(open).unwrap_or_default();
    let inside = inside.get(1..).unwrap_or_default();
    let plain = |word: &[u8]| word.is_empty() || (is_small_word(word) && !is_random(word));
    plain(name) && (plain(inside) || (inside.len() <= 40 && is_hex(inside)))
}

/// `shop.wsgi:application`, the app as Python's servers are told of it; a title may have `.2` behind it.
fn is_callable(word: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[b"app", b"application", b"wsgi", b"api", b"server"];
    let Some(colon) = word.iter().position(|byte| *byte == b':') else { return false };
    let (module, name) = word.split_at_checked(colon).unwrap_or_default();
    let name = name.get(1..).unwrap_or_default();
    let name = name.strip_suffix(b".2").unwrap_or(name);
    NAMES.contains(&name)
        && module.split(|byte| *byte == b'.').all(|part| is_small_word(part) && !is_random(part))
}

/// The name of a program.
fn is_program(word: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"._+-/@".contains(b);
    word.len() <= 64 && word.iter().all(fits) && !is_random(word)
}

#[cfg(test)]
mod tests {
    use super::hidden;

    /// The line with what is hidden in asterisks.
    fn masked(line: &str) -> String {
        let mut bytes = line.as_bytes().to_vec();
        for range in hidden(line.as_bytes()) {
            bytes[range].fill(b'*');
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_servers_are_given_stays() {
        for line in [
            "unicorn master -D -c config/unicorn.rb -E production config.ru",
            "unicorn master (old) -c /srv/shop/current/config/unicorn.rb",
            "unicorn worker[3] -c u.rb -E qa7",
            "unicorn\0-Dcu.rb\0-l0.0.0.0:8080\0-p9000\0-P\0x.pid\0",
            "/usr/bin/ruby3.1 -W0 /usr/bin/unicorn -o ::1",
            "ruby -rbundler/setup /usr/bin/bundle exec unicorn_rails -c config/unicorn.rb",
            "puma 6.4.2 (tcp://0.0.0.0:3000,unix:///run/p.sock) [shop]",
            "puma: cluster worker 0: 3301 [20261108120000]",
            "puma -C config/puma.rb -t 0:16 -w2 --pidfile=a.pid",
            "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
            "nginx: worker process is shutting down",
            "gunicorn: master [shop]",
            "gunicorn: master [shop.wsgi:application.2]",
            "gunicorn -c gunicorn.conf.py shop:app",
            "php-fpm: pool www",
            "sleep 1000",
            "unicorn shop[3f786850e387550fdab836ed7e6dc881de23001b] master",
            "farrier upgrade /srv/shop --yes --probe=/up",
            "RAILS_ENV=production /usr/bin/env unicorn",
        ] {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn everything_else_is_hidden() {
        for line in [
            "unicorn master --password CNRY400z -c u.rb",
            "unicorn --key CNRY400z",
            "unicorn --pin 1234",
            "curl -u admin:pw",
            "mysql -pSECRET",
            "mysql -password SECRET",
            "mysql mysql://TOKEN@h/db",
            "x DB_PASS=hunter",
            "x --dsn=postgres://u:hunter@h/d",
            "x https://hooks.slack.example/services/T0/B0/hunter",
            "x {\"key\":\"hunter\"}",
            "x hunter",
            "x --api-key=hunter",
            "x -H Authorization:hunter",
            "x -X hunter",
            "x --password -hunter2x",
            "sh\0-c\0exec unicorn --token hunter\0",
            "x PATH=redis://u:hunter@h",
            "x --CNRY400z",
            "x ssl://0.0.0.0:9292?key=hunter",
            "x http://h.example/?a=hunter",
            "x --auth hunter two",
            "env LC_SECRET=hunter",
            "x -c hunter",
            "x -E HUNTER2x",
        ] {
            let masked = masked(line);
            for secret in ["CNRY", "1234", "pw", "SECRET", "TOKEN", "hunter", "two", "HUNTER"] {
                let named = masked.replace("DB_PASS", "").replace("LC_SECRET", "");
                assert!(!named.contains(secret) || line.contains("-hunter2x"), "{line}: {masked}");
            }
            assert_eq!(masked.len(), line.len());
        }
    }
}
