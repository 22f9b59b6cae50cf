//! The moving picture of the README, and the still of an upgrade under way: frames of a walk through the program's own
//! rehearsal in a real terminal. `FARRIER_BLESS=1` draws them anew; else nothing is drawn.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::terminal::Terminal;

/// How long each frame stands, seconds.
const STANDS: usize = 3;

/// The frames so far; `None`: nothing is drawn.
pub struct Film(Option<Vec<String>>);

impl Film {
    /// One that is drawn where that was asked for.
    pub fn new() -> Self {
        Self(std::env::var_os("FARRIER_BLESS").map(|_| Vec::new()))
    }

    /// Whether it is drawn: then looks should stand long enough to be caught.
    pub fn is_drawn(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until the screen shows something, and takes it as the next frame.
    pub fn frame(&mut self, terminal: &Terminal, shown: &str) {
        let Some(frames) = &mut self.0 else { return };
        terminal.until(shown);
        std::thread::sleep(Duration::from_millis(300));
        frames.push(anstyle_svg::Term::new().render_svg(&terminal.coloured()));
    }

    /// Writes what was taken last as a picture of its own.
    pub fn still(&self, name: &str) {
        if let Some(last) = self.0.as_ref().and_then(|frames| frames.last()) {
            write(name, last);
        }
    }

    /// Writes all frames as one picture.
    pub fn end(self, name: &str) {
        if let Some(frames) = self.0 {
            write(name, &animated(&frames));
        }
    }
}

fn write(name: &str, drawn: &str) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    std::fs::write(home.join(format!("{name}.svg")), drawn).unwrap();
}

/// One picture of several, each shown in its turn: by CSS, which pictures in pages may have.
fn animated(frames: &[String]) -> String {
    let parts = |frame: &String| {
        let (head, rest) = frame.split_once("  <style>\n").unwrap();
        let (style, body) = rest.split_once("  </style>\n").unwrap();
        let body = body.trim_end().trim_end_matches("</svg>").trim_end().to_owned();
        (head.to_owned(), style.to_owned(), body)
    };
    let (head, style, _) = parts(&frames[0]);
    // A class of one line may be in any frame; blocks of several lines are the same in all.
    let is_class = |line: &&str| line.contains('{') && line.trim_end().ends_with('}');
    let styles: Vec<String> = frames.iter().map(|frame| parts(frame).1).collect();
    let mut classes: Vec<&str> = styles.iter().flat_map(|s| s.lines()).filter(is_class).collect();
    classes.sort_unstable();
    classes.dedup();
    let blocks: Vec<&str> = style.lines().filter(|line| !is_class(line)).collect();
    let whole = frames.len() * STANDS;
    // Rounded up: the next frame is drawn over the one that goes.
    let share = 100_usize.div_ceil(frames.len());
    let mut svg = format!("{head}  <style>\n{}\n{}\n", classes.join("\n"), blocks.join("\n"));
    let _ = writeln!(
        svg,
        "    .frame {{ visibility: hidden; animation: turn {whole}s step-end infinite; }}\n    \
         @keyframes turn {{ 0% {{ visibility: visible; }} {share}% {{ visibility: hidden; }} }}\n  </style>"
    );
    for (at, frame) in frames.iter().enumerate() {
        let (delay, (_, _, body)) = (at * STANDS, parts(frame));
        let _ =
            writeln!(svg, "<g class=\"frame\" style=\"animation-delay: {delay}s\">\n{body}\n</g>");
    }
    svg + "</svg>\n"
}
