//! What nginx's arguments say (`src/core/nginx.c`, `ngx_get_options`), as its title joins them by blanks.

use std::path::PathBuf;

use super::conf::directives;
use crate::contract::Options;
use crate::os::{Arguments, Text};

/// Reads them.
pub fn options(arguments: &Arguments) -> Options {
    let mut options = Options::default();
    let mut prefix: Option<PathBuf> = None;
    let mut words = arguments.raw().iter().map(Text::bytes).peekable();
    while let Some(word) = words.next() {
        let Some((letter, attached)) = word.strip_prefix(b"-").and_then(<[u8]>::split_first) else {
            continue;
        };
        if !matches!(letter, b'c' | b'p' | b'g' | b'e' | b's') {
            continue;
        }
        let first = if attached.is_empty() { words.next() } else { Some(attached) };
        let Some(first) = first else { break };
        let path = || Some(Text::new(first).path().to_path_buf());
        match letter {
            b'c' => options.config = path(),
            b'p' => prefix = path(),
            b'g' => {
                // Directives have blanks in them: all words up to the next option are theirs.
                let mut text = first.to_vec();
                while let Some(word) = words.next_if(|word| !word.starts_with(b"-")) {
                    text.push(b' ');
                    text.extend(word);
                }
                global(&mut options, &text);
            }
            _ => {}
        }
    }
    if let (Some(prefix), Some(config)) = (prefix, &options.config) {
        options.config = Some(prefix.join(config));
    }
    options
}

/// `-g`: directives that stand before those of the file.
fn global(options: &mut Options, text: &[u8]) {
    for directive in directives(text) {
        if let [name, value] = directive.words.as_slice()
            && name == b"pid"
        {
            let path = Text::new(value.clone()).path().to_path_buf();
            options.pid = Some(path).filter(|path| path.is_absolute());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Options {
        options(&line.split(' ').map(Text::from).collect())
    }

    #[test]
    fn what_they_name() {
        let found = of("-g daemon on; master_process on; pid /run/a.pid; -c /etc/nginx/a.conf");
        assert_eq!(found.pid.as_deref(), Some("/run/a.pid".as_ref()));
        assert_eq!(found.config.as_deref(), Some("/etc/nginx/a.conf".as_ref()));
        assert_eq!(
            of("-p /srv/web/ -c web.conf").config.unwrap(),
            PathBuf::from("/srv/web/web.conf")
        );
        assert_eq!(of("-c/etc/b.conf").config.unwrap(), PathBuf::from("/etc/b.conf"));
        assert_eq!(of("-g daemon off;"), Options::default());
        assert_eq!(of("-c"), Options::default());
    }
}
