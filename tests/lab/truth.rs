//! What a process says of itself, held against what farrier reads out of its memory.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::Lab;

/// A process's environment in its own words.
pub type Environment = BTreeMap<String, String>;

/// Reads entries that each have a NUL behind them; what is no variable is left out.
pub fn entries(text: &str) -> Environment {
    text.split('\0')
        .filter_map(|entry| entry.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

impl Lab {
    /// `farrier env PID --format json` of `user`.
    pub fn env_as(&self, user: &str, pid: u32) -> Value {
        self.farrier_as(user, &["env", &pid.to_string(), "--format", "json"]).json()
    }

    /// Holds the live environment that farrier tells against the truth: each name, each value that is shown, and of
    /// each that is hidden its length and which others equal it.
    ///
    /// # Panics
    /// When farrier says anything else.
    pub fn assert_live(&self, pid: u32, truth: &Environment) {
        let told = self.env_as("root", pid);
        assert_eq!(told["live_source"], "memory", "{}: {told:#}", self.title(pid));
        let live = told["live"].as_object().expect("it is from memory");
        let names: Vec<&String> = live.keys().collect();
        assert_eq!(names, truth.keys().collect::<Vec<_>>(), "{}", self.title(pid));
        let mut hidden: BTreeMap<u64, &str> = BTreeMap::new();
        for (name, value) in truth {
            let said = &live[name];
            let Some(class) = said["same_as"].as_u64() else {
                assert_eq!(said, value, "{name}");
                continue;
            };
            assert_eq!(said["length"], value.len(), "{name}");
            let first = hidden.entry(class).or_insert(value);
            assert_eq!(*first, value, "{name} is told as equal to another");
        }
        let distinct: std::collections::BTreeSet<&str> = hidden.values().copied().collect();
        assert_eq!(distinct.len(), hidden.len(), "equal values are told as different: {told:#}");
    }
}
