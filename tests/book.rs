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
