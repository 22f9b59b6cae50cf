//! What methods do to values.

use super::expression::LONGEST_LIST;
use super::values::Value;

/// A method of a value; `None`: it is not told what it does.
pub(super) fn call(value: Value, method: &[u8], arguments: &[Value]) -> Option<Value> {
    let text = |bytes: &[u8]| Some(Value::Text(bytes.to_vec()));
    match (method, value, arguments) {
        (b"freeze" | b"dup" | b"itself" | b"clone", value, []) => Some(value),
        (b"nil?", value, []) => Some(Value::Truth(value == Value::Nil)),
        (b"to_s", Value::Number(number), []) => text(number.to_string().as_bytes()),
        (b"to_s" | b"to_str", Value::Text(bytes), []) => text(&bytes),
        (b"to_s", Value::Nil, []) => text(b""),
        (b"to_i", Value::Number(number), []) => Some(Value::Number(number)),
        (b"to_i", Value::Text(bytes), []) => leading_number(&bytes).map(Value::Number),
        (b"to_i", Value::Nil, []) => Some(Value::Number(0)),
        (b"strip", Value::Text(bytes), []) => text(bytes.trim_ascii()),
        (b"chomp", Value::Text(bytes), []) => text(bytes.strip_suffix(b"\n").unwrap_or(&bytes)),
        (b"downcase", Value::Text(bytes), []) if bytes.is_ascii() => {
            text(&bytes.to_ascii_lowercase())
        }
        (b"upcase", Value::Text(bytes), []) if bytes.is_ascii() => {
            text(&bytes.to_ascii_uppercase())
        }
        (b"empty?", Value::Text(bytes), []) => Some(Value::Truth(bytes.is_empty())),
        (b"start_with?", Value::Text(bytes), [Value::Text(start)]) => {
            Some(Value::Truth(bytes.starts_with(start)))
        }
        (b"end_with?", Value::Text(bytes), [Value::Text(end)]) => {
            Some(Value::Truth(bytes.ends_with(end)))
        }
        (b"include?" | b"member?", Value::List(all), [one]) => {
            Some(Value::Truth(all.contains(one)))
        }
        (b"first", Value::List(all), []) => Some(all.into_iter().next().unwrap_or(Value::Nil)),
        (b"last", Value::List(all), []) => Some(all.into_iter().next_back().unwrap_or(Value::Nil)),
        _ => None,
    }
}

/// `%w[a b]`
pub(super) fn words(text: &[u8]) -> Option<Vec<Value>> {
    let inner = text.strip_prefix(b"%w").filter(|inner| !inner.contains(&b'\\'))?;
    let inner = inner.get(1..inner.len().checked_sub(1)?)?;
    let all = inner.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some(all.take(LONGEST_LIST).map(|word| Value::Text(word.to_vec())).collect())
}

/// `"12 apes".to_i` is 12, that of any other text 0; signs are not evaluated.
fn leading_number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    match text.first() {
        Some(b'-' | b'+') => None,
        _ if text.get(digits) == Some(&b'_') => None,
        _ if digits == 0 => Some(0),
        _ => std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok(),
    }
}
