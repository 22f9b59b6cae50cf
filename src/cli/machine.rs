//! Which machines a command reads: this one, or recorded ones; and how it looks at them.

use std::time::Duration;

use super::Options;
use crate::model::Census;
use crate::os::Source;
use crate::os::live::{Live, LiveOptions};
use crate::rules::{Verdicts, judge};
use crate::survey::{Surveyor, Wish};

/// How long the second look waits for what the first saw cause for.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// What was seen of one machine, and what the rules say to it.
pub struct Seen {
    /// The look that counts.
    pub census: Census,
    /// The rules' answers.
    pub verdicts: Verdicts,
}

/// How often a command may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// Once: rules that need two answer by one.
    One,
    /// A second time where a rule saw cause.
    AsNeeded,
}

impl Options {
    /// The machines that were asked for.
    pub fn machines(&self) -> anyhow::Result<Vec<Box<dyn Source>>> {
        if let Some(file) = self.from.first() {
            anyhow::bail!("{} was not read: recordings come later", crate::os::shown(file));
        }
        Ok(vec![self.this_machine()])
    }

    /// This machine, or the one whose proc file system `--proc` names.
    pub fn this_machine(&self) -> Box<dyn Source + Send> {
        Box::new(Live::new(LiveOptions { proc: self.proc.clone(), ..LiveOptions::default() }))
    }
}

/// The machine that farrier itself runs on: settings are read from it.
pub fn own_machine() -> Box<dyn Source> {
    Box::new(Live::new(LiveOptions::default()))
}

/// Looks at a machine and asks the rules.
pub fn look(source: &dyn Source, wish: &Wish, ignore: &[String], looks: Looks) -> Seen {
    let asked = |census: &Census, before: Option<&Census>| {
        let mut verdicts = judge(census, before);
        verdicts.0.retain(|answered| !ignore.iter().any(|name| name == answered.rule));
        verdicts
    };
    let mut surveyor = Surveyor::default();
    let first = surveyor.look(source, wish);
    let verdicts = asked(&first, None);
    if looks == Looks::One || !verdicts.want_second_look() {
        return Seen { census: first, verdicts };
    }
    crate::os::own::pause(SECOND_LOOK);
    source.next_look();
    let census = surveyor.look(source, wish);
    let verdicts = asked(&census, Some(&first));
    Seen { census, verdicts }
}
