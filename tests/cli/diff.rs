//! `diff`: what differs between two snapshots, and nothing that does not; no value that is hidden.

use super::{json, run};

fn recording(name: &str) -> String {
    format!("{}/tests/recordings/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// A recording with something in it written otherwise.
fn rewritten(name: &str, what: &str, with: &str) -> tempfile::NamedTempFile {
    let text = std::fs::read_to_string(recording(name)).unwrap();
    assert!(text.contains(what), "{name} holds no {what}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text.replace(what, with)).unwrap();
    file
}

fn compared(before: &str, after: &str) -> serde_json::Value {
    let (status, diff) = json(&["diff", before, after]);
    assert_eq!((status, &diff["schema"]), (0, &"farrier.diff/1".into()));
    diff
}

/// The member of a list with this value under a key.
fn with<'v>(
    list: &'v serde_json::Value,
    key: &str,
    value: impl Into<serde_json::Value>,
) -> &'v serde_json::Value {
    let value = value.into();
    let found = list.as_array().unwrap().iter().find(|one| one[key] == value);
    found.unwrap_or_else(|| panic!("no {key} {value} in {list:#}"))
}

#[test]
fn a_snapshot_differs_in_nothing_from_itself() {
    for name in crate::recordings::all() {
        // Between the looks of some something happens: that is told of the last one.
        if crate::recordings::read(&name).looks() > 1 {
            continue;
        }
        let diff = compared(&recording(&name), &recording(&name));
        for app in diff["apps"].as_array().unwrap() {
            assert_eq!(
                (&app["state"], app["changes"].to_string()),
                (&"same".into(), "[]".into()),
                "{name}"
            );
            for master in app["masters"].as_array().unwrap() {
                for list in ["changes", "environment", "libraries", "new_workers", "gone_workers"] {
                    assert_eq!(master[list].to_string(), "[]", "{name}: {list}");
                }
            }
            for finding in app["findings"].as_array().unwrap() {
                assert_eq!(finding["state"], "same", "{name}");
            }
        }
    }
}

#[test]
fn a_handover_is_told_process_by_process() {
    let diff = compared(&recording("release-stale"), &recording("oldbin-lingering"));
    let app = with(&diff["apps"], "name", "shop");
    let current = with(&app["masters"], "role", "current");
    assert_eq!((&current["state"], &current["compared_with"]), (&"new".into(), &50.into()));
    let release = with(&current["changes"], "what", "release");
    assert_eq!(
        (&release["before"], &release["after"]),
        (&"20261101120000".into(), &"20261108120000".into())
    );
    let gemfile = with(&current["environment"], "what", "BUNDLE_GEMFILE");
    assert_eq!(gemfile["after"], "/var/www/shop/current/Gemfile");
    assert_eq!(with(&app["masters"], "state", "gone")["gone_workers"].as_array().unwrap().len(), 2);
    assert_eq!(with(&app["findings"], "rule", "oldbin-lingering")["state"], "new");
    assert_eq!(with(&app["findings"], "rule", "release-stale")["state"], "gone");
    let (status, text, _) =
        run(&["diff", &recording("release-stale"), &recording("oldbin-lingering")]);
    assert!(
        status == 0
            && text.contains("release    20261101120000, now 20261108120000")
            && text.contains("warning oldbin-lingering is new"),
        "{text}"
    );
}

#[test]
fn an_app_that_came_and_one_that_went() {
    let [empty, two] = ["odd-empty", "odd-two-apps"].map(recording);
    let came = compared(&empty, &two);
    assert_eq!(with(&came["apps"], "name", "blog")["state"], "new");
    let went = compared(&two, &empty);
    assert_eq!(with(&went["apps"], "name", "shop")["state"], "gone");
    assert_eq!(with(&went["apps"], "name", "shop")["masters"][0]["state"], "gone");
}

#[test]
fn hidden_values_are_compared_by_their_length_alone() {
    let text = std::fs::read_to_string(recording("healthy")).unwrap();
    let block = text.lines().find(|line| line.starts_with("\"50/environ\"")).unwrap();
    let name = "BUNDLER_ORIG_GEM_HOME=";
    let start = block.find(name).expect("a hidden variable") + name.len();
    let value: String = block[start..].chars().take_while(|c| *c != '\\').collect();
    let (longer, other) = (format!("{name}{value}**"), format!("{name}zz{}", &value[2..]));
    let changed = |with: &str| rewritten("healthy", &format!("{name}{value}"), with);
    let differs = |file: &tempfile::NamedTempFile| {
        let diff = compared(&recording("healthy"), file.path().to_str().unwrap());
        diff["apps"][0]["masters"][0]["environment"].clone()
    };
    let found = differs(&changed(&longer));
    let variable = with(&found, "what", "BUNDLER_ORIG_GEM_HOME");
    assert_eq!(
        (
            &variable["before"]["hidden"],
            &variable["before"]["length"],
            &variable["after"]["length"]
        ),
        (&true.into(), &value.len().into(), &(value.len() + 2).into())
    );
    assert_eq!(differs(&changed(&other)).to_string(), "[]");
}

#[test]
fn after_a_boot_no_process_is_the_same() {
    let text = std::fs::read_to_string(recording("healthy")).unwrap();
    let (_, rest) = text.split_once("boot_id\":\"").expect("the host says its boot");
    let id: String = rest.chars().take(36).collect();
    let booted = rewritten("healthy", &id, &id.chars().rev().collect::<String>());
    let diff = compared(&recording("healthy"), booted.path().to_str().unwrap());
    assert_eq!(diff["other_boot"], true);
    let masters = &diff["apps"][0]["masters"];
    assert_eq!((&masters[0]["state"], &masters[1]["state"]), (&"new".into(), &"gone".into()));
    assert_eq!(masters[0]["libraries"].to_string(), "[]", "inodes of two boots tell nothing");
}

#[test]
fn what_one_side_does_not_show_is_said_and_not_taken_for_a_change() {
    let text = std::fs::read_to_string(recording("healthy")).unwrap();
    let line = text.lines().find(|line| line.starts_with("\"50/cwd\"")).unwrap().to_owned();
    let without = rewritten("healthy", &line, "");
    let diff = compared(&recording("healthy"), without.path().to_str().unwrap());
    let unknown = with(&diff["unknowns"], "what", "directory of 50");
    assert_eq!(unknown["look"], "after");
    let changes =
        diff["apps"].as_array().unwrap().iter().flat_map(|app| app["masters"].as_array().unwrap());
    assert!(
        changes.flat_map(|m| m["changes"].as_array().unwrap()).all(|c| c["what"] != "directory")
    );
}

#[test]
fn files_that_are_no_recordings_are_3() {
    let healthy = recording("healthy");
    for (before, after) in [(&*healthy, "/dev/null"), ("/nonexistent", &*healthy)] {
        let (status, out, complaint) = run(&["diff", before, after]);
        assert_eq!((status, out.as_str()), (3, ""));
        assert!(complaint.contains("was not read"), "{complaint}");
    }
    assert_eq!(run(&["diff", &healthy]).0, 64);
    assert_eq!(run(&["diff", &healthy, &healthy, "--from", &healthy]).0, 64);
}
