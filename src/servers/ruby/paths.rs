//! What `File` does to paths as text, without a look at any file.

/// `File.dirname`.
pub(super) fn dirname(path: &[u8]) -> Vec<u8> {
    let trimmed = without_slashes(path);
    match trimmed.iter().rposition(|b| *b == b'/') {
        None if trimmed.is_empty() && !path.is_empty() => b"/".to_vec(),
        None => b".".to_vec(),
        Some(at) => match without_slashes(trimmed.get(..at).unwrap_or_default()) {
            [] => b"/".to_vec(),
            parent => parent.to_vec(),
        },
    }
}

/// `File.basename`, with what it leaves off where that is the end of the name.
pub(super) fn basename(path: &[u8], suffix: &[u8]) -> Vec<u8> {
    let trimmed = without_slashes(path);
    if trimmed.is_empty() && !path.is_empty() {
        return b"/".to_vec();
    }
    let name = trimmed.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let name = if suffix == b".*" {
        let at = name.iter().rposition(|b| *b == b'.').filter(|at| *at > 0);
        name.get(..at.unwrap_or(name.len())).unwrap_or_default()
    } else {
        name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name)
    };
    name.to_vec()
}

/// `File.join` of two: one slash between them.
pub(super) fn join(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut joined = if right.starts_with(b"/") { without_slashes(left) } else { left }.to_vec();
    if !right.starts_with(b"/") && !left.ends_with(b"/") {
        joined.push(b'/');
    }
    joined.extend(right);
    joined
}

/// A path from a directory on, without `.` and `..`: text only, no link is followed.
pub(super) fn expanded(from: &[u8], path: &[u8]) -> Vec<u8> {
    let from = if path.starts_with(b"/") { &b""[..] } else { from };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in from.split(|b| *b == b'/').chain(path.split(|b| *b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut whole = b"/".to_vec();
    whole.extend(parts.join(&b'/'));
    whole
}

fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    path.get(..end).unwrap_or_default()
}
