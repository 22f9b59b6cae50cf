//! The pictures in `screenshots/`: recorded boxes, looked at by the real program in a real terminal.
//!
//! `FARRIER_BLESS=1` draws them anew.

use std::path::Path;

use crate::terminal::Terminal;

/// A picture: its name, the recording, the size, variables, and the keys with what must be on the screen after each.
struct Picture {
    name: &'static str,
    recording: &'static str,
    size: (u16, u16),
    variables: &'static [&'static str],
    keys: &'static [(&'static str, &'static str)],
}

/// A terminal as a person has it: 80 by 24, with colours.
const PLAIN: Picture =
    Picture { name: "", recording: "", size: (80, 24), variables: &[], keys: &[] };

const PICTURES: &[Picture] = &[
    Picture { name: "healthy", recording: "healthy", keys: &[("", "FINE")], ..PLAIN },
    Picture {
        name: "incident",
        recording: "oldbin-lingering",
        keys: &[("", "oldbin-lingering")],
        ..PLAIN
    },
    Picture {
        name: "finding",
        recording: "gemfile-mismatch",
        keys: &[("", "gemfile-pinned"), ("\r", "FOR GOOD")],
        ..PLAIN
    },
    Picture {
        name: "environment",
        recording: "gemfile-mismatch",
        keys: &[("", "gemfile-pinned"), ("4", "hidden")],
        ..PLAIN
    },
    Picture {
        name: "releases",
        recording: "oldbin-lingering",
        keys: &[("", "oldbin-lingering"), ("8", "Time line")],
        ..PLAIN
    },
    Picture {
        name: "timeline",
        recording: "reexec-failed",
        keys: &[("", "reexec-failed"), ("t", "newest on top")],
        ..PLAIN
    },
    Picture {
        name: "upgrade",
        recording: "release-stale",
        keys: &[("", "release-stale"), ("u", "What would stop it")],
        ..PLAIN
    },
    Picture {
        name: "wide",
        recording: "oldbin-lingering",
        size: (160, 45),
        keys: &[("", "Blind spots  none")],
        ..PLAIN
    },
    Picture {
        name: "diff",
        recording: "oldbin-lingering",
        keys: &[
            ("", "oldbin-lingering"),
            ("\t", ">▾ ▲ shop"),
            ("j", ">▾ ├ master"),
            ("m", "54 is marked"),
            ("jjj", ">▾ └ master"),
            ("d", "BUNDLE_GEMFILE"),
        ],
        ..PLAIN
    },
    Picture {
        name: "no-colour",
        recording: "gemfile-mismatch",
        variables: &["NO_COLOR=1"],
        keys: &[("", "gemfile-pinned")],
        ..PLAIN
    },
];

#[test]
fn the_pictures_are_what_the_program_shows() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stale = Vec::new();
    for picture in PICTURES {
        let recording = home.join(format!("tests/recordings/{}.toml", picture.recording));
        let drawn = anstyle_svg::Term::new().render_svg(&taken(picture, &recording));
        let file = home.join(format!("screenshots/{}.svg", picture.name));
        if std::env::var_os("FARRIER_BLESS").is_some() {
            std::fs::create_dir_all(home.join("screenshots")).unwrap();
            std::fs::write(&file, &drawn).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != drawn {
            stale.push(picture.name);
        }
    }
    assert!(stale.is_empty(), "drawn anew by FARRIER_BLESS=1: {stale:?}");
}

/// The screen with its colours, after the keys.
fn taken(picture: &Picture, recording: &Path) -> String {
    let program = [env!("CARGO_BIN_EXE_farrier"), "--from", recording.to_str().unwrap()];
    let words = [&["env", "TZ=UTC"], picture.variables, &program].concat();
    let (columns, rows) = picture.size;
    let mut terminal = Terminal::start(&words, columns, rows, "xterm-256color");
    for (keys, shown) in picture.keys {
        terminal.keys(keys);
        terminal.until(shown);
    }
    terminal.quiet();
    let coloured = terminal.coloured();
    terminal.keys("q");
    let (status, left) = terminal.end();
    assert!(status.success() && left.is_empty(), "{}: {status:?} {left:?}", picture.name);
    coloured
}
