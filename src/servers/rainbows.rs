//! Rainbows!: Unicorn with workers that serve many clients at once. It is a `Unicorn::HttpServer` and differs in its
//! names, its log lines about concurrency and one second of timeout (`lib/rainbows/http_server.rb`, 5.0.0).

use super::unicorn::{self, title};
use crate::contract::{Candidate, Loading, Part, Recognised, Server, Title};
use crate::model::{Config, Kind, Setting};

/// Its kind.
pub const KIND: Kind = Kind("rainbows");

/// Rainbows!' card.
pub const SERVER: Server = Server {
    kind: KIND,
    name: "Rainbows!",
    titles: &[
        Title {
            example: "/usr/bin/ruby3.1 /usr/bin/rainbows -D -c config/rainbows.rb",
            means: Part::Raw,
        },
        Title { example: "/srv/shop/bin/rainbows -D -c config/rainbows.rb", means: Part::Raw },
        Title {
            example: "rainbows master -D -c config/rainbows.rb",
            means: Part::Master { old: false },
        },
        Title {
            example: "rainbows master (old) -D -c config/rainbows.rb",
            means: Part::Master { old: true },
        },
        Title {
            example: "rainbows worker[0] -D -c config/rainbows.rb",
            means: Part::Worker(Some(0)),
        },
    ],
    recognise,
    read_config,
    usual_pidfiles: &[
        "tmp/pids/rainbows.pid",
        "current/tmp/pids/rainbows.pid",
        "shared/tmp/pids/rainbows.pid",
        "shared/pids/rainbows.pid",
        "tmp/rainbows.pid",
        "pids/rainbows.pid",
        "log/rainbows.pid",
        "shared/log/rainbows.pid",
        "rainbows.pid",
    ],
    deployed_configs: &[
        "current/config/rainbows.rb",
        "current/config/rainbows/production.rb",
        "config/rainbows.rb",
        "config/rainbows/production.rb",
        "shared/config/rainbows.rb",
        "shared/rainbows.rb",
        "current/rainbows.rb",
        "rainbows.rb",
    ],
    removes_pidfile: true,
    default_timeout: unicorn::SERVER.default_timeout + 1,
    ..unicorn::SERVER
};

/// Under another name it looks as Unicorn does under another name, and takes the same signals.
fn recognise(candidate: &Candidate<'_>) -> Option<Recognised> {
    title::recognise_as(candidate, |name| title::is_named(b"rainbows", name), false)
}

/// Its workers tell less often that they live: a second is added to what is written (`timeout=`).
fn read_config(loading: &Loading<'_>) -> Config {
    let mut config = (unicorn::SERVER.read_config)(loading);
    if let Setting::Set { value, .. } = &mut config.timeout {
        *value = value.saturating_add(1);
    }
    config
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::os::Text;

    fn of(words: &[&str]) -> Option<Recognised> {
        crate::servers::recognised(recognise, words)
    }

    #[test]
    fn only_its_own_names_are_it() {
        for words in [
            &["rainbows master -c r.rb"][..],
            &["rainbows3.1 worker[0] -c r.rb"],
            &["ruby", "/usr/bin/bundle", "exec", "rainbows", "-c", "r.rb"],
            &["/srv/shop/bin/rainbows -c r.rb"],
        ] {
            assert!(of(words).is_some_and(|found| found.certain), "{words:?}");
        }
        for words in [
            &["unicorn master -c r.rb"][..],
            &["web master -c r.rb"],
            &["ruby", "/srv/app/bin/web", "-c", "config/rainbows.rb"],
            &["ruby", "/usr/bin/rainbows", "--version"],
            &["/srv/shop/bin/unicorn -c r.rb"],
            &["/srv/app/bin/web -c config/rainbows.rb"],
        ] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }

    #[test]
    fn its_block_hides_nothing_of_the_rest() {
        let text = Text::from(
            "worker_processes 3\nRainbows! do\n  use :ThreadSpawn\n  worker_connections 20\n\
             \x20 keepalive_timeout 30\nend\npid '/run/r.pid'\ntimeout 20\n",
        );
        let path = Path::new("/srv/r.rb");
        let config =
            read_config(&Loading { text: &text, path, given: path, cwd: None, variables: None });
        assert_eq!(config.worker_processes.value(), Some(&3));
        assert_eq!(config.pid.value().unwrap(), Path::new("/run/r.pid"));
        assert_eq!(config.timeout.value(), Some(&21));
    }
}
