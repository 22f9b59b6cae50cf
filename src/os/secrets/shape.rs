//! Which words are harmless by their form: numbers, addresses, plain paths. Everything else may be a secret.

/// Ends of file names that say what a file is.
const ENDS: &str = "
    rb ru py conf cfg ini sh toml yml yaml pid oldbin sock socket
    log lock service rake so php cnf state jar js pm pl gemspec gem
";

/// A number, a version, a range (`0:16`), a list of numbers.
pub fn is_number(word: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b':');
    word.len() <= 15 && word.iter().all(fits) && word.iter().any(u8::is_ascii_digit)
}

/// An internet address, with or without its port, or a port behind a colon. A name counts where it has a dot in it:
/// `admin:1234` is none.
pub fn is_address(word: &[u8]) -> bool {
    if word.starts_with(b"[") {
        let end = word.iter().position(|byte| *byte == b']');
        return end.is_some_and(|end| {
            let (host, port) = word.split_at_checked(end + 1).unwrap_or_default();
            let inside = host.get(1..end).unwrap_or_default();
            inside.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
                && (port.is_empty() || port.strip_prefix(b":").is_some_and(is_port))
        });
    }
    if word.split(|byte| *byte == b':').nth(2).is_some() {
        let fits = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        return word.len() <= 45 && word.iter().all(fits);
    }
    let colon = word.iter().rposition(|byte| *byte == b':');
    let (host, port) = match colon {
        Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..)),
        None => (word, None),
    };
    if !port.is_none_or(is_port) {
        return false;
    }
    match host {
        b"" => port.is_some(),
        b"*" | b"localhost" => true,
        _ => host.contains(&b'.') && is_host(host) && (port.is_some() || is_ip(host)),
    }
}

fn is_port(word: &[u8]) -> bool {
    (1..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

fn is_ip(host: &[u8]) -> bool {
    host.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// A host's name, as it stands in an address.
pub fn is_host(host: &[u8]) -> bool {
    let fits =
        |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    !host.is_empty()
        && host.iter().all(fits)
        && host.split(|b| *b == b'.').all(|part| !is_random(part))
}

/// A path: its components are plain, and it has a slash or the end of a known file.
pub fn is_path(word: &[u8]) -> bool {
    let has_slash = word.contains(&b'/');
    let parts = || word.split(|byte| *byte == b'/');
    let plain = parts().all(is_component) && word.len() <= 512;
    let known = || {
        let end = word.iter().rposition(|byte| *byte == b'.').and_then(|at| word.get(at + 1..));
        end.is_some_and(|end| ENDS.split_ascii_whitespace().any(|known| known.as_bytes() == end))
            || [&b"Gemfile"[..], b"Procfile", b"Capfile", b"Rakefile", b".", b".."]
                .contains(&parts().next_back().unwrap_or_default())
    };
    // A secret in base 64 has slashes too, and an address to be called has its key at the end.
    let strange = parts().filter(|part| is_random(part) && !is_hex(part)).count();
    let ends_strange = || parts().next_back().is_some_and(|last| is_random(last) && !is_hex(last));
    let is_secret = || strange > 1 || (ends_strange() && !known());
    let is_local = || word.starts_with(b"/") || !word.iter().any(u8::is_ascii_uppercase);
    plain && !is_secret() && (known() || (has_slash && is_local()))
}

/// One name in a path. A release may be named by its date or by its commit.
fn is_component(name: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"._+@~,-".contains(b);
    name.iter().all(fits) && (name.len() < 16 || is_hex(name) || !is_random(name))
}

/// The name of a commit or of an object, as Git writes it.
pub fn is_hex(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
}

/// Letters and digits as no person names a thing: capitals among digits, or long and mixed.
pub fn is_random(word: &[u8]) -> bool {
    word.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| {
        let has = |fits: fn(&u8) -> bool| part.iter().any(fits);
        let (digits, capitals, small) =
            (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
        let mixed = digits && (capitals || small);
        (part.len() >= 6 && digits && capitals)
            || (part.len() >= 16 && mixed)
            || (part.len() >= 24 && capitals && small)
            || (part.len() >= 32 && (capitals || small))
    })
}

/// A small word as a person names an environment, a user, a class of workers: `production`, `qa7`, `web_admin`.
pub fn is_small_word(word: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    word.len() <= 20 && word.first().is_some_and(u8::is_ascii_lowercase) && word.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_forms() {
        for word in ["8080", "0:16", "6.4.2"] {
            assert!(is_number(word.as_bytes()), "{word}");
        }
        for word in [
            "127.0.0.1:8080",
            "[::1]:80",
            "::1",
            "*:80",
            ":80",
            "localhost:3000",
            "db.example:5432",
        ] {
            assert!(is_address(word.as_bytes()), "{word}");
        }
        for word in ["admin:1234", "admin:pw", "hunter2", "db.example", "a:b:c:dx"] {
            assert!(!is_address(word.as_bytes()), "{word}");
        }
        for word in [
            "/srv/shop/releases/20261108120000/config.ru",
            "releases/3f786850e387550fdab836ed7e6dc881de23001b",
            "config/unicorn.rb",
            "u.rb",
            "unicorn.pid.oldbin",
            "/var/www/My_Shop2/current",
        ] {
            assert!(is_path(word.as_bytes()), "{word}");
        }
        for word in ["hunter2", "production", "a b/c", "xkcd.fm", "/T00/xoxb1234567890abcDEF"] {
            assert!(!is_path(word.as_bytes()), "{word}");
        }
        assert!(is_small_word(b"qa7") && !is_small_word(b"Qa7") && !is_small_word(b""));
        assert!(is_random(b"CNRY400z") && is_random(b"AKIAIOSFODNN7EXAMPLE"));
        assert!(!is_random(b"production") && !is_random(b"20261108120000"));
    }
}
