//! Files that are larger than farrier reads: nothing is concluded from their first part.

use serde_json::Value;

use super::site::Site;
use super::world::Lab;

/// A comment of so many bytes.
fn padding(bytes: usize) -> String {
    format!("# {}\n", "x".repeat(100)).repeat(bytes / 103 + 1)
}

/// The rules of `check`'s findings, and those that it could not decide, with the reason.
fn told(json: &Value) -> (Vec<String>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = |key: &str| json[key].as_array().expect("an array").clone();
    (
        all("findings").iter().map(|one| text(&one["rule"])).collect(),
        format!("{:?}", all("unknowns")),
    )
}

#[test]
fn a_configuration_over_the_bound_is_unknown() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| {
        let pid = config.pid.take().expect("a pidfile");
        config.more = format!("{}pid \"{pid}\"\n", padding(2 << 20));
    });
    site.start();
    let run = lab.check(&["shop"]);
    let (found, unknowns) = told(&run.json());
    assert_eq!(run.status, 3, "{run:?}");
    assert_eq!(found, [""; 0], "{run:?}");
    assert!(unknowns.contains("larger than 1 MiB: not read to its end"), "{unknowns}");
    assert!(unknowns.contains("workers-missing"), "{unknowns}");
    // A snapshot keeps that it was not read, not a part of it.
    lab.write("/srv/snapshot.toml", lab.snapshot(&["shop"]));
    let replayed = lab.farrier(&["check", "--from", "/srv/snapshot.toml", "--format", "json"]);
    assert_eq!(replayed.status, 3, "{replayed:?}");
    assert_eq!(told(&replayed.json()).0, [""; 0]);
    // Nothing is sent on it unasked either.
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.stdout.contains("not read to its end"), "{plan:?}");
}

#[test]
fn just_within_the_bound_it_is_read() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| {
        let pid = config.pid.take().expect("a pidfile");
        let rest = config.text().len() + format!("pid \"{pid}\"\n").len() + 1;
        let fill = (1 << 20) - rest;
        config.more = format!("#{}\npid \"{pid}\"\n", "x".repeat(fill - 1));
    });
    site.start();
    let bytes = lab.sh(&format!("stat -c %s {}", site.path("current/config/unicorn.rb")));
    let bytes: usize = bytes.trim().parse().expect("a number");
    assert!(((1 << 20) - 8..=1 << 20).contains(&bytes), "{bytes}");
    let run = lab.check(&["shop"]);
    assert_eq!((run.status, told(&run.json()).0), (0, vec![]), "{run:?}");
}

#[test]
fn settings_over_the_bound_start_nothing() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |_| {});
    let master = site.start();
    lab.write("/etc/farrier.toml", format!("{}read_only = true\n", padding(64 << 10)));
    let before = site.workers(master).len();
    for words in
        [&["check"][..], &["signal", "TTIN", "shop", "--yes"], &["do", "reload", "shop", "--yes"]]
    {
        let run = lab.farrier(words);
        assert!(run.stderr.contains("larger than 64 KiB: not read to its end"), "{run:?}");
        assert_ne!(run.status, 0, "{run:?}");
    }
    assert_eq!(site.workers(master).len(), before);
    lab.sh("rm /etc/farrier.toml");
}

#[test]
fn a_pidfile_that_is_no_number_to_its_end_is_garbled() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |_| {});
    let master = site.start();
    let blank = " ".repeat(80);
    lab.write(site.path("shared/pids/unicorn.pid"), format!("{master}{blank}x\n"));
    let run = lab.check(&["shop"]);
    assert!(told(&run.json()).0.contains(&"pidfile-garbled".to_owned()), "{run:?}");
}

#[test]
fn a_drop_in_over_the_bound_leaves_the_supervisor_unknown() {
    let lab = Lab::with_systemd();
    let site = Site::deployed(&lab, "shop", |_| {});
    let unit = format!(
        "[Service]\nType=simple\nUser={}\nWorkingDirectory={}\nExecStart=/usr/bin/unicorn -c {}\n",
        site.user,
        site.path("current"),
        site.path("current/config/unicorn.rb")
    );
    lab.write("/etc/systemd/system/shop.service", unit);
    let more = format!("{}[Service]\nRestart=always\n", padding(64 << 10));
    lab.write("/etc/systemd/system/shop.service.d/more.conf", more);
    lab.sh("systemctl daemon-reload; systemctl start shop");
    let master = lab.sh("systemctl show -p MainPID --value shop");
    site.wait_ready(master.trim().parse().expect("a pid"));
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.stdout.contains("larger than 64 KiB"), "{plan:?}");
}
