//! Two processes' mapped libraries compared: gems by their version, all others by path and file.

use std::collections::BTreeMap;

use super::{Change, Compare, Value, changed};
use crate::deploy::ruby::gem_of;
use crate::facts::maps::Mapped;
use crate::model::Process;
use crate::os::Text;

impl Compare<'_> {
    /// What differs in the files that they have mapped as code.
    pub(super) fn libraries(&mut self, before: &Process, after: &Process) -> Vec<Change> {
        let maps = ((Some(before.pid), &*before.maps), (Some(after.pid), &*after.maps));
        let Some((was, is)) = self.both("libraries", maps.0, maps.1) else { return Vec::new() };
        let (was, is) = (self.mapped(was), self.mapped(is));
        let value = |all: &BTreeMap<Text, Text>, name: &Text| Value::of(all.get(name).cloned());
        let mut names: Vec<&Text> = was.keys().chain(is.keys()).collect();
        names.sort();
        names.dedup();
        names
            .iter()
            .filter_map(|name| changed((*name).clone(), value(&was, name), value(&is, name)))
            .collect()
    }

    /// Gems with their version, wherever they lie: a release may carry its own. Other files with what tells one file
    /// from another at the same path.
    fn mapped(&self, maps: &[Mapped]) -> BTreeMap<Text, Text> {
        let mut all = BTreeMap::new();
        for file in maps.iter().filter(|file| file.executable && !file.is_memory()) {
            let gem = gem_of(&file.path).and_then(|gem| {
                let (name, version) = gem.rsplit_once('-')?;
                version.starts_with(|c: char| c.is_ascii_digit()).then_some((name, version))
            });
            if let Some((name, version)) = gem {
                all.insert(Text::from(name), Text::from(version));
                continue;
            }
            let fate = if file.marked_deleted { ", deleted" } else { "" };
            let file_itself = if self.other_boot {
                format!("mapped{fate}")
            } else {
                format!("file {}{fate}", file.inode)
            };
            all.insert(Text::from(file.path.as_path()), Text::from(&*file_itself));
        }
        all
    }
}
