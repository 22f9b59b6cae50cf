//! farrier itself, run in a lab: what it said, and whether that is what the staging must lead to.

use std::fs;

use serde_json::Value;

use super::world::{Lab, said};

/// What one run of farrier gave.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// What `check` must say of a staged box.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    pub status: i32,
    /// Each of these is found.
    pub found: &'static [(&'static str, &'static str)],
    /// These may be found besides: what goes with the staged fault by its nature. Nothing else of warning or above may.
    pub besides: &'static [&'static str],
}

/// A box with nothing wrong: no finding of warning or above.
pub const FINE: Expect = Expect { status: 0, found: &[], besides: &[] };

/// One rule that warns, and nothing else.
pub const fn warned(found: &'static [(&'static str, &'static str)]) -> Expect {
    Expect { status: 1, found, besides: &[] }
}

/// One rule that is critical, and nothing else.
pub const fn broken(found: &'static [(&'static str, &'static str)]) -> Expect {
    Expect { status: 2, found, besides: &[] }
}

impl Expect {
    /// The same, where those rules may fire too.
    pub const fn besides(self, besides: &'static [&'static str]) -> Self {
        Self { besides, ..self }
    }
}

impl Lab {
    /// Runs farrier as root.
    pub fn farrier(&self, arguments: &[&str]) -> Run {
        self.farrier_as("root", arguments)
    }

    /// Runs farrier as `user`.
    pub fn farrier_as(&self, user: &str, arguments: &[&str]) -> Run {
        self.run(user, &[&["farrier"], arguments].concat())
    }

    /// Runs farrier as somebody who owns nothing and may read what everybody may.
    pub fn farrier_unprivileged(&self, arguments: &[&str]) -> Run {
        let nobody =
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "farrier"];
        self.run("root", &[&nobody, arguments].concat())
    }

    fn run(&self, user: &str, words: &[&str]) -> Run {
        let output = self.command(user, words).output().expect("nsenter starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// `farrier check --format json` of the whole box, or of the named targets.
    pub fn check(&self, targets: &[&str]) -> Run {
        let arguments: Vec<&str> =
            ["check", "--format", "json"].iter().chain(targets).copied().collect();
        self.farrier(&arguments)
    }

    /// Asks `check` about the box, or the named targets, and fails with what differs from the expectation.
    pub fn judge(&self, when: &str, targets: &[&str], expect: &Expect) {
        let run = self.check(targets);
        if let Some(difference) = run.differs(expect) {
            panic!("{when}: {difference}\n{}", self.report());
        }
    }

    /// Records this box as `tests/recordings/NAME.toml` when `FARRIER_BLESS` is set, and does nothing otherwise.
    pub fn record(&self, name: &str, targets: &[&str]) {
        if std::env::var_os("FARRIER_BLESS").is_none() {
            return;
        }
        let text: String = self.snapshot(targets).split_inclusive('\n').filter(is_kept).collect();
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");
        fs::create_dir_all(place).expect("the recordings' directory");
        fs::write(format!("{place}/{name}.toml"), text).expect("written");
    }

    /// What `farrier snapshot` writes of this box.
    pub fn snapshot(&self, targets: &[&str]) -> String {
        let arguments: Vec<&str> = ["snapshot"].iter().chain(targets).copied().collect();
        let run = self.farrier(&arguments);
        assert_eq!(run.status, 0, "{run:?}");
        run.stdout
    }

    /// The box in words for a failing test: what farrier says to a person, and the processes.
    fn report(&self) -> String {
        let text = self.command("root", ["farrier", "check"]).output();
        format!("{}\n{}", text.map_or_else(|e| e.to_string(), |o| said(&o)), self.picture())
    }
}

/// The mounts of the machine that the lab is on are none of the lab's.
fn is_kept(line: &&str) -> bool {
    let fields: Vec<&str> = line.split(' ').collect();
    let is_mount = fields.len() > 8 && fields.contains(&"-") && fields[2].contains(':');
    !is_mount || ["/", "/proc", "/var", "/run", "/srv", "/opt", "/etc"].contains(&fields[4])
}

impl Run {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is not: the contract allows nothing else there.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }

    /// The findings as rule and severity, sorted, each once.
    fn findings(&self) -> Vec<(String, String)> {
        let json = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut findings: Vec<_> = json["findings"]
            .as_array()
            .expect("findings is an array")
            .iter()
            .map(|finding| (text(&finding["rule"]), text(&finding["severity"])))
            .collect();
        findings.sort();
        findings.dedup();
        findings
    }

    /// Holds this run against an expectation; gives what differs, in words.
    fn differs(&self, expect: &Expect) -> Option<String> {
        let findings = self.findings();
        let has = |(rule, severity): &&(&str, &str)| {
            findings.iter().any(|(r, s)| r == rule && s == severity)
        };
        let missed: Vec<_> = expect.found.iter().filter(|wanted| !has(wanted)).collect();
        let unexpected: Vec<_> = findings
            .iter()
            .filter(|(_, severity)| severity != "info")
            .filter(|(rule, severity)| {
                !expect.found.contains(&(rule.as_str(), severity.as_str()))
                    && !expect.besides.contains(&rule.as_str())
            })
            .collect();
        if missed.is_empty() && unexpected.is_empty() && self.status == expect.status {
            return None;
        }
        Some(format!(
            "status {} (expected {}); not found: {missed:?}; found unexpectedly: {unexpected:?}\nunknowns: {:#}",
            self.status,
            expect.status,
            self.json()["unknowns"]
        ))
    }
}
