//! The pictures in `screenshots/`: recorded boxes, looked at by the real program in a real terminal.
//!
//! `FARRIER_BLESS=1` draws them anew.

use std::path::Path;

use crate::terminal::Terminal;

/// A picture: its name, the recording, the size, and the keys with what must be on the screen after each.
struct Picture {
    name: &'static str,
    recording: &'static str,
    size: (u16, u16),
    keys: &'static [(&'static str, &'static str)],
}

const PICTURES: &[Picture] = &[
    Picture { name: "healthy", recording: "healthy", size: (80, 24), keys: &[("", "FINE")] },
    Picture {
        name: "incident",
        recording: "oldbin-lingering",
        size: (80, 24),
        keys: &[("", "oldbin-lingering")],
    },
    Picture {
        name: "finding",
        recording: "gemfile-mismatch",
        size: (80, 24),
        keys: &[("", "gemfile-pinned"), ("\r", "FOR GOOD")],
    },
    Picture {
        name: "environment",
        recording: "gemfile-mismatch",
        size: (80, 24),
        keys: &[("", "gemfile-pinned"), ("4", "hidden")],
    },
    Picture {
        name: "releases",
        recording: "oldbin-lingering",
        size: (80, 24),
        keys: &[("", "oldbin-lingering"), ("8", "Time line")],
    },
    Picture {
        name: "timeline",
        recording: "reexec-failed",
        size: (80, 24),
        keys: &[("", "reexec-failed"), ("t", "newest on top")],
    },
    Picture {
        name: "upgrade",
        recording: "release-stale",
        size: (80, 24),
        keys: &[("", "release-stale"), ("u", "What would stop it")],
    },
    Picture {
        name: "wide",
        recording: "oldbin-lingering",
        size: (160, 45),
        keys: &[("", "Blind spots  none")],
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
    let words =
        ["env", "TZ=UTC", env!("CARGO_BIN_EXE_farrier"), "--from", recording.to_str().unwrap()];
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
