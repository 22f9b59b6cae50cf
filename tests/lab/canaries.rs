//! Secrets in a real Unicorn and in those round it: no command and no view shows one, and neither does what is recorded.

use super::inspector::{inspector, quits};
use super::site::{App, SECOND, Site, Start};
use super::world::Lab;

/// What each planted secret begins with; a number follows.
const MARK: &str = "CNRY";

/// Lines of a configuration with secrets in them.
const CONFIG: &str = "api = { :key => \"CNRY100z\" }\n\
    hook = 'https://hooks.example/services/T0CNRY/B0CNRY/CNRY101z'\n\
    salt = %q(CNRY102z)\n\
    ENV.update(\"TOK\" => \"CNRY103z\")\n\
    ENV[\"FOO\"] = 'CNRY104z'\n\
    url = \"postgres://u:CNRY105z@db/shop\" # CNRY106z\n\
    def connect(with) = with\n\
    timeout(connect(\"CNRY107z\") ? 30 : 31)\n\
    text = <<~TEXT\n  password: CNRY109z\nTEXT\n\
    after_fork do |server, _|\n  connect(\"CNRY108z\")\n\
    \x20 server.logger.error(\"bad login password=CNRY110z for \\\"CNRY111z\\\"\")\n\
    \x20 server.logger.error('{\"key\":\"CNRY112z\"} Cookie: s=CNRY113z')\n\
    \x20 server.logger.error('curl -u admin:CNRY114z https://CNRY115z:x@h.example/ failed')\nend\n";

/// The processes, planted: a shop between two generations, and another app whose pidfile names a stranger.
fn planted(lab: &Lab) -> (Site<'_>, u32, u32, u32) {
    let site = Site::new(lab, "shop");
    let mut config = super::config::Config::at(&site.root);
    config.more = CONFIG.to_owned();
    config.hook = super::config::Hook::None;
    site.release(super::site::FIRST, &App::default(), &config);
    site.switch(super::site::FIRST);
    let mut start = site.plain();
    let more =
        ["-e", "TOKEN=%q(CNRY200z)", "-e", "connect_to='mysql://CNRY201z@h/d'", "-I", "/CNRY202z"];
    start.program.extend(more.map(str::to_owned));
    start.env = [
        "DB_PASS=CNRY300z",
        "LC_SECRET=CNRY301z",
        "LC_API_TOKEN=CNRY302z",
        "RBENV_PASS=CNRY303z",
        "RUBYOPT=-W0",
        "GEM_HOME=redis://u:CNRY304z@h",
    ]
    .map(str::to_owned)
    .to_vec();
    let old = site.start_with(&start);
    site.release(SECOND, &App::default(), &config);
    site.switch(SECOND);
    let new = site.upgrade(old);
    let other = Site::deployed(lab, "other", |_| {});
    other.start_with(&Start { env: vec!["KEY=CNRY305z".into()], ..other.plain() });
    let line = "sh -c 'sleep 9999; :' launcher --password CNRY400z --api-key=CNRY401z DB_PASS=CNRY402z CNRY403z -pCNRY404z";
    let stranger = lab.background("root", line);
    lab.wait("the stranger runs", || {
        let words = lab.sh(&format!("tr '\\0' ' ' < /proc/{stranger}/cmdline"));
        words.contains("CNRY400z")
    });
    lab.write(other.path("shared/pids/unicorn.pid"), format!("{stranger}\n"));
    (site, old, new, stranger)
}

#[test]
fn no_command_and_no_recording_shows_a_secret() {
    let lab = Lab::new();
    let (site, old, new, stranger) = planted(&lab);
    // They are where farrier reads.
    let log = lab.read(site.path("shared/log/unicorn.stderr.log"));
    for planted in ["CNRY110z", "CNRY114z", "CNRY200z"] {
        assert!(log.contains(planted), "{planted}: {log}");
    }
    assert!(lab.title(old).contains("CNRY200z"), "{}", lab.title(old));
    let (old, new, stranger) = (old.to_string(), new.to_string(), stranger.to_string());
    let commands: &[&[&str]] = &[
        &["check"],
        &["check", "--format", "json"],
        &["check", "shop", "--format", "json"],
        &["tree"],
        &["tree", "--format", "json"],
        &["inspect", &old],
        &["inspect", &new, "--format", "json"],
        &["inspect", &stranger],
        &["env", &old],
        &["env", &new, "--format", "json"],
        &["env", &stranger],
        &["env", &old, "--diff", &new],
        &["env", &old, "--diff", "start"],
        &["plan", "upgrade", "shop"],
        &["plan", "retire", "shop"],
        &["plan", "retire", "shop", "--format", "json"],
        &["plan", "rollback", "shop"],
        &["plan", "upgrade", "other"],
        &["plan", "reload", "other"],
        &["signal", "TTIN", &stranger, "--dry-run"],
        &["snapshot"],
        &["snapshot", "-o", "/srv/before.toml"],
        &["record", "-o", "/srv/record.toml", "--for", "2"],
        &["check", "--from", "/srv/before.toml"],
        &["check", "--from", "/srv/before.toml", "--format", "json"],
        &["tree", "--from", "/srv/before.toml"],
        &["do", "retire", "shop", "--yes"],
        &["signal", "TTIN", "shop", "--yes"],
        &["snapshot", "-o", "/srv/after.toml"],
        &["diff", "/srv/before.toml", "/srv/after.toml"],
        &["diff", "/srv/before.toml", "/srv/after.toml", "--format", "json"],
        &["explain"],
        &["doctor"],
    ];
    let mut told = Vec::new();
    for words in commands {
        let run = lab.farrier(words);
        let text = format!("{}{}", run.stdout, run.stderr);
        told.extend(
            text.lines()
                .filter(|line| line.contains(MARK))
                .map(|line| format!("{words:?}: {line}")),
        );
    }
    for file in ["/srv/before.toml", "/srv/after.toml", "/srv/record.toml"] {
        let text = if lab.has(file) { lab.read(file) } else { String::new() };
        told.extend(
            text.lines().filter(|line| line.contains(MARK)).map(|line| format!("{file}: {line}")),
        );
    }
    assert!(["before", "after", "record"].iter().all(|name| lab.has(format!("/srv/{name}.toml"))));
    // A path of Ruby's is a path.
    told.retain(|line| line.replace("/CNRY202z", "").contains(MARK));
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn what_is_masked_is_judged_as_the_machine_is() {
    let lab = Lab::new();
    planted(&lab);
    lab.write("/srv/box.toml", lab.snapshot(&[]));
    let live = lab.check(&[]).json();
    let replayed = lab.farrier(&["check", "--from", "/srv/box.toml", "--format", "json"]).json();
    let of = |json: &serde_json::Value| -> Vec<(String, String)> {
        let all = json["findings"].as_array().expect("an array");
        all.iter().map(|one| (one["rule"].to_string(), one["summary"].to_string())).collect()
    };
    assert!(of(&live).iter().any(|(rule, _)| rule.contains("pidfile-foreign")), "{live}");
    assert_eq!(of(&live), of(&replayed));
    assert_eq!(live["unknowns"], replayed["unknowns"]);
}

#[test]
fn no_view_shows_a_secret() {
    let lab = Lab::new();
    planted(&lab);
    lab.write("/srv/box.toml", lab.snapshot(&[]));
    for options in [&[][..], &["--from", "/srv/box.toml"]] {
        let mut terminal = inspector(&lab, 200, 60, "xterm-256color", options);
        terminal.until("NEXT");
        for down in ["", "j"] {
            terminal.keys("1");
            terminal.keys(down);
            for view in ["2", "3", "4", "5", "6", "7", "8", "9", "0", "t"] {
                terminal.keys(view);
                terminal.quiet();
                let screen = terminal.screen().replace("/CNRY202z", "");
                assert!(!screen.contains(MARK), "{options:?} {view}: {screen}");
            }
        }
        terminal.keys("1");
        quits(terminal);
    }
}
