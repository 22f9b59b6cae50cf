//! The sockets that the next generation gets, and those that it binds besides.

use std::path::Path;

use super::{Next, Said, Upcoming, blind, holds, warns};
use crate::facts::Fact;
use crate::facts::sockets::SocketFile;
use crate::model::{Address, Config, Setting};
use crate::os::shown;

impl Upcoming<'_> {
    /// The sockets that are handed over, and the listeners of the next configuration that are not among them. Inherited
    /// sockets are matched by the string of their address (`http_server.rb`, `inherit_listeners!`).
    pub(super) fn listeners(&self) -> Next {
        let held: Vec<_> = self
            .app
            .listeners
            .iter()
            .filter(|listener| listener.masters.contains(&self.master.process.pid))
            .collect();
        let place = self.master.listens.place.clone();
        if let Some(lack) = self.master.listens.lack() {
            return self.line("listeners", &place, blind(format!("not known: {lack}")));
        }
        let names: Vec<String> = held.iter().map(|held| held.address.to_string()).collect();
        let shown_names = match names.as_slice() {
            [one] => one.clone(),
            several => format!("{} sockets", several.len()),
        };
        let lost = held.iter().find(|listener| {
            let led = listener.file.as_ref().and_then(Fact::get);
            led.is_some_and(|led| *led != SocketFile::Same)
        });
        let said = match (lost, self.master.config.get()) {
            (Some(lost), _) => warns(format!(
                "{shown_names} handed over; the path of {} leads elsewhere",
                lost.address
            )),
            (None, Some(config)) => self.new_listeners(config, &shown_names),
            (None, None) => holds(format!("{shown_names} handed over")),
        };
        self.line("listeners", &place, said)
    }

    fn new_listeners(&self, config: &Config, handed: &str) -> Said {
        let expression = config.listen.iter().find_map(|listen| match listen {
            Setting::Unevaluable { line, .. } => Some(*line),
            _ => None,
        });
        if let Some(line) = expression {
            return blind(format!("{handed} handed over; line {line} listens on an expression"));
        }
        let bound = config.listen.iter().filter_map(Setting::value).filter_map(|text| {
            let path = text.utf8()?;
            let path = path.strip_prefix("unix:").unwrap_or(path);
            let path = path.starts_with('/').then(|| Path::new(path))?;
            let known = self
                .app
                .listeners
                .iter()
                .any(|listener| matches!(&listener.address, Address::Unix(own) if own == path));
            (!known).then(|| shown(path))
        });
        let bound: Vec<String> = bound.collect();
        match bound.first() {
            Some(first) => holds(format!("{handed} handed over, {first} bound besides")),
            None => holds(format!("{handed} handed over")),
        }
    }
}
