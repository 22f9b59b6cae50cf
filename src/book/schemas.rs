//! `docs/schemas`: the JSON Schema of every document that farrier prints.

use super::Page;
use crate::show::json::DOCUMENTS;

/// A file a document: `farrier.check/1` is `schemas/check-1.json`.
pub fn pages() -> Vec<Page> {
    DOCUMENTS
        .iter()
        .map(|document| {
            let schema = (document.schema)();
            let text = serde_json::to_string_pretty(schema.as_value()).unwrap_or_default();
            Page { path: format!("schemas/{}.json", file(document.name)), text: text + "\n" }
        })
        .collect()
}

fn file(name: &str) -> String {
    name.trim_start_matches("farrier.").replace('/', "-")
}
