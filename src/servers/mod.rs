//! What each server *is*: how it is recognised, what its titles, signals and pidfiles mean, how its configuration is read.

pub mod effort;
pub mod gunicorn;
pub mod nginx;
pub mod puma;
pub mod python;
pub mod rainbows;
pub mod ruby;
pub mod unicorn;

use crate::contract::Server;
#[cfg(test)]
use crate::contract::{Candidate, Part, Recognised, Title};
use crate::model::{App, Census, Kind};
#[cfg(test)]
use crate::os::Text;

/// All servers.
pub const SERVERS: &[&Server] =
    &[&unicorn::SERVER, &rainbows::SERVER, &puma::SERVER, &gunicorn::SERVER, &nginx::SERVER];

/// The card of a kind of server, if farrier has it.
pub fn server(kind: Kind) -> Option<&'static Server> {
    SERVERS.iter().copied().find(|server| server.kind == kind)
}

/// The apps as they are listed for people: by server in the order of the table, then by name; the order is by identity,
/// never by state.
pub fn listed(census: &Census) -> Vec<&App> {
    let place = |app: &&App| SERVERS.iter().position(|server| server.kind == app.kind);
    let mut apps: Vec<&App> = census.apps.iter().collect();
    apps.sort_by_key(|app| place(app).unwrap_or(SERVERS.len()));
    apps
}

/// What a server makes of a process with these words.
#[cfg(test)]
fn recognised(
    recognise: impl Fn(&Candidate<'_>) -> Option<Recognised>,
    words: &[&str],
) -> Option<Recognised> {
    let words: Vec<Text> = words.iter().map(|word| Text::from(*word)).collect();
    recognise(&Candidate { words: &words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_title_that_is_told_of_is_recognised_as_told() {
        for server in SERVERS {
            let parts: Vec<Part> = server.titles.iter().map(|title| title.means).collect();
            assert!(
                parts.iter().any(|part| matches!(part, Part::Master { .. })),
                "{}",
                server.name
            );
            for Title { example, means } in server.titles {
                // A title is one word of the command line, what the kernel was given is several. Bundler's is both.
                let several: Vec<Text> = example.split(' ').map(Text::from).collect();
                let one = vec![Text::from(*example)];
                let program = example.split(' ').next().and_then(|word| word.rsplit('/').next());
                let by_interpreter = program
                    .is_some_and(|name| name.starts_with("ruby") || name.starts_with("python"));
                let found = |words: &[Text]| (server.recognise)(&Candidate { words });
                let part = |words: &[Text]| found(words).map(|found| found.part);
                if *means == Part::Raw {
                    assert_eq!(part(&several), Some(*means), "{example}");
                }
                if !by_interpreter {
                    assert_eq!(part(&one), Some(*means), "{example}");
                }
            }
        }
    }
}
