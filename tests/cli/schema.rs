//! A small judge of JSON Schema: the words that farrier's own schemas use, and no others.

use serde_json::Value;

/// Where a value breaks its schema; nothing: it fits.
pub fn breaks(value: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    judge(value, schema, schema, "$", &mut found);
    found
}

/// The words that `judge` reads, and those that say nothing about a value.
const READ: &[&str] =
    &["$ref", "anyOf", "oneOf", "type", "enum", "const", "required", "properties"];
const MORE_READ: &[&str] = &["additionalProperties", "items", "minimum"];
const SILENT: &[&str] = &["$schema", "$defs", "title", "description", "format", "default"];

fn judge(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    let Some(words) = schema.as_object() else {
        assert_eq!(schema, &Value::Bool(true), "{at}: a schema is an object or true");
        return;
    };
    for word in words.keys().map(String::as_str) {
        let known = [READ, MORE_READ, SILENT].iter().any(|words| words.contains(&word));
        assert!(known, "{at}: this judge does not know {word}");
    }
    if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
        let target =
            root.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere");
        judge(value, target, root, at, found);
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(choices) = words.get(several).and_then(Value::as_array) {
            let fits = |choice: &&Value| {
                let mut found = Vec::new();
                judge(value, choice, root, at, &mut found);
                found.is_empty()
            };
            if !choices.iter().any(|choice| fits(&choice)) {
                found.push(format!("{at} fits none of {several}"));
            }
        }
    }
    if let Some(kind) = words.get("type") {
        let kinds: Vec<&str> = match kind {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        if !kinds.iter().any(|kind| is(value, kind)) {
            found.push(format!("{at} is no {}", kinds.join(" or ")));
        }
    }
    if words.get("enum").and_then(Value::as_array).is_some_and(|all| !all.contains(value)) {
        found.push(format!("{at} is none of the words"));
    }
    if words.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at} is another word"));
    }
    if let (Some(least), Some(number)) =
        (words.get("minimum").and_then(Value::as_f64), value.as_f64())
        && number < least
    {
        found.push(format!("{at} is below {least}"));
    }
    if let (Some(items), Some(values)) = (words.get("items"), value.as_array()) {
        for (number, value) in values.iter().enumerate() {
            judge(value, items, root, &format!("{at}[{number}]"), found);
        }
    }
    if let Some(object) = value.as_object() {
        members(object, words, root, at, found);
    }
}

fn members(
    object: &serde_json::Map<String, Value>,
    words: &serde_json::Map<String, Value>,
    root: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    let required = words.get("required").and_then(Value::as_array);
    for key in required.into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(key) {
            found.push(format!("{at}.{key} lacks"));
        }
    }
    let properties = words.get("properties").and_then(Value::as_object);
    for (key, value) in object {
        let at = format!("{at}.{key}");
        match (properties.and_then(|all| all.get(key)), words.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema)) => judge(value, schema, root, &at, found),
            (None, None) if properties.is_some() => {
                found.push(format!("{at} is not in the schema"));
            }
            (None, None) => {}
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}

#[test]
fn the_judge_sees_what_breaks() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["pid"],
        "properties": {"pid": {"type": "integer"}, "name": {"type": ["string", "null"]}}
    });
    let found = |value| breaks(&value, &schema);
    assert!(found(serde_json::json!({"pid": 1, "name": null})).is_empty());
    assert_eq!(found(serde_json::json!({})), ["$.pid lacks"]);
    assert_eq!(found(serde_json::json!({"pid": "1"})), ["$.pid is no integer"]);
    assert_eq!(found(serde_json::json!({"pid": 1, "x": 1})), ["$.x is not in the schema"]);
}
