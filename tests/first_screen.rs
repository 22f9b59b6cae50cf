//! Five seconds: the first screen of a real incident says in words what is wrong and what to do, before any key.

use std::path::Path;
use std::thread;

use crate::terminal::Terminal;

/// An incident that was recorded of a real server.
struct Incident {
    recording: &'static str,
    /// What happened, for `docs/incident.md`.
    happened: &'static str,
    /// What an operator has to read in the first line of the headline.
    says: &'static str,
    /// What else in the second one, where there is room for it.
    why: &'static str,
    /// The next step.
    next: &'static str,
}

const INCIDENTS: &[Incident] = &[
    Incident {
        recording: "release-stale",
        happened: "the deploy was green, and nobody was sent a signal",
        says: "serves the release of 1 Nov, not the one deployed at",
        why: "current was switched",
        next: "upgrade: USR2 to",
    },
    Incident {
        recording: "release-pinned-gone",
        happened: "the release that the master restarts in was cleaned up",
        says: "the next USR2 fails, 20261101120000 is gone",
        why: "restarts in that release's own directory",
        next: "link that release to current, then upgrade",
    },
    Incident {
        recording: "gemfile-missing",
        happened: "`BUNDLE_GEMFILE` names a release that was cleaned up",
        says: "the next USR2 fails, its Gemfile is gone",
        why: "BUNDLE_GEMFILE names 20261101120000",
        next: "link 20261101120000 to current, then upgrade",
    },
    Incident {
        recording: "oldbin-lingering",
        happened: "the hook did not retire the old master",
        says: "still serves 20261101120000 beside",
        why: "USR2 is refused while it lives",
        next: "QUIT to it",
    },
    Incident {
        recording: "pidfile-foreign",
        happened: "the number in the pidfile is another program's now",
        says: "no master of it",
        why: "is sleep 1000",
        next: "signal nothing by it",
    },
    Incident {
        recording: "pidfile-stale",
        happened: "the pidfile names a master that ended",
        says: "unicorn.pid names",
        why: "the master that was given it is",
        next: "into it",
    },
    Incident {
        recording: "master-dead",
        happened: "the master was killed",
        says: "no master lives",
        why: "shared/pids/unicorn.pid names",
        next: "start it by its service",
    },
    Incident {
        recording: "socket-missing",
        happened: "somebody removed the socket's file",
        says: "nobody can connect, its socket is gone",
        why: "shared/sockets/unicorn.sock is what",
        next: "bind it anew",
    },
    Incident {
        recording: "socket-replaced",
        happened: "another process bound the socket's path anew",
        says: "the socket's path no longer leads to",
        why: "shared/sockets/unicorn.sock leads to",
        next: "bind it anew",
    },
    Incident {
        recording: "workers-respawning",
        happened: "the workers end while they start, over and over",
        says: "nobody answers, the workers of",
        why: "each is replaced within",
        next: "read the end of",
    },
    Incident {
        recording: "reexec-failed",
        happened: "the new release does not boot",
        says: "the last USR2 to 20261108120000 came to nothing",
        why: "this release does not boot",
        next: "fix what the log says and deploy, or switch current back",
    },
    Incident {
        recording: "master-duplicate",
        happened: "it was started a second time beside the first",
        says: "two masters serve",
        why: "neither started the other",
        next: "retire",
    },
    Incident {
        recording: "master-hollow",
        happened: "`WINCH` took the workers, and nobody gave them back",
        says: "nobody answers",
        why: "connections wait in the queue",
        next: "add workers: TTIN to",
    },
    Incident {
        recording: "master-stopped",
        happened: "`STOP` or a debugger holds the master",
        says: "is stopped",
        why: "takes no signal",
        next: "let it go on: CONT to",
    },
];

/// How it is looked at: columns, rows, and words before the program's.
const LOOKS: [(u16, u16, &[&str]); 3] =
    [(80, 24, &[]), (40, 10, &[]), (80, 24, &["NO_COLOR=1", "LC_ALL=C"])];

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The first lines of the screen that stands when the first look is done, as one line of text.
fn first_lines(recording: &str, (columns, rows, with): (u16, u16, &[&str])) -> String {
    let file = home().join(format!("tests/recordings/{recording}.toml"));
    let mut words = vec!["env", "TZ=UTC"];
    words.extend(with);
    words.extend([env!("CARGO_BIN_EXE_farrier"), "--from", file.to_str().unwrap()]);
    let mut terminal = Terminal::start(&words, columns, rows, "xterm-256color");
    terminal.until("shop");
    // Ctrl-L draws all of it anew: then the frame is whole.
    let screen = terminal.typed("");
    if !with.is_empty() {
        assert!(screen.is_ascii(), "{screen}");
        assert!(!terminal.coloured().contains("38;5;"), "{}", terminal.coloured());
    }
    terminal.keys("q");
    let (status, left) = terminal.end();
    assert!(status.success() && left.is_empty(), "{recording}: {status:?} {left:?}");
    let lines: Vec<&str> = screen.lines().take(5).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn looked_at(incident: &Incident) {
    for look in LOOKS {
        let told = first_lines(incident.recording, look);
        let wrong = format!("{} at {}x{}: {told}", incident.recording, look.0, look.1);
        assert!(told.contains(incident.says), "not {:?}: {wrong}", incident.says);
        // At 40 columns there is no WHY, and a step is cut at its end.
        let (why, most) = if look.0 < 80 { ("", 32) } else { (incident.why, 70) };
        assert!(told.contains(why), "not {why:?}: {wrong}");
        let next: String = incident.next.chars().take(most).collect();
        assert!(told.contains(&next), "not {next:?}: {wrong}");
    }
}

#[test]
fn the_first_screen_names_the_cause_and_the_next_step() {
    thread::scope(|scope| {
        for part in INCIDENTS.chunks(INCIDENTS.len().div_ceil(4)) {
            scope.spawn(move || part.iter().for_each(looked_at));
        }
    });
}

#[test]
fn the_incidents_stand_in_the_documentation() {
    let text = std::fs::read_to_string(home().join("docs/incident.md")).unwrap();
    for Incident { recording, happened, says, why, next } in INCIDENTS {
        let row = format!("| {happened} | … {says} … | … {why} … | … {next} … |");
        assert!(text.contains(&row), "docs/incident.md lacks, for {recording}:\n{row}");
    }
}
