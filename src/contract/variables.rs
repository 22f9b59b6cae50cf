//! The environment that a configuration is loaded with, as far as it is known.

use std::collections::BTreeMap;

use crate::facts::environ::Environ;
use crate::os::{Text, secrets};

/// What `ENV` answers for one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// This value.
    Set(&'a Text),
    /// `nil`.
    Unset,
    /// That is not known.
    Unknown,
}

/// What `ENV` answers when a configuration is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// Those that it has; `None`: with a value that is not known, or not to be shown. What is not here is not set.
    each: BTreeMap<Text, Option<Text>>,
}

impl Variables {
    /// Those of an environment. The value of one that may be secret is taken for unknown, since what follows from it
    /// would be shown.
    pub fn of(environ: &Environ) -> Self {
        let mut each: BTreeMap<Text, Option<Text>> = BTreeMap::new();
        for variable in &environ.variables {
            // What a recording has masked is not the value.
            let masked = variable.value.bytes().contains(&b'*');
            let value = secrets::shown_value(&variable.name, &variable.value, &[]);
            let value = value.filter(|_| !masked);
            each.entry(variable.name.clone()).or_insert(value);
        }
        Self { each }
    }

    /// Those of one environment that another has too, with the same value: they held at each moment between the two.
    #[must_use]
    pub fn agreed(mut self, other: &Self) -> Self {
        let names: Vec<Text> = self.each.keys().chain(other.each.keys()).cloned().collect();
        for name in names {
            if self.each.get(&name) != other.each.get(&name) {
                self.each.insert(name, None);
            }
        }
        self
    }

    /// Sets one; `None`: to what is not known.
    pub fn set(&mut self, name: &Text, value: Option<Text>) {
        let shown = value.and_then(|value| secrets::shown_value(name, &value, &[]));
        self.each.insert(name.clone(), shown);
    }

    /// Sets one to what an environment has, or to nothing where that lacks it.
    pub fn set_as(&mut self, name: &str, environ: &Environ) {
        let alone = environ.variables.iter().filter(|one| one.name.bytes() == name.as_bytes());
        let one = Environ { variables: alone.cloned().collect(), size: 0 };
        self.each.remove(&Text::from(name));
        self.each.extend(Self::of(&one).each);
    }

    /// Takes those for unknown of which that is said.
    pub fn forget(&mut self, which: impl Fn(&[u8]) -> bool) {
        for (_, value) in self.each.iter_mut().filter(|(name, _)| which(name.bytes())) {
            *value = None;
        }
    }

    /// One of them.
    pub fn get(&self, name: &[u8]) -> Variable<'_> {
        match self.each.get(&Text::new(name)) {
            None => Variable::Unset,
            Some(None) => Variable::Unknown,
            Some(Some(value)) => Variable::Set(value),
        }
    }
}
