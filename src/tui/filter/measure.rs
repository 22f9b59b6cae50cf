//! Numbers of the filter, each with the units that its key has.

/// What a key takes, with an example.
pub(super) fn example(key: &str) -> &'static str {
    match key {
        "age" => "a time: age:>2d",
        "mem" => "a size: mem:>500M",
        "queue" => "a number: queue:>0",
        _ => "a number: off:<0",
    }
}

/// A number with the unit that a key has.
pub(super) fn measure(key: &str, text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let unit = text.strip_prefix(digits)?;
    let factor = match (key, unit) {
        (_, "") | ("age", "s") => 1,
        ("age", "m") => 60,
        ("age", "h") => 3600,
        ("age", "d") => 86_400,
        ("age", "w") => 7 * 86_400,
        ("age", "y") => 365 * 86_400,
        ("mem", "K" | "k") => 1 << 10,
        ("mem", "M" | "m") => 1 << 20,
        ("mem", "G" | "g") => 1 << 30,
        ("mem", "T" | "t") => 1 << 40,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(factor)
}
