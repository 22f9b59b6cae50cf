//! Every recorded box replayed: all verdicts. A file in `tests/recordings` is a test case; the lab makes them
//! (`FARRIER_BLESS=1 cargo test --test tests lab::staged`).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use farrier::contract::{Answered, Verdict, Verdicts};
use farrier::model::Census;
use farrier::os::record::Record;
use farrier::os::replay::Replay;
use farrier::os::{Source, shown};
use farrier::rules::judge;
use farrier::settings::Settings;
use farrier::survey::{Surveyor, Wish};

/// Larger than this, a recording holds what nobody reads.
const LARGEST: u64 = 128 * 1024;

/// The recordings' directory.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

/// The files below a directory that end so, without the end, sorted.
fn names(directory: &Path, end: &str) -> BTreeSet<String> {
    std::fs::read_dir(directory)
        .unwrap()
        .filter_map(|entry| {
            Some(entry.unwrap().file_name().to_str()?.strip_suffix(end)?.to_owned())
        })
        .collect()
}

/// Every recording by its name.
pub fn all() -> BTreeSet<String> {
    names(&directory(), ".toml")
}

/// One recording.
pub fn read(name: &str) -> Replay {
    let text = std::fs::read_to_string(directory().join(format!("{name}.toml"))).unwrap();
    Replay::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// What it was taken for.
pub fn wish(replay: &Replay) -> Wish {
    let mut settings = Settings::default();
    settings.read(&replay.asked().settings).unwrap();
    let roots = replay.asked().targets.iter().map(PathBuf::from).collect();
    Wish { roots, limits: settings.limits, audit: settings.audit_file, ..Wish::default() }
}

/// Looks at a recording's answers as `check` looks at a machine.
pub fn look(source: &dyn Source, wish: &Wish) -> (Census, Verdicts) {
    let mut surveyor = Surveyor::default();
    let first = surveyor.look(source, wish);
    let verdicts = judge(&first, None);
    if !verdicts.want_second_look() {
        return (first, verdicts);
    }
    source.next_look();
    let census = surveyor.look(source, wish);
    let verdicts = judge(&census, Some(&first));
    (census, verdicts)
}

fn written(census: &Census, verdicts: &Verdicts) -> String {
    let mut out = String::new();
    for app in &census.apps {
        let masters: Vec<String> = app
            .masters
            .iter()
            .map(|m| {
                format!("{} {:?} {:?} with {}", m.process.pid, m.role, m.phase, m.workers.len())
            })
            .collect();
        let _ = writeln!(out, "{} ({}): {}", app.name, app.id, masters.join(", "));
        for answered in verdicts.0.iter().filter(|answered| answered.app == app.id) {
            write_answer(&mut out, answered);
        }
    }
    if out.is_empty() { "no app\n".into() } else { out }
}

fn write_answer(out: &mut String, answered: &Answered) {
    let (word, blind) = match &answered.verdict {
        Verdict::NotHere | Verdict::Fine => return,
        Verdict::Blind(blind) => ("blind", Some(blind)),
        Verdict::Found(_, blind) => ("found", Some(blind)),
    };
    let _ = writeln!(out, "  {:18} {word}", answered.rule);
    if let Verdict::Found(findings, _) = &answered.verdict {
        for finding in findings {
            let pid = finding.pid.map(|pid| pid.to_string()).unwrap_or_default();
            let path = finding.path.as_deref().map(shown).unwrap_or_default();
            let _ = writeln!(out, "    {}: {}", finding.severity.name(), finding.summary);
            let _ = writeln!(out, "      about {}", [pid, path].join(" ").trim());
        }
    }
    for lacking in blind.into_iter().flatten() {
        let _ = writeln!(out, "    lacks {} at {}: {}", lacking.what, lacking.place, lacking.why);
    }
}

#[test]
fn every_recorded_box_gets_its_verdicts() {
    let mut differ = Vec::new();
    for name in all() {
        let replay = read(&name);
        let (census, verdicts) = look(&replay, &wish(&replay));
        let text = written(&census, &verdicts);
        let held = catch_unwind(AssertUnwindSafe(|| {
            insta::with_settings!({
                snapshot_path => "snapshots/recordings",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, { insta::assert_snapshot!(name.clone(), text) });
        }));
        if held.is_err() {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}

/// What the masker leaves of a box is judged as the box.
#[test]
fn masking_changes_no_verdict() {
    let mut differ = Vec::new();
    for name in all() {
        let replay = read(&name);
        let (asked, wish) = (replay.asked().clone(), wish(&replay));
        let record = Record::new(replay).taken_for(asked);
        let (census, verdicts) = look(&record, &wish);
        let again = Replay::read(&record.write().unwrap()).unwrap();
        let (other, others) = look(&again, &wish);
        let (before, after) = (written(&census, &verdicts), written(&other, &others));
        for (before, after) in before.lines().zip(after.lines()).filter(|(a, b)| a != b) {
            differ.push(format!("{name}: {before}\n    {after}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn every_snapshot_has_its_recording() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/recordings");
    assert_eq!(names(&directory, ".snap"), all());
}

#[test]
fn recordings_are_small_and_tell_nothing_of_where_they_were_made() {
    for name in all() {
        let path = directory().join(format!("{name}.toml"));
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(length <= LARGEST, "{name}: {length} bytes");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("host = \"web-1\"\n"), "{name}: staged in a lab");
        for word in [env!("CARGO_MANIFEST_DIR"), "/target/", "docker", "containerd", "kubepods"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        for line in text.lines().filter(|line| line.starts_with("0::") || line.contains(":pids:")) {
            // The lab's own group is part of what is staged.
            let staged = name == "app-frozen" && line.starts_with("0::/farrier-frozen-");
            assert!(line.ends_with(":/") || staged, "{name}: {line}");
        }
    }
}
