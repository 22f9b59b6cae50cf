//! The program as scripts call it: exit statuses, wrong input, closed and full outputs, JSON against its schema.

mod diff;
mod env;
mod inspect;
mod record;
pub mod schema;

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program under test, in an environment of its own: no settings, no colours, no terminal.
pub fn farrier(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farrier"));
    command.args(arguments).env_clear().env("LANG", "C.UTF-8").stdin(Stdio::null());
    command
}

/// What it printed and how it ended.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = farrier(arguments).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("its output is UTF-8");
    (status.code().expect("it ends by itself"), text(stdout), text(stderr))
}

/// Its JSON, held against the schema that it names and against ASCII.
pub fn json(arguments: &[&str]) -> (i32, Value) {
    let (status, out, complaint) = run(&[arguments, &["--format", "json"]].concat());
    assert!(
        out.bytes().all(|b| b == b'\n' || (0x20..=0x7e).contains(&b)),
        "{arguments:?}: not ASCII"
    );
    let value: Value = serde_json::from_str(&out)
        .unwrap_or_else(|why| panic!("{arguments:?}: {why}: {out} {complaint}"));
    let name = value["schema"].as_str().expect("it names its schema");
    let file = name.trim_start_matches("farrier.").replace('/', "-");
    let path = format!("{}/docs/schemas/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    let schema = serde_json::from_str(&schema).expect("a schema is JSON");
    assert_eq!(schema::breaks(&value, &schema), Vec::<String>::new(), "{arguments:?}: {out}");
    (status, value)
}

#[test]
fn help_is_as_it_was() {
    for (name, arguments) in [
        ("farrier", &["--help"][..]),
        ("check", &["check", "--help"]),
        ("tree", &["tree", "--help"]),
        ("inspect", &["inspect", "--help"]),
        ("env", &["env", "--help"]),
        ("snapshot", &["snapshot", "--help"]),
        ("explain", &["explain", "--help"]),
        ("diff", &["diff", "--help"]),
        ("record", &["record", "--help"]),
    ] {
        let (status, out, complaint) = run(arguments);
        assert_eq!((status, complaint.as_str()), (0, ""), "{name}");
        insta::with_settings!({snapshot_path => "../snapshots/cli", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("help_{name}"), out);
        });
    }
}

#[test]
fn a_proc_without_any_process_is_unknown_and_not_fine() {
    let directory = tempfile::tempdir().expect("a directory");
    let proc = directory.path().to_str().expect("its name is UTF-8");
    let (status, out, _) = run(&["check", "--proc", proc]);
    assert_eq!(status, 3, "{out}");
    assert!(out.contains("not even farrier's own"), "{out}");
}

#[test]
fn a_wrong_command_line_is_64_and_prints_nothing() {
    for arguments in [
        &["chekc"][..],
        &["check", "--no-such-option"],
        &["check", "--fail-on", "everything"],
        &["check", "--looks", "3"],
        &["inspect"],
        &["inspect", "unicorn"],
        &["inspect", "0"],
        &["--refresh", "0"],
        &["--format", "yaml", "check"],
        &["completions", "tcsh"],
    ] {
        let (status, out, complaint) = run(arguments);
        assert_eq!((status, out.as_str()), (64, ""), "{arguments:?}");
        assert!(complaint.starts_with("error: "), "{arguments:?}: {complaint}");
    }
}

#[test]
fn an_unknown_target_is_3_and_says_where_to_look() {
    for command in ["check", "tree"] {
        let (status, out, complaint) = run(&[command, "no-such-app"]);
        assert_eq!((status, out.as_str()), (3, ""), "{command}");
        assert!(
            complaint.contains("no-such-app") && complaint.contains("farrier tree"),
            "{complaint}"
        );
    }
}

#[test]
fn a_process_that_is_not_there_is_3() {
    let (status, _, complaint) = run(&["inspect", "2147483647"]);
    assert_eq!((status, complaint.trim()), (3, "there is no process 2147483647"));
}

#[test]
fn every_document_fits_its_schema() {
    assert_eq!(json(&["check"]).1["schema"], "farrier.check/1");
    assert_eq!(json(&["tree"]).1["schema"], "farrier.tree/1");
    assert_eq!(json(&["explain"]).1["schema"], "farrier.explain/1");
    let own = std::process::id().to_string();
    let (status, inspect) = json(&["inspect", &own]);
    assert_eq!((status, inspect["pid"].to_string()), (0, own));
}

#[test]
fn without_a_command_or_a_terminal_it_is_check() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/oldbin-lingering.toml");
    let (checked, bare) = (run(&["check", "--from", recording]), run(&["--from", recording]));
    assert_eq!((bare.0, &bare.1), (checked.0, &checked.1));
    assert_eq!(bare.0, 1, "it is the recorded warning: {}", bare.1);
}

#[test]
fn a_full_disk_is_74() {
    for arguments in
        [&["check"][..], &["tree"], &["explain", "--format", "json"], &["--help"], &["man"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = farrier(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}: it says so");
    }
}

#[test]
fn a_reader_that_left_ends_it_quietly_with_the_status_so_far() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = farrier(&["tree"])
        .stdout(Stdio::from(OwnedFd::from(writer)))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaint.as_str()), (Some(0), ""));
}

#[test]
fn colour_is_for_terminals_or_on_request() {
    assert!(!run(&["tree"]).1.contains('\x1b'));
    assert!(run(&["tree", "--color", "always"]).1.contains('\x1b'));
}

#[test]
fn ascii_is_ascii() {
    assert!(run(&["check", "--ascii"]).1.is_ascii());
}

#[test]
fn explain_knows_every_rule_and_no_other() {
    let (status, table, _) = run(&["explain"]);
    assert_eq!((status, table.lines().count()), (0, farrier::rules::RULES.len()));
    for rule in farrier::rules::RULES {
        let (status, page, _) = run(&["explain", rule.name]);
        assert!(status == 0 && page.starts_with(rule.name), "{}", rule.name);
    }
    let (status, out, complaint) = run(&["explain", "no-such-rule"]);
    assert_eq!((status, out.as_str()), (3, ""));
    assert!(complaint.contains("no-such-rule"), "{complaint}");
}

#[test]
fn settings_of_others_or_with_unknown_names_stop_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("farrier.toml");
    let path = file.to_str().unwrap();
    let with = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        run(&["tree", "--config", path])
    };
    assert_eq!(with("keep_releases = 3\n", 0o644).0, 0);
    let relative =
        farrier(&["tree", "--config", "farrier.toml"]).current_dir(directory.path()).output();
    assert_eq!(
        relative.unwrap().status.code(),
        Some(0),
        "a path is relative to farrier's own directory"
    );
    let (status, out, complaint) = with("\nkeep_release = 3\n", 0o644);
    assert_eq!((status, out.as_str()), (3, ""));
    assert_eq!(
        complaint.trim(),
        format!(
            "{path}:2: there is no setting keep_release; keep_releases is the nearest. Nothing was started"
        )
    );
    let (status, _, complaint) = with("keep_releases = 3\n", 0o666);
    assert!(status == 3 && complaint.contains("lets others write it"), "{complaint}");
    assert_eq!(run(&["tree", "--config", "/no/such/file"]).0, 3);
}

#[test]
fn a_snapshot_is_read_as_the_machine_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("box.toml");
    let path = file.to_str().unwrap();
    let (status, told, complaint) = run(&["snapshot", "-o", path]);
    assert_eq!((status, complaint.as_str()), (0, ""));
    // A server of another test may have made a rule look twice.
    let looks = ["box.toml: 1 look", "box.toml: 2 looks"];
    assert!(looks.iter().any(|words| told.contains(words)) && told.contains("taken out"), "{told}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (status, _, complaint) = run(&["snapshot", "-o", path]);
    assert!(status == 3 && complaint.contains("there is such a file already"), "{complaint}");

    let (one, two) =
        (run(&["check", "--from", path, "--format", "json"]).1, run(&["check", "--from", path]).1);
    assert_eq!(
        (one.clone(), two),
        (run(&["--from", path, "check", "--format", "json"]).1, run(&["--from", path]).1)
    );
    let one: Value = serde_json::from_str(&one).unwrap();
    let (_, both, _) = run(&["check", "--from", path, path, "--format", "json"]);
    let lines: Vec<Value> = both.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, [one.clone(), one]);
}

#[test]
fn what_is_no_recording_is_3() {
    for file in ["/no/such/file", "/etc/passwd", "/dev/null", "/"] {
        let (status, out, complaint) = run(&["check", "--from", file]);
        assert_eq!((status, out.as_str()), (3, ""), "{file}");
        assert!(complaint.starts_with(&format!("{file} was not read: ")), "{complaint}");
    }
}

/// A later version may be built otherwise from its first line on: its name is told, not what the reader stumbled over.
#[test]
fn another_format_and_a_cut_off_file_are_told_in_one_sentence() {
    let whole = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/recordings/healthy.toml"
    ))
    .unwrap();
    let later = "schema = \"farrier.recording/9\"\n[[process]]\npid = 1\n";
    for (text, sentence) in [
        (later, "its format is farrier.recording/9; this farrier reads farrier.recording/1"),
        ("a = 1\n", "it is no recording of farrier: it names no format"),
        (&whole[..3000], "it is cut off or changed, line 46: "),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().to_str().unwrap();
        for arguments in [&["check", "--from", path][..], &["diff", path, path]] {
            let (status, out, complaint) = run(arguments);
            assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}");
            assert!(
                complaint.starts_with(&format!("{path} was not read: {sentence}")),
                "{complaint}"
            );
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
        }
    }
}

#[test]
fn the_log_is_appended_to_and_follows_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(run(&["tree", "--log", &path("log")]).0, 0);
    }
    assert_eq!(std::fs::read_to_string(path("log")).unwrap().matches("looked").count(), 2);
    std::os::unix::fs::symlink(path("log"), path("link")).unwrap();
    let (status, _, complaint) = run(&["tree", "--log", &path("link")]);
    assert!(status == 3 && complaint.contains("was not opened"), "{complaint}");
}

#[test]
fn of_another_proc_mount_nothing_is_sent() {
    // The same numbers, read elsewhere: a signal by this machine's own /proc could hit a stranger.
    let other = tempfile::tempdir().unwrap();
    let mount = other.path().join("proc");
    std::os::unix::fs::symlink("/proc", &mount).unwrap();
    let mut hands = farrier::os::signal::LiveHands::new(&mount);
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let pid = farrier::os::Pid::new(i32::try_from(child.id()).unwrap()).unwrap();
    let refused = farrier::os::Hands::hold(&mut hands, pid);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(refused, Err(farrier::os::Refusal::Unsupported(_))), "{refused:?}");
}

#[test]
fn without_a_terminal_the_demo_is_a_check_of_its_incident() {
    let (status, out, complaint) = run(&["demo"]);
    assert_eq!((status, complaint.as_str()), (1, ""));
    for rule in ["oldbin-lingering", "release-stale", "gemfile-pinned"] {
        assert!(out.contains(rule), "{rule}: {out}");
    }
    let apps = json(&["demo"]).1["apps"].clone();
    let names: Vec<&serde_json::Value> =
        apps.as_array().unwrap().iter().map(|a| &a["name"]).collect();
    assert_eq!(names, ["api", "nginx", "shop"]);
    assert_eq!(run(&["demo", "--from", "x"]).0, 64);
}
