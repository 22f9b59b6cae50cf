//! No parser panics, whatever the bytes.

use std::path::Path;

use farrier::contract::{Candidate, Loading, Variables};
use farrier::deploy::{bundler, releases, ruby};
use farrier::facts::{
    cgroup, environ, files, limits, maps, memory, pidfile, process, signals, sockets,
};
use farrier::os::{Pid, Text};
use farrier::servers::SERVERS;
use proptest::prelude::*;

/// Bytes of any kind, and bytes that look like what each parser waits for.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let any = proptest::collection::vec(any::<u8>(), 0..512);
    let like = proptest::collection::vec(
        prop::sample::select(vec![
            "(",
            ")",
            " ",
            "\n",
            "\0",
            "=",
            ":",
            "-",
            "0",
            "1",
            "7",
            "18446744073709551615",
            "-1",
            "R",
            "Tgid:\t7\n",
            "Uid:\t0 0 0 0\n",
            "Gid:\t0 0 0 0\n",
            "SigCgt:\tffffffffffffffff\n",
            "SigIgn:\t0\n",
            "1000-2000 r-xp 00000000 fe:01 132 /x.so (deleted)\n",
            "ffff:ffffffffffffffff",
            "\\012",
            "Pss: 18446744073709551615 kB\n",
            "Max open files 1 unlimited\n",
            "0::/\n",
            "name=systemd:/x",
            "unicorn",
            " master",
            " (old)",
            " worker[",
            "]",
            "-c",
            "ruby",
            "bundle",
            "exec",
            "--",
            "GEM\n  specs:\n    rack (1.0-x)\n",
            "RUBY VERSION\n   x\n",
            "socket:[7]",
            "/releases/",
            "current",
            "\u{feff}",
            "ü",
            "\u{1b}[2J",
        ]),
        0..40,
    )
    .prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![any, like]
}

/// Ruby, more or less.
fn ruby_source() -> impl Strategy<Value = String> {
    let pieces = vec![
        "pid ",
        "listen",
        " working_directory ",
        "'",
        "\"",
        "#{",
        "}",
        "{",
        "|x|",
        " do ",
        " end ",
        "\n",
        ";",
        "if ",
        " unless ",
        "case ",
        "when ",
        "def f",
        "(",
        ")",
        "[",
        "]",
        "=",
        "||=",
        "<<",
        "<<~A",
        "A\n",
        "%w[",
        "%(",
        "/",
        "?",
        "?x",
        ":",
        ":a",
        "::",
        ".",
        "ENV",
        "['X']",
        "START_CTX[0] = ",
        "before_exec",
        "__END__\n",
        "=begin\n",
        "=end\n",
        "\\",
        "\\\n",
        "#",
        "x",
        "y = ",
        "1_0",
        "0.5",
        "+",
        ",",
        "true",
        "@",
        "$",
        "`",
        "ü",
        "while ",
        "then ",
        "and ",
        "rescue",
        "&.",
        "->",
        "-> {",
        "nil",
        "eval ",
        "else ",
        "elsif ",
        "== ",
        "? ",
        "&& ",
        "|| ",
        "ENV.fetch('PORT') { ",
        "ENV.clear\n",
        "ENV['RAILS_ENV'] ",
        "File.join(",
        "File.expand_path(",
        "require 'x'\n",
        "self",
    ];
    proptest::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|all| all.concat())
}

fn parse_everything(bytes: &Text) {
    let stat = process::parse_stat(bytes);
    if let Ok(status) = process::parse_status(bytes) {
        for signal in farrier::model::Signal::iterator() {
            assert!(!signals::reception(&status, signal).words().is_empty());
        }
        for server in SERVERS {
            let _ = (server.handlers_set)(&status);
        }
    }
    let line = process::parse_command_line(bytes);
    assert_eq!(line.length, bytes.len());
    for server in SERVERS {
        let _ = (server.options)(&line.words);
        if let Some(found) = (server.recognise)(&Candidate { words: line.words.raw() }) {
            let _ = (server.options)(&found.arguments);
        }
        let path = bytes.path();
        let environ = environ::parse_live(&Text::from("RAILS_ENV=x\0PORT=7\0HOME=/h"));
        let known = Variables::of(&environ);
        let variables = Some(&known);
        let loading = Loading { text: bytes, path, given: path, cwd: Some(path), variables };
        let config = (server.read_config)(&loading);
        assert_eq!(config.file.path, bytes.path());
    }
    if let Ok(found) = environ::parse(bytes, stat.as_ref().ok(), line.length) {
        assert!(found.variables.iter().all(|variable| !variable.name.is_empty()));
    }
    if let pidfile::Content::Pid(pid) = pidfile::parse(bytes, 4_194_304) {
        assert!((2..=4_194_304).contains(&pid.number()));
    }
    if let Ok(mapped) = maps::parse(bytes) {
        let _ = (ruby::version(&mapped), ruby::gem_version(&mapped, "unicorn"));
        assert!(mapped.iter().all(|file| file.path.is_absolute()));
    }
    let _ = (limits::parse(bytes), memory::parse_pss(bytes));
    if let Ok(group) = cgroup::parse(bytes) {
        let _ = (cgroup::service(&group), cgroup::session(&group));
    }
    let _ = sockets::behind(&files::target(bytes), &sockets::SocketTable::new());
    let _ = files::path_of(bytes, None, None);
    let _ = bundler::parse_lock(Path::new("Gemfile.lock"), bytes);
    if let Some(root) = releases::candidate_root(bytes.path()) {
        assert!(root.is_absolute());
        let _ = releases::entry(&root, bytes.path());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in bytes()) {
        parse_everything(&Text::new(bytes));
    }

    #[test]
    fn no_configuration_makes_its_reader_panic(source in ruby_source()) {
        parse_everything(&Text::from(&*source));
    }

    #[test]
    fn what_is_no_code_sets_nothing(source in ruby_source()) {
        prop_assume!(!source.contains("=end"));
        let commented: Vec<String> = source.lines().map(|line| format!("  # {line}")).collect();
        for text in [
            commented.join("\n"),
            format!("=begin\n{source}\n=end"),
            format!("text = <<~'LAST'\n{source}\n  LAST\n"),
            format!("text = <<-\"LAST\".strip\n{}\n  LAST\n", source.replace('#', "")),
            format!("__END__\n{source}"),
        ] {
            for server in SERVERS.iter().filter(|server| server.usual_configs.is_empty()) {
                let path = Path::new("u.rb");
                let bytes = Text::from(&*text);
                let loading = Loading { text: &bytes, path, given: path, cwd: None, variables: None };
                let read = (server.read_config)(&loading);
                prop_assert_eq!(read, farrier::model::Config::empty(path), "{}", text);
            }
        }
    }

    #[test]
    fn no_command_line_makes_recognition_panic(words in proptest::collection::vec("[a-z/=-]{0,9}|--?[a-zA-Z]{1,3}|ruby|bundle|exec|unicorn", 0..8)) {
        let words: Vec<Text> = words.iter().map(|word| Text::from(word.as_str())).collect();
        for server in SERVERS {
            let _ = (server.recognise)(&Candidate { words: &words });
            let _ = (server.options)(&words.as_slice().into());
        }
    }

    #[test]
    fn every_pid_is_read_as_it_was_written(number in 2_i32..4_194_304, blanks in "[ \t]{0,3}", end in "[ \t\r\n]{0,3}") {
        let text = Text::from(&*format!("{blanks}{number}{end}"));
        let pid = Pid::new(number).unwrap();
        prop_assert_eq!(pidfile::parse(&text, 4_194_304), pidfile::Content::Pid(pid));
    }
}
