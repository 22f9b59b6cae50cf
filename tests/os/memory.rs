//! What memory tells of real processes: their environments as they are now, and what Unicorn will start again.

use std::io::{BufRead as _, BufReader};

use super::*;

/// A program that has said on its standard output that it is ready; it ends with the test.
fn ready(command: &mut Command) -> Ended {
    let mut child = command
        .env("FROM_THE_START", "1")
        .env("TO_CHANGE", "before")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "{command:?}");
    Ended(child)
}

/// A variable of an environment.
fn value(block: &Text, name: &str) -> Option<String> {
    block.bytes().split(|byte| *byte == 0).find_map(|entry| {
        let value = std::str::from_utf8(entry).ok()?.strip_prefix(name)?.strip_prefix('=')?;
        Some(value.to_owned())
    })
}

fn environ(live: &Live, child: &Ended) -> Text {
    text(live.ask_one(Ask::LiveEnviron(child.pid())))
}

/// That a program has set `NEW`, changed `TO_CHANGE` and kept `FROM_THE_START`.
fn assert_changed(block: &Text) {
    let seen = ["NEW", "TO_CHANGE", "FROM_THE_START"].map(|name| value(block, name));
    assert_eq!(seen, [Some("yes".into()), Some("after".into()), Some("1".into())], "{block}");
}

const RUBY: &str = "ENV['NEW'] = 'yes'; ENV['TO_CHANGE'] = 'after'; ENV.delete('GONE')";

#[test]
fn ruby_python_bash_tell_what_they_have_set() {
    let live = live();
    let ruby = ready(
        Command::new("ruby")
            .args(["-e", &format!("{RUBY}; STDOUT.puts :ready; STDOUT.flush; STDIN.read")])
            .env("GONE", "x"),
    );
    let block = environ(&live, &ruby);
    assert_changed(&block);
    assert_eq!(value(&block, "GONE"), None);
    let python = "import os,sys; os.environ.update(NEW='yes', TO_CHANGE='after'); print('ready', flush=True); sys.stdin.read()";
    assert_changed(&environ(&live, &ready(Command::new("/usr/bin/python3").args(["-c", python]))));
    // A shell keeps its variables elsewhere and makes an environment for its children: what it has is told as it is.
    let bash = ready(Command::new("bash").args(["-c", "echo ready; read end"]));
    assert_eq!(value(&environ(&live, &bash), "TO_CHANGE").as_deref(), Some("before"));
}

#[test]
fn a_title_over_the_environment_hides_nothing() {
    let live = live();
    for length in [200, 4000] {
        let script = format!("$0 = 'T' * {length}; {RUBY}; puts :ready; $stdout.flush; STDIN.read");
        let child = ready(Command::new("ruby").args(["-e", &script]));
        let start = text(live.ask_one(Ask::Text(child.pid(), ProcText::Environ)));
        assert_eq!(value(&start, "FROM_THE_START"), None);
        assert_changed(&environ(&live, &child));
    }
}

/// A program that changes its environment, built as asked; `None`: this machine cannot build it so.
fn built(directory: &Path, name: &str, flags: &[&str]) -> Option<PathBuf> {
    let source = directory.join("changes.c");
    std::fs::write(
        &source,
        "#define _GNU_SOURCE\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
         int main(void) { setenv(\"NEW\", \"yes\", 1); setenv(\"TO_CHANGE\", \"after\", 1);\n\
         puts(\"ready\"); fflush(stdout); getchar();\n\
         #ifdef COPIED\n return environ == 0;\n#endif\n return 0; }\n",
    )
    .unwrap();
    let program = directory.join(name);
    let done =
        Command::new("gcc").args(flags).arg(&source).arg("-o").arg(&program).output().unwrap();
    done.status.success().then_some(program)
}

#[test]
fn programs_of_every_build_tell_theirs_or_why_not() {
    let directory = tempfile::tempdir().unwrap();
    let live = live();
    for (name, flags) in [
        ("pie", &["-pie", "-fPIE"][..]),
        ("pie-copied", &["-pie", "-fPIE", "-DCOPIED"]),
        ("fixed", &["-no-pie", "-fno-pie"]),
        ("fixed-copied", &["-no-pie", "-fno-pie", "-DCOPIED"]),
        ("old-hash", &["-Wl,--hash-style=sysv", "-DCOPIED"]),
        ("static", &["-static"]),
        ("static-pie", &["-static-pie"]),
    ] {
        let program = built(directory.path(), name, flags).unwrap();
        assert_changed(&environ(&live, &ready(&mut Command::new(&program))));
    }
    for flags in [&["-static", "-s"][..], &["-static-pie", "-s"]] {
        let program = built(directory.path(), "stripped", flags).unwrap();
        let child = ready(&mut Command::new(program));
        let answer = live.ask_one(Ask::LiveEnviron(child.pid()));
        assert!(
            matches!(&answer, Err(Refusal::Opaque(why)) if why.contains("environment")),
            "{answer:?}"
        );
    }
    // A copied variable of a program that the loader was asked to start: the loader is the program by its link.
    let program = built(directory.path(), "loaded", &["-DCOPIED"]).unwrap();
    let loader = "/lib64/ld-linux-x86-64.so.2";
    if Path::new(loader).exists() {
        assert_changed(&environ(&live, &ready(Command::new(loader).arg(program))));
    }
}

#[test]
fn the_next_program_of_a_process_is_not_taken_for_the_last_one() {
    let live = live();
    let script = format!(
        "{RUBY}; puts :ready; $stdout.flush; STDIN.gets; ENV['NEW'] = 'next'; exec 'sleep', '300'"
    );
    let mut child = ready(Command::new("ruby").args(["-e", &script]));
    assert_changed(&environ(&live, &child));
    child.0.stdin.take().unwrap().write_all(b"\n").unwrap();
    // A busy machine may keep an answer longer than it is waited for.
    until(|| {
        let words = live.ask_one(Ask::Text(child.pid(), ProcText::Cmdline));
        matches!(words, Ok(Found::Bytes(text)) if text.bytes() == b"sleep\x00300\0")
    });
    // Until its C library is there and has set itself up, nothing is known of it; never is it the last one's.
    until(|| match live.ask_one(Ask::LiveEnviron(child.pid())) {
        Ok(Found::Bytes(block)) if !block.is_empty() => {
            assert_eq!(value(&block, "NEW").as_deref(), Some("next"));
            true
        }
        Ok(_) | Err(_) => false,
    });
}

#[test]
fn a_look_that_came_before_its_libraries_is_not_the_last() {
    let (live, directory) = (live(), tempfile::tempdir().unwrap());
    // The loader waits for the other end of this pipe before it maps the C library.
    let pipe = directory.path().join("preloaded");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut sleep = Command::new("sleep");
    let child =
        Ended(sleep.arg("300").env("LD_PRELOAD", &pipe).stderr(Stdio::null()).spawn().unwrap());
    let ask = Ask::LiveEnviron(child.pid());
    until(
        || matches!(live.ask_one(ask.clone()), Err(Refusal::Opaque(why)) if why.contains("C library")),
    );
    drop(std::fs::OpenOptions::new().write(true).open(&pipe).unwrap());
    until(|| matches!(live.ask_one(ask.clone()), Ok(Found::Bytes(block)) if !block.is_empty()));
    let preloaded = value(&environ(&live, &child), "LD_PRELOAD");
    assert_eq!(preloaded.as_deref(), pipe.to_str());
}

#[test]
fn nothing_is_torn_while_it_changes() {
    let live = live();
    let script = "STDOUT.puts :ready; STDOUT.flush; loop { ENV['CHURN'] = 'a' * 40; ENV.delete('CHURN'); ENV['CHURN'] = 'b' * 3 }";
    let child = ready(Command::new("ruby").args(["-e", script]));
    let readings = std::env::var("READINGS").map_or(10_000, |number| number.parse().unwrap());
    let expected = ["a".repeat(40), "b".repeat(3)];
    let (mut seen, mut changing) = ([0; 3], 0);
    for _ in 0..readings {
        let block = match live.ask_one(Ask::LiveEnviron(child.pid())) {
            Ok(Found::Bytes(block)) => block,
            Err(Refusal::Opaque(why)) if why.contains("changed each time") => {
                changing += 1;
                continue;
            }
            other => panic!("{other:?}"),
        };
        let churned = value(&block, "CHURN");
        let which =
            churned.as_ref().map(|found| expected.iter().position(|value| value == found).unwrap());
        seen[which.unwrap_or(2)] += 1;
        assert_eq!(value(&block, "FROM_THE_START").as_deref(), Some("1"), "{block}");
        assert_eq!(value(&block, "TO_CHANGE").as_deref(), Some("before"), "{block}");
    }
    println!("{readings} readings, {changing} given up, seen {seen:?}");
    assert!(changing < readings / 10, "{changing}");
    assert!(seen.iter().filter(|times| **times > 0).count() >= 2, "{seen:?}");
}

/// Page faults, tracer, and context switches of a process, as the kernel counts them.
fn marks(pid: Pid) -> (String, String, String) {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_ascii_whitespace().collect();
    let status = read("status");
    let lines =
        status.lines().filter(|line| line.contains("_ctxt_") || line.starts_with("TracerPid"));
    (fields[7].to_owned(), fields[9].to_owned(), lines.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_stopped_process_is_read_and_nothing_of_it_changes() {
    let live = live();
    let script = format!("{RUBY}; START = 'x' * (1 << 20); puts :ready; $stdout.flush; STDIN.read");
    let child = ready(Command::new("ruby").args(["-e", &script]));
    let pid = nix::unistd::Pid::from_raw(child.pid().number());
    kill(pid, Signal::SIGSTOP).unwrap();
    until(|| {
        text(live.ask_one(Ask::Text(child.pid(), ProcText::Stat))).utf8().unwrap().contains(") T ")
    });
    let before = marks(child.pid());
    for _ in 0..1000 {
        assert_changed(&environ(&live, &child));
    }
    let searched = live.ask_one(Ask::StartContext(child.pid(), vec!["-c".into()]));
    assert_eq!(searched, Err(Refusal::Opaque("it was not found in its memory".into())));
    assert_eq!(marks(child.pid()), before);
    assert!(before.2.contains("TracerPid:\t0"), "{before:?}");
}

#[test]
fn f013_f014_large_environments_are_read() {
    let live = live();
    let mut command = Command::new("ruby");
    command.args(["-e", "puts :ready; $stdout.flush; STDIN.read"]);
    command.envs((0..16).map(|number| (format!("LARGE_{number}"), "x".repeat(120_000))));
    let block = environ(&live, &ready(&mut command));
    assert_eq!(value(&block, "LARGE_7").map(|value| value.len()), Some(120_000));
}

#[test]
fn the_dead_are_told() {
    let live = live();
    let mut child =
        ready(Command::new("ruby").args(["-e", "puts :ready; $stdout.flush; STDIN.read"]));
    assert!(!environ(&live, &child).is_empty());
    drop(child.0.stdin.take());
    let ask = Ask::LiveEnviron(child.pid());
    until(|| live.ask_one(ask.clone()) == Err(Refusal::Zombie));
    child.0.wait().unwrap();
    assert_eq!(live.ask_one(ask), Err(Refusal::Gone));
}
