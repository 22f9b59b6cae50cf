//! How an nginx process is recognised: by its title alone. The raw command line stands only while the configuration is
//! read, and `nginx -t` and `nginx -s` look the same then.

use crate::contract::{Candidate, Part, Recognised};
use crate::os::{Arguments, Text};

/// What a master's title begins with; the program as it was called and its arguments follow.
const MASTER: &[u8] = b"nginx: master process ";

/// Titles of processes that serve. One that is shutting down serves on until its connections end. Caches have helpers
/// of their own (`nginx: cache manager process`), which are no workers.
const WORKERS: &[&[u8]] = &[b"nginx: worker process", b"nginx: worker process is shutting down"];

/// Recognises a process.
pub fn recognise(candidate: &Candidate<'_>) -> Option<Recognised> {
    let [title] = candidate.words else { return None };
    let title = title.bytes().trim_ascii_end();
    if WORKERS.contains(&title) {
        return Some(Recognised {
            part: Part::Worker(None),
            arguments: Arguments::default(),
            program: Text::from("nginx"),
            tag: None,
            certain: true,
        });
    }
    let command = title.strip_prefix(MASTER)?;
    let mut words = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some(Recognised {
        part: Part::Master { old: false },
        program: Text::new(words.next()?),
        arguments: words.map(Text::new).collect(),
        tag: None,
        certain: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Option<Recognised> {
        crate::servers::recognised(recognise, words)
    }

    #[test]
    fn titles() {
        let master =
            of(&["nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"]);
        let master = master.unwrap();
        assert_eq!(master.part, Part::Master { old: false });
        assert_eq!(master.program, Text::from("/usr/sbin/nginx"));
        assert_eq!(master.arguments.raw().len(), 5);
        for title in ["nginx: worker process", "nginx: worker process is shutting down"] {
            assert_eq!(of(&[title]).unwrap().part, Part::Worker(None), "{title}");
        }
    }

    #[test]
    fn strangers() {
        for words in [
            &["nginx: cache manager process"][..],
            &["nginx: cache loader process"],
            &["nginx: privileged agent process"],
            &["nginx: worker processes"],
            &["nginx: master process"],
            &["nginx", "-t"],
            &["/usr/sbin/nginx", "-s", "reload"],
            &["vim", "/etc/nginx/nginx.conf"],
            &["php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"],
            &["unicorn master -c u.rb"],
            &[],
        ] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }
}
