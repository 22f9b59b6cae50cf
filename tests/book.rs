//! What is committed under `docs` is what the program's tables say: `farrier generate all` makes it.

use std::path::Path;

/// Where the pages lie.
fn docs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
}

#[test]
fn the_pages_are_what_the_tables_say() {
    for page in farrier::cli::pages() {
        let committed = std::fs::read_to_string(docs().join(&page.path)).unwrap_or_default();
        assert!(committed == page.text, "docs/{}: run `farrier generate all`", page.path);
    }
}

#[test]
fn no_page_of_a_rule_or_schema_is_left_over() {
    let made: Vec<String> = farrier::cli::pages().into_iter().map(|page| page.path).collect();
    for directory in ["rules", "schemas"] {
        for entry in std::fs::read_dir(docs().join(directory)).unwrap().flatten() {
            let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
            assert!(made.contains(&path), "docs/{path} is made by nothing");
        }
    }
}

#[test]
fn every_rule_has_a_page_with_the_parts_that_a_person_needs() {
    for rule in farrier::rules::RULES {
        assert!(rule.meaning.split_whitespace().count() >= 30, "{}: a page says more", rule.name);
        assert!(rule.summary.split_whitespace().count() >= 5, "{}: one sentence", rule.name);
    }
}

/// The pages that people write, and those that are made: each as its path and its text.
fn all_pages() -> Vec<(std::path::PathBuf, String)> {
    let home = docs().parent().unwrap();
    let mut pages = vec![home.join("README.md"), home.join("CHANGELOG.md")];
    for directory in [docs().to_path_buf(), docs().join("rules")] {
        pages.extend(std::fs::read_dir(directory).unwrap().flatten().map(|entry| entry.path()));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.into_iter().map(|page| (page.clone(), std::fs::read_to_string(page).unwrap())).collect()
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let link = regex::Regex::new(r"\]\(([^)#]+)(?:#[^)]*)?\)").unwrap();
    let mut checked = 0;
    for (page, text) in all_pages() {
        for found in link.captures_iter(&text).filter(|found| !found[1].contains("://")) {
            let to = page.parent().unwrap().join(&found[1]);
            assert!(to.exists(), "{}: {} leads nowhere", page.display(), &found[1]);
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} links were found");
}

#[test]
fn the_index_lists_every_page() {
    let index = std::fs::read_to_string(docs().join("index.md")).unwrap();
    for entry in std::fs::read_dir(docs()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(name == "index.md" || index.contains(&format!("]({name}")), "{name} is not listed");
    }
}

#[test]
fn every_command_that_a_page_shows_is_one() {
    let known = farrier::cli::command();
    for (page, text) in all_pages() {
        let shown = text.lines().filter_map(|line| {
            line.strip_prefix("$ farrier ").or_else(|| line.strip_prefix("    farrier "))
        });
        for word in shown.filter_map(|rest| rest.split_whitespace().next()) {
            let is_one = word.starts_with(['-', '#']) || known.find_subcommand(word).is_some();
            assert!(is_one, "{}: farrier {word}", page.display());
        }
    }
}
