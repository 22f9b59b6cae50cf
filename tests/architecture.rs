//! The house's laws, held by reading `src/` and the tables (`docs/architecture.md`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use farrier::contract::Verdict;
use farrier::rules::RULES;

use crate::recordings;

/// Where a file becomes too long to be one thing.
const WALL: usize = 400;

/// Every rule that there is or is to be: names that people may write into their settings.
const CATALOGUE: &str = "
    release-stale release-deleted release-pinned release-prune-risk release-mixed revision-behind current-broken
    assets-after-switch
    gemfile-pinned gemfile-mismatch gemfile-missing gems-outdated ruby-mismatch ruby-env-polluted env-outdated
    env-overgrown exe-replaced libs-replaced reexec-missing reexec-versioned reexec-relative config-missing
    venv-missing wrapper-without-exec
    oldbin-lingering oldbin-stale oldbin-foreign masters-chain pidfile-missing pidfile-stale pidfile-foreign
    pidfile-garbled pidfile-in-release pidfile-unwritable pidfile-world-writable
    master-duplicate master-hollow app-frozen master-stopped master-dead handover-orphaned handover-stuck workers-respawning
    workers-missing worker-orphaned worker-stuck drain-stuck reexec-failed reexec-refused rollback-unfinished
    workers-killed workers-saturated memory-headroom fd-limit limits-inherited connection-shared log-deleted
    log-in-old-release session-bound app-process-stale disk-full pid-namespace-unreaped
    socket-missing socket-replaced socket-unreachable socket-private-tmp listener-in-release listener-lost
    upstream-unserved upstream-mismatch backlog-clipped queue-filling
    supervisor-mismatch runit-wrapper-deaf runit-wrapper-waiting runit-down systemd-type supervisor-none
    config-working-directory config-gemfile-hook config-quit-too-early config-hook-removed-api config-old-master
    config-hook-wrong-path config-after-fork config-pid-none config-pid-relative config-reload-preload config-unloaded
    nginx-upgrade-ignored puma-phased-unavailable puma-state-stale
";

/// The headings of a rule's page, in their order.
const HEADINGS: [&str; 5] = [
    "## What it means",
    "## Why it matters",
    "## How farrier decides",
    "## When it stays silent",
    "## How to fix it",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The layers, lowest first: the `pub mod` lines of `lib.rs`.
fn layers() -> Vec<String> {
    text(&source().join("lib.rs"))
        .lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned()))
        .collect()
}

/// Words that follow `crate::` in code, the members of a group (`use crate::{a, b::c}`) one by one.
fn uses(code: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match part.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let mut member = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            all.insert(word(member.trim()));
                            member.clear();
                        }
                        _ => member.push(c),
                    }
                }
                all.insert(word(member.trim()));
            }
            None => {
                all.insert(word(part));
            }
        }
    }
    all
}

#[test]
fn imports_go_one_way() {
    let layers = layers();
    assert!(layers.len() >= 8, "{layers:?}");
    let rank = |name: &str| layers.iter().position(|layer| layer == name);
    let mut seen = 0;
    for file in files(&source()) {
        let below = file.strip_prefix(source()).unwrap();
        let layer = below.components().next().unwrap().as_os_str().to_str().unwrap();
        let Some(own) = rank(layer.trim_end_matches(".rs")) else { continue };
        for used in uses(&text(&file)) {
            let Some(other) = rank(&used) else { continue };
            seen += 1;
            assert!(other <= own, "{} uses {used}, a higher layer", below.display());
        }
    }
    assert!(seen > 100, "the reading of imports found only {seen}");
}

#[test]
fn the_reading_of_imports_sees_groups() {
    let found =
        uses("use crate::{os, model::{self, App}, rules};\nlet x = crate::facts::Fact::<u8>");
    let expected = ["facts", "model", "os", "rules"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
}

#[test]
fn every_layer_has_its_directory_and_the_reverse() {
    let mut there: Vec<String> = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut layers = layers();
    layers.retain(|layer| source().join(layer).is_dir());
    there.retain(|name| !files(&source().join(name)).is_empty());
    there.sort();
    layers.sort();
    assert_eq!(layers, there);
}

#[test]
fn no_file_is_longer_than_the_wall() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in files(&source()) {
        let lines = text(&file).lines().count();
        assert!(lines <= WALL, "{}: {lines} lines", file.strip_prefix(root).unwrap().display());
    }
}

/// A command with a word from outside is written by `rules::quote`, which makes one word of it for a shell.
#[test]
fn commands_of_farrier_are_quoted() {
    let commands = "check|diff|do|env|explain|inspect|plan|rollback|signal|tree|upgrade|watch";
    let made = regex::Regex::new(&format!(r#"farrier (?:{commands})\b[^"]*\{{"#)).unwrap();
    let allowed = ["rules/quote.rs", "book", "show/text/explain.rs", "cli/explain.rs"];
    let mut quoted = 0;
    for file in files(&source()) {
        let below = file.strip_prefix(source()).unwrap();
        let code = text(&file);
        quoted += usize::from(code.contains("farrier(\""));
        if allowed.iter().any(|part| below.starts_with(part)) {
            continue;
        }
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            assert!(!made.is_match(line), "{}: {line}", below.display());
        }
    }
    assert!(quoted > 10, "only {quoted} files write commands");
}

#[test]
fn every_module_opens_with_what_it_is() {
    for file in files(&source()).iter().filter(|file| !file.ends_with("main.rs")) {
        assert!(text(file).starts_with("//! "), "{}", file.display());
    }
}

#[test]
fn every_rule_file_is_in_the_table_and_the_reverse() {
    let mut cards = BTreeSet::new();
    for file in files(&source().join("rules")) {
        let code = text(&file);
        if !code.contains("pub const RULE: Rule") {
            continue;
        }
        let name = file.file_stem().unwrap().to_str().unwrap().replace('_', "-");
        assert!(code.contains(&format!("name: \"{name}\",")), "{}", file.display());
        assert!(code.starts_with(&format!("//! `{name}`: ")), "{}", file.display());
        cards.insert(name);
    }
    let table: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(cards, table);
    assert_eq!(table.len(), RULES.len(), "a rule stands twice in the table");
}

#[test]
fn every_rule_has_a_recording_that_finds_and_one_that_is_fine() {
    let (mut finds, mut fine) = (BTreeSet::new(), BTreeSet::new());
    for name in recordings::all() {
        let replay = recordings::read(&name);
        for answered in recordings::look(&replay, &recordings::wish(&replay)).1.0 {
            match answered.verdict {
                Verdict::Found(..) => finds.insert(answered.rule),
                Verdict::Fine => fine.insert(answered.rule),
                _ => false,
            };
        }
    }
    let table: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(finds, table);
    assert_eq!(fine, table);
}

#[test]
fn rules_stand_in_the_order_of_the_catalogue_and_cause_only_what_it_knows() {
    let catalogue: Vec<&str> = CATALOGUE.split_whitespace().collect();
    let place = |name: &str| catalogue.iter().position(|known| *known == name);
    let places: Vec<_> = RULES.iter().map(|rule| place(rule.name)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
    for rule in RULES {
        for effect in rule.causes {
            assert!(place(effect).is_some(), "{} causes {effect}", rule.name);
            assert_ne!(*effect, rule.name);
        }
    }
}

#[test]
fn every_page_has_all_its_headings_in_order() {
    for rule in RULES {
        let found: Vec<&str> =
            rule.meaning.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, HEADINGS, "{}", rule.name);
        assert!(rule.summary.ends_with('.') && rule.summary.len() <= 110, "{}", rule.name);
        for line in rule.meaning.lines() {
            assert!(line.chars().count() <= 120, "{}: {line}", rule.name);
        }
    }
}

/// Modules of `os` that touch paths in farrier's own process: of `/proc`, `/sys` and what is known to lie there. All else is
/// a child's: the reader's (`files`, `groups`, `process`, `serve`), or the porter's.
const TOUCH: &[&str] = &[
    "live/files.rs",
    "live/groups.rs",
    "live/host.rs",
    "live/locks.rs",
    "live/mod.rs",
    "live/process.rs",
    "live/serve.rs",
    "audit.rs",
    "lock.rs",
    "own.rs",
    "porter/serve.rs",
    "probe.rs",
    "signal.rs",
    "sockets/tables.rs",
];

/// Words that belong to one server, one language or one supervisor: above their cards they are on their way out.
const CARDS_OWN: &str = r"(?i)\b(?:SIG)?(?:USR1|USR2|WINCH|TTIN|TTOU|HUP|QUIT)\b|oldbin|START_CTX|GEMFILE|UNICORN_FD|\bunicorn|\bpuma|\bnginx|gunicorn|bundler|preload_app|worker_processes|before_exec|systemctl|runsv";

/// How often they stand in each file above the cards. The list may only shrink: bless it with `FARRIER_BLESS=1`.
const STILL: &str = "tests/above_the_cards.txt";

#[test]
fn what_is_a_cards_own_stands_ever_less_above_it() {
    let word = regex::Regex::new(CARDS_OWN).unwrap();
    let comment = regex::Regex::new(r"(?m)^\s*//.*$").unwrap();
    // Rules' names are fixed, and name what they are about.
    let name = regex::Regex::new(r#""[a-z]+(?:-[a-z]+)+""#).unwrap();
    let mut now = Vec::new();
    for layer in ["model", "survey", "rules", "plans", "show", "tui", "book", "cli"] {
        for file in files(&source().join(layer)) {
            let code = text(&file);
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code = name.replace_all(&comment.replace_all(code, ""), "").into_owned();
            let count = word.find_iter(&code).count();
            let below = file.strip_prefix(source()).unwrap().display().to_string();
            if count > 0 {
                now.push((below, count));
            }
        }
    }
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(STILL);
    let lines: Vec<String> = now.iter().map(|(file, count)| format!("{count:4} {file}")).collect();
    let written = lines.join("\n") + "\n";
    if std::env::var_os("FARRIER_BLESS").is_some() {
        std::fs::write(&list, &written).unwrap();
    }
    let was = text(&list);
    let allowed = |file: &str| {
        was.lines().find_map(|line| {
            let (count, of) = line.trim().split_once(' ')?;
            (of == file).then(|| count.parse::<usize>().unwrap())
        })
    };
    let more: Vec<_> =
        now.iter().filter(|(file, count)| *count > allowed(file).unwrap_or(0)).collect();
    assert!(more.is_empty(), "words of a card, more than {STILL} allows: {more:?}");
    assert_eq!(written, was, "fewer than {STILL} says: bless it");
}

/// What lets a test stage what the program cannot, or hold a whole table to the machine.
const FOR_TESTS: &[&str] = &["forget_refusals", "helped_by", "reception"];

/// A function that is public and that nothing but a test calls is dead.
#[test]
fn every_public_function_has_a_caller() {
    let declared = regex::Regex::new(r"pub(?:\([a-z]+\))? fn ([a-z_0-9]+)").unwrap();
    let word = regex::Regex::new(r"[A-Za-z_][A-Za-z_0-9]*").unwrap();
    let mut uses: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let (mut all, mut code) = (Vec::new(), String::new());
    for file in files(&source()) {
        let own = text(&file);
        let own = own.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in own.lines().filter(|line| !line.trim_start().starts_with("//")) {
            code.push_str(line);
            code.push('\n');
        }
        all.extend(declared.captures_iter(own).map(|found| (file.clone(), found[1].to_owned())));
    }
    for found in word.find_iter(&code) {
        *uses.entry(found.as_str().to_owned()).or_default() += 1;
    }
    let times = |name: &str| all.iter().filter(|(_, other)| other == name).count();
    let is_dead = |name: &str| uses[name] <= times(name) && !FOR_TESTS.contains(&name);
    let dead: Vec<_> = all.iter().filter(|(_, name)| is_dead(name)).collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

/// It opens files by itself: so only where the machine's own facts are read.
#[test]
fn sysinfo_is_asked_in_one_place() {
    let asks = |file: &&PathBuf| text(file).contains("sysinfo::");
    let files = files(&source());
    let asking: Vec<&PathBuf> = files.iter().filter(asks).collect();
    assert_eq!(asking, [&source().join("os/live/host.rs")]);
}

#[test]
fn paths_are_touched_by_few() {
    let os = source().join("os");
    let touches =
        ["std::fs::", "fs::open(", "fs::openat(", "fs::statat(", "fs::stat(", "File::open"];
    for file in files(&os) {
        let name = file.strip_prefix(&os).unwrap().to_str().unwrap().to_owned();
        let code = text(&file);
        let code = code.split("#[cfg(test)]").next().unwrap();
        let touching = touches.iter().any(|call| code.contains(call));
        assert!(!touching || TOUCH.contains(&name.as_str()), "{name} touches paths by itself");
        // What it writes is documentation, for whoever develops it.
        let named = code
            .replace("std::fs::create_dir_all(directory)", "")
            .replace("std::fs::write(path, text)", "");
        assert!(name != "own.rs" || !touches.iter().any(|call| named.contains(call)), "{name}");
    }
}
