//! Resource limits: `/proc/PID/limits`.

use super::Lack;
use crate::os::Text;

/// One limit; `None`: unlimited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The kernel's name, `Max open files`.
    pub name: Text,
    /// Soft bound.
    pub soft: Option<u64>,
    /// Hard bound.
    pub hard: Option<u64>,
    /// Its unit, as the kernel names it; empty where it names none.
    pub unit: Text,
}

/// Parses `/proc/PID/limits`: a name in words, two bounds, a unit where there is one.
pub fn parse(bytes: &Text) -> Result<Vec<Limit>, Lack> {
    let text =
        std::str::from_utf8(bytes.bytes()).map_err(|_| Lack::Malformed("limits not ASCII"))?;
    let lines = text.lines().skip_while(|line| line.starts_with("Limit "));
    lines.map(|line| read(line).ok_or(Lack::Malformed("a line of limits"))).collect()
}

fn read(line: &str) -> Option<Limit> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let at = words.iter().position(|word| is_bound(word))?;
    let (name, rest) = words.split_at_checked(at)?;
    let [soft, hard, unit @ ..] = rest else { return None };
    if !is_bound(hard) {
        return None;
    }
    Some(Limit {
        name: Text::from(&*name.join(" ")),
        soft: soft.parse().ok(),
        hard: hard.parse().ok(),
        unit: Text::from(unit.first().copied().unwrap_or_default()),
    })
}

fn is_bound(word: &str) -> bool {
    word == "unlimited" || word.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_kernel_writes_them() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max cpu time              unlimited            unlimited            seconds   \n\
                    Max open files            20000                18446744073709551615 files     \n\
                    Max nice priority         0                    0                    \n";
        let limits = parse(&Text::from(text)).unwrap();
        assert_eq!(limits.len(), 3);
        assert_eq!((limits[0].soft, limits[0].hard), (None, None));
        assert_eq!(limits[1].name, Text::from("Max open files"));
        assert_eq!((limits[1].soft, limits[1].hard), (Some(20_000), Some(u64::MAX)));
        assert_eq!((&limits[1].unit, &limits[2].unit), (&Text::from("files"), &Text::from("")));
        assert_eq!(parse(&Text::from("")), Ok(Vec::new()));
        assert!(parse(&Text::from("Max open files many many files\n")).is_err());
        assert!(parse(&Text::from("Max open files 7\n")).is_err());
    }
}
