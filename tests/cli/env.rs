//! `env`: what is shown, what is hidden, and that no option makes a secret leave the terminal.

use std::process::{Child, Command, Stdio};

use super::{json, run};

/// What must never be seen.
const SECRET: &str = "hunter2-and-a-half";

/// A process with secrets in its environment; it ends with its standard input.
fn keeper(also: &[(&str, &str)]) -> Child {
    let mut child = Command::new("/bin/sh")
        .args(["-c", "echo; read end"])
        .env_clear()
        .envs([("SECRET_KEY_BASE", SECRET), ("TOKEN", SECRET), ("RAILS_ENV", "production")])
        .env("BUNDLE_GEMFILE", "/var/www/shop/Gemfile")
        .envs(also.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    child
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn secrets_are_told_by_their_length_and_their_equals() {
    let child = keeper(&[("OTHER", "another")]);
    let pid = child.id().to_string();
    let (status, env) = json(&["env", &pid]);
    let start = &env["start"];
    assert_eq!(
        (status, &env["start_state"], &env["live"]),
        (0, &"intact".into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&start["RAILS_ENV"], &start["SECRET_KEY_BASE"]["hidden"]),
        (&"production".into(), &true.into())
    );
    assert_eq!(start["SECRET_KEY_BASE"]["length"], SECRET.len());
    assert_eq!(start["SECRET_KEY_BASE"]["same_as"], start["TOKEN"]["same_as"]);
    assert_ne!(start["OTHER"]["same_as"], start["TOKEN"]["same_as"]);
    let (status, text, _) = run(&["env", &pid]);
    assert!(
        status == 0
            && text.contains("same as SECRET_KEY_BASE")
            && text.contains("/var/www/shop/Gemfile")
    );
    assert!(!text.contains(SECRET) && !env.to_string().contains(SECRET));
    end(child);
}

#[test]
fn values_are_shown_to_no_pipe_no_json_and_from_no_recording() {
    let child = keeper(&[]);
    let pid = child.id().to_string();
    for also in [&[][..], &["--format", "json"], &["--from", "/dev/null"]] {
        let (status, out, complaint) = run(&[&["env", &pid, "--show-secrets"], also].concat());
        assert_eq!((status, out.as_str()), (3, ""), "{also:?}");
        assert!(
            complaint.contains("--show-secrets") || complaint.contains("terminal"),
            "{complaint}"
        );
    }
    end(child);
}

#[test]
fn two_processes_are_compared_by_whole_values() {
    let (one, other) = (keeper(&[("TZ", "UTC"), ("KEY", "1234")]), keeper(&[("KEY", "5678")]));
    let pids = [one.id().to_string(), other.id().to_string()];
    let (status, diff) = json(&["env", &pids[0], "--diff", &pids[1]]);
    assert_eq!((status, &diff["same"], &diff["only_pid"]["TZ"]), (0, &4.into(), &"UTC".into()));
    let (here, there) = (&diff["differ"]["KEY"]["pid"], &diff["differ"]["KEY"]["other"]);
    assert_eq!((&here["length"], &there["length"]), (&4.into(), &4.into()));
    assert_ne!(here["same_as"], there["same_as"]);
    let (status, _, complaint) = run(&["env", &pids[0], "--diff", "start"]);
    assert!(status == 3 && complaint.contains("live environment"), "{complaint}");
    end(one);
    end(other);
}

#[test]
fn a_title_over_the_environment_is_told() {
    let script = "$0 = 'x' * 4000; puts; $stdout.flush; STDIN.read";
    let mut child = Command::new("ruby")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let (status, env) = json(&["env", &child.id().to_string()]);
    assert_eq!(
        (status, &env["start_state"], env["start"].is_null()),
        (3, &"overwritten".into(), true)
    );
    end(child);
}
