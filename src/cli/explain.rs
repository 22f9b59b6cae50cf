//! `farrier explain`: what a rule means, why it matters, how to fix it.

use clap::Args;

use super::{Options, Output, Status};
use crate::os::text::escaped;
use crate::rules::{RULES, rule};
use crate::show::json::{self, Layout};
use crate::show::text;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule's name; none: the table of all rules
    rule: Option<String>,
}

impl Explain {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let chosen = match &self.rule {
            None => RULES.to_vec(),
            Some(name) => {
                let Some(rule) = rule(name) else {
                    let name = escaped(name.as_bytes());
                    output.complain(&format!(
                        "there is no rule {name}; farrier explain lists all of them"
                    ));
                    return Ok(Status::REFUSED);
                };
                vec![rule]
            }
        };
        let paint = options.paint();
        output.print(&match (options.is_json(), self.rule.is_some(), chosen.as_slice()) {
            (true, ..) => json::text(&json::explain::Explain::new(&chosen), Layout::Lines)?,
            (false, true, [rule, ..]) => paint.finish(&text::explain::page(rule, paint)),
            (false, ..) => paint.finish(&text::explain::table(&chosen, paint)),
        });
        Ok(Status::DONE)
    }
}
