//! Texts that are made to take long: whoever wrote them does not hold farrier up. What cannot be read in time is not known,
//! and says so.

use std::path::Path;
use std::time::Duration;

use farrier::contract::{Loading, Variables};
use farrier::deploy::{bundler, capistrano};
use farrier::facts::Lack;
use farrier::os::Text;
use farrier::servers::{SERVERS, effort, nginx, unicorn};

/// What one text may take of a test's program, which is not made to be fast, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long this thread has been at work: other tests' work is not counted.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, rest) = (time.tv_sec.cast_unsigned(), time.tv_nsec.unsigned_abs());
    Duration::new(seconds, u32::try_from(rest).unwrap())
}

/// The same piece until the text has so many bytes.
fn filled(length: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0.. {
        if text.len() >= length {
            break;
        }
        text += &piece(at);
    }
    text
}

/// Heredocs that all begin on one line, each with its end further down.
fn heredocs(length: usize, mark: &str) -> String {
    let count = length / 16;
    let begins = (0..count).map(|at| format!("<<{mark}A{at}")).collect::<Vec<_>>().join(" + ");
    let ends: Vec<String> = (0..count).map(|at| format!("A{at}\n")).collect();
    format!("x = {begins}\n{}", ends.concat())
}

fn texts(length: usize) -> Vec<(&'static str, String)> {
    let all = |piece: &'static str| filled(length, |_| piece.to_owned());
    let half = |piece: &'static str| filled(length / 2, |_| piece.to_owned());
    vec![
        ("heredocs", heredocs(length, "")),
        ("indented heredocs", heredocs(length, "~")),
        ("heredocs by the line", filled(length, |at| format!("x = <<A{at}\n"))),
        ("heredocs without an end", all("x = <<~NONE + ")),
        ("lists of words", all("%w[")),
        ("lists of words without an end", all("x = %w( ")),
        ("regular expressions", all("x = /\\/ ")),
        ("escaped slashes", format!("x = {}", all("/\\/\\"))),
        ("strings in strings", all("\"#{")),
        ("strings in strings, closed", half("\"#{") + &half("}\"")),
        ("brackets", all("[")),
        ("indices", format!("x{} = 1", all("[a"))),
        ("braces", half("{") + &half("}")),
        ("blocks", half("f do\n") + &half("end\n")),
        ("ends of nothing", filled(length / 2, |_| "f {".into()) + &half("\nend")),
        ("conditions", half("if x\n") + &half("end\n")),
        ("else if", format!("if x\n{}end\n", all("elsif y\n"))),
        ("cases", format!("case x\n{}end\n", all("when y\n"))),
        ("modifiers", format!("pid '/x'{}", all(" if true"))),
        ("sums", format!("x = {}1", all("1 + "))),
        ("not", format!("pid {}x", all("!"))),
        ("choices", format!("x = {}1", all("true ? 1 : "))),
        ("one setting in another", all("pid ")),
        ("listeners", filled(length, |at| format!("listen '/run/{at}.sock'\n"))),
        ("listeners on a line", all("listen 80 if ")),
        ("variables", filled(length, |at| format!("a{at} = a{}\n", at.saturating_sub(1)))),
        ("copies", format!("a = '{}'\n", "x".repeat(16_000)) + &all("b = a + a\n")),
        (
            "names for one",
            format!("a = '{}'\n", "x".repeat(16_000))
                + &filled(length, |at| format!("b{at} = a\n")),
        ),
        ("lists of lists", "a = ['x', 'x', 'x', 'x']\n".to_owned() + &all("a = [a, a, a, a]\n")),
        ("changes in place", filled(length, |at| format!("a{at} = 'x'\na{at} << 'y'\n"))),
        ("definitions", half("def a\nend\n") + &half("a\n")),
        (
            "methods of methods",
            filled(length, |at| format!("def a{at}\na{} + a{}\nend\n", at + 1, at + 1))
                + "pid a0\n",
        ),
        (
            "a long method",
            format!("def a\n\"#{{1}}{}\"\nend\npid {}a\n", half("#{1}"), half("a + ")),
        ),
        ("hooks", all("before_fork do\nProcess.kill(:QUIT, x)\nend\n")),
        ("kills", format!("before_fork do |s, w|\n{}end\n", all("Process.kill(x, 1)\n"))),
        (
            "old pidfiles",
            format!("before_fork do |s, w|\n{}end\n", all("File.read('/x.oldbin')\n")),
        ),
        ("files in files", format!("before_fork do |s, w|\n{}\nend\n", all("File.read("))),
        ("removed calls", format!("before_fork do |s, w|\n{}end\n", all("File.exists?(x)\n"))),
        ("removed calls on a line", all("File.exists? ")),
        ("rescues", format!("File.exists?(x)\n{}", all("rescue "))),
        ("the environment", filled(length, |at| format!("ENV['A{at}'] = 'x'\n"))),
        ("the environment on a line", all("ENV.delete 'a', ")),
        ("commas", format!("pid {}", all("a,"))),
        ("blanks", format!("pid '/x'{}\n", " ".repeat(length))),
        ("empty lines", format!("pid '/x'\n{}", "\n".repeat(length))),
        ("one word", format!("pid {}", "a".repeat(length))),
        ("one number", format!("timeout {}", "9".repeat(length))),
        ("one string", format!("pid '{}'", "a".repeat(length))),
        ("comments", all("# pid '/x'\n")),
        ("blocks of comments", all("=begin\n=end\n")),
        ("nested blocks of nginx", half("http { ") + &half("}")),
        ("directives", all("a b;\n")),
        ("words of one directive", format!("server {};", all("a "))),
        ("upstreams", all("upstream a { server b; }\n")),
        ("quotes", all("\"")),
        ("gems", format!("GEM\n  specs:\n{}", filled(length, |at| format!("    g{at} (1.0)\n")))),
        ("lines of a log", all("E, [2026-01-01T00:00:00.000000 #1] ERROR -- : x\n")),
        ("one line of a log", all("executing [\"a\", ")),
        ("exceptions", all("/a.rb:1:in `b': c (D)\n")),
        ("statuses", all("reaped #<Process::Status: pid 1 exit 1> exec()-ed ")),
    ]
}

/// Reads a text as everything that farrier reads, each within the bounds of a text.
fn read(text: &Text) -> Vec<(&'static str, Result<(), Lack>, Duration)> {
    let path = Path::new("/etc/x");
    let environ = farrier::facts::environ::parse_live(&Text::from("HOME=/h"));
    let known = Variables::of(&environ);
    let mut took = Vec::new();
    let mut time = |what, one: &dyn Fn()| {
        let start = spent();
        effort::begin();
        let result = effort::text(one);
        took.push((what, result, spent().saturating_sub(start)));
    };
    for server in SERVERS {
        let variables = Some(&known);
        let loading = Loading { text, path, given: path, cwd: Some(path), variables };
        time(server.name, &|| drop((server.read_config)(&loading)));
    }
    let proxy = nginx::SERVER.read_proxy.unwrap();
    time("what it passes to", &|| drop(proxy(text)));
    time("deploy.rb", &|| drop(capistrano::keep_releases(text)));
    time("Gemfile.lock", &|| drop(bundler::parse_lock(path, text)));
    let end = Text::new(&text.bytes()[text.len().saturating_sub(64 << 10)..]);
    time("a log", &|| {
        let (masked, _) = farrier::os::secrets::mask_text(&end);
        drop((unicorn::SERVER.read_log)(&masked, path, false));
    });
    took
}

#[test]
fn no_text_takes_long() {
    let mut late = Vec::new();
    for (what, text) in texts(128 << 10) {
        for (reader, _, took) in read(&Text::from(&*text)) {
            if took > PATIENCE {
                late.push(format!("{what}, read as {reader}: {took:?}"));
            }
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}

#[test]
fn twice_the_text_takes_about_twice_the_time() {
    let (half, whole) = (texts(8 << 10), texts(16 << 10));
    for ((what, half), (_, whole)) in half.iter().zip(&whole) {
        let best = |text: &str| {
            let text = Text::from(text);
            let runs: Vec<_> = (0..2).map(|_| read(&text)).collect();
            (0..runs[0].len())
                .map(|at| runs.iter().map(|run| run[at].2).min().unwrap())
                .collect::<Vec<_>>()
        };
        for (at, (one, two)) in best(half).into_iter().zip(best(whole)).enumerate() {
            let bound = one * 3 + Duration::from_millis(200);
            assert!(two < bound, "{what}, reader {at}: {one:?}, then {two:?}");
        }
    }
}

#[test]
fn what_is_only_long_is_read() {
    for (what, text) in texts(200 << 10) {
        let plain = ["heredocs", "comments", "one string", "blanks", "gems"];
        if !plain.contains(&what) {
            continue;
        }
        for (reader, result, _) in read(&Text::from(&*text)) {
            assert!(result.is_ok(), "{what}, read as {reader}: {result:?}");
        }
    }
}

#[test]
fn what_is_not_read_to_its_end_is_not_known() {
    let text = Text::from(&*filled(600 << 10, |at| format!("listen '/run/{at}.sock'\n")));
    let of = |name| read(&text).into_iter().find(|(reader, ..)| *reader == name).unwrap().1;
    assert_eq!(of("Unicorn"), Err(Lack::TooMuch));
    assert_eq!(Lack::TooMuch.to_string(), "too large to be read");
    assert!(Lack::TooMuch.is_unreadable());
}
