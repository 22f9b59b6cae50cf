//! The veil over environment values: what may be shown, and what only its length is told of.

use std::collections::BTreeMap;

use crate::facts::environ::Environ;
use crate::os::Text;

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Veiled {
    /// Its name is harmless, or it was asked for.
    Shown(Text),
    /// Hidden.
    Hidden {
        /// How many bytes.
        length: usize,
        /// Equal for equal values, from 1 in the order in which one veil meets them.
        same_as: usize,
    },
}

/// Shows and hides values; one for a whole output, so that equal values are told to be equal.
pub struct Veil<'a> {
    /// The value where its name is harmless and it holds no secret; `None`: hidden.
    harmless: &'a dyn Fn(&Text, &Text) -> Option<Text>,
    met: BTreeMap<Text, usize>,
}

impl<'a> Veil<'a> {
    /// A veil that lets through what `harmless` gives.
    pub fn new(harmless: &'a dyn Fn(&Text, &Text) -> Option<Text>) -> Self {
        Self { harmless, met: BTreeMap::new() }
    }

    /// One value.
    pub fn value(&mut self, name: &Text, value: &Text) -> Veiled {
        if let Some(shown) = (self.harmless)(name, value) {
            return Veiled::Shown(shown);
        }
        let next = self.met.len() + 1;
        let same_as = *self.met.entry(value.clone()).or_insert(next);
        Veiled::Hidden { length: value.len(), same_as }
    }

    /// A whole environment by name; of a repeated name the value that `getenv(3)` finds.
    pub fn all(&mut self, environ: &Environ) -> BTreeMap<Text, Veiled> {
        let mut all = BTreeMap::new();
        for variable in &environ.variables {
            if !all.contains_key(&variable.name) {
                let value = self.value(&variable.name, &variable.value);
                all.insert(variable.name.clone(), value);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::environ::Variable;

    #[test]
    fn the_first_of_a_repeated_name_counts_and_equal_values_are_told() {
        let of = |name: &str, value: &str| Variable { name: name.into(), value: value.into() };
        let environ = Environ {
            variables: vec![of("B", "secret"), of("A", "secret"), of("A", "x"), of("LANG", "C")],
            size: 0,
        };
        let harmless = |name: &Text, value: &Text| (name.bytes() == b"LANG").then(|| value.clone());
        let all: Vec<_> = Veil::new(&harmless).all(&environ).into_iter().collect();
        let hidden = Veiled::Hidden { length: 6, same_as: 1 };
        assert_eq!(
            all,
            [
                ("A".into(), hidden.clone()),
                ("B".into(), hidden),
                ("LANG".into(), Veiled::Shown("C".into()))
            ]
        );
    }
}
