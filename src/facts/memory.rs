//! Memory of a process: the proportional set size from `smaps_rollup`.
//! (The parser of `procfs` multiplies without a bound and panics on a number that is too large.)

use super::Lack;
use crate::os::Text;

/// The proportional set size in bytes (`proc_pid_smaps(5)`, `Pss`).
pub fn parse_pss(bytes: &Text) -> Result<u64, Lack> {
    bytes
        .bytes()
        .split(|b| *b == b'\n')
        .find_map(|line| line.strip_prefix(b"Pss:"))
        .and_then(|value| std::str::from_utf8(value).ok())
        .and_then(|value| value.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .and_then(|kibibytes| kibibytes.checked_mul(1024))
        .ok_or(Lack::Malformed("smaps_rollup without Pss"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss_and_nothing_like_it() {
        let text = "56478928e000-7ffc4b938000 ---p 00000000 00:00 0    [rollup]\n\
                    Rss:               15908 kB\nPss_Dirty:          6512 kB\nPss:                7565 kB\n";
        assert_eq!(parse_pss(&Text::from(text)), Ok(7565 * 1024));
        for broken in ["", "Pss:", "Pss: x kB", "Pss: 18446744073709551615 kB", "Pss: -1 kB"] {
            assert!(parse_pss(&Text::from(broken)).is_err(), "{broken}");
        }
    }
}
