//! `env`: what is shown, what is hidden, and that no option makes a secret leave the terminal.

use std::process::{Child, Command, Stdio};

use super::{json, run};

/// What must never be seen.
const SECRET: &str = "hunter2-and-a-half";

/// A process with secrets in its environment; it ends with its standard input.
fn keeper(also: &[(&str, &str)]) -> Child {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "echo; read end"])
        .env_clear()
        .envs([("SECRET_KEY_BASE", SECRET), ("TOKEN", SECRET), ("RAILS_ENV", "production")])
        .env("BUNDLE_GEMFILE", "/var/www/shop/Gemfile")
        .envs(also.iter().copied());
    started(&mut command)
}

/// A Ruby with a script that says with one byte that it is ready, and then reads.
fn ruby(script: &str, environment: &[(&str, &str)]) -> Child {
    started(Command::new("ruby").args(["-e", script]).envs(environment.iter().copied()))
}

/// Starts a program, and waits for the byte by which it says that it is ready.
fn started(command: &mut Command) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
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
        (status, &env["start_state"], &env["live_source"]),
        (0, &"intact".into(), &"memory".into())
    );
    assert_eq!(
        (&start["RAILS_ENV"], &start["SECRET_KEY_BASE"]["hidden"]),
        (&"production".into(), &true.into())
    );
    assert_eq!(&env["live"], start);
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
    let (status, text, _) = run(&["env", &pids[0], "--diff", &pids[1]]);
    assert!(status == 0 && text.contains("as they are now: 1 differ, 1 only in one"), "{text}");
    end(one);
    end(other);
}

#[test]
fn a_title_over_the_environment_is_told() {
    let script = "$0 = 'x' * 4000; puts; $stdout.flush; STDIN.read";
    let child = ruby(script, &[]);
    let pid = child.id().to_string();
    let (status, env) = json(&["env", &pid]);
    assert_eq!(
        (status, &env["start_state"], env["start"].is_null(), &env["live"]["PATH"]),
        (0, &"overwritten".into(), true, &std::env::var("PATH").unwrap().into())
    );
    let (status, text, _) = run(&["env", &pid]);
    assert!(status == 0 && text.contains("title has been written over it"), "{text}");
    let (status, _, complaint) = run(&["env", &pid, "--diff", "start"]);
    assert!(status == 3 && complaint.contains("overwritten by the process title"), "{complaint}");
    end(child);
}

#[test]
fn what_has_changed_since_the_start_is_told() {
    let script = "ENV['RAILS_ENV'] = 'staging'; ENV['NEW'] = 'hunter2-and-a-half'; ENV.delete('TZ')
        puts; $stdout.flush; STDIN.read";
    let child = ruby(script, &[("RAILS_ENV", "production"), ("TZ", "UTC"), ("SECRET", SECRET)]);
    let pid = child.id().to_string();
    let (_, env) = json(&["env", &pid]);
    assert_eq!((&env["start"]["TZ"], env["live"]["TZ"].is_null()), (&"UTC".into(), true));
    assert_eq!(env["live"]["NEW"]["same_as"], env["start"]["SECRET"]["same_as"]);
    let (status, diff) = json(&["env", &pid, "--diff", "start"]);
    assert_eq!((status, &diff["pid_as"], &diff["other_as"]), (0, &"live".into(), &"start".into()));
    assert_eq!(diff["differ"]["RAILS_ENV"]["pid"], "staging");
    assert_eq!(diff["differ"]["RAILS_ENV"]["other"], "production");
    assert_eq!(diff["only_other"]["TZ"], "UTC");
    assert!(diff["only_pid"]["NEW"]["hidden"] == true);
    let (_, text, _) = run(&["env", &pid]);
    for line in ["started: production", "now: staging", "only started: UTC", "same as NEW"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let (status, text, _) = run(&["env", &pid, "--diff", "start"]);
    assert!(status == 0 && text.contains("now and as it was started"), "{text}");
    assert!(!text.contains(SECRET) && !env.to_string().contains(SECRET));
    end(child);
}
