//! `farrier demo`: the inspector on an incident that was recorded of a real Unicorn and ships inside the program.

use super::machine::{Machine, replayed};
use super::{Options, Output, Status, check::Check, inspector};
use crate::os::own;

/// The recording, deflated; the lab makes it (`lab::demo`).
const INCIDENT: &[u8] = include_bytes!("demo.deflate");
/// More than it inflates to.
const BOUND: usize = 8 * 1024 * 1024;

/// Runs it; without a terminal it prints what `check` prints of the incident.
pub fn run(options: &Options, output: &mut Output) -> anyhow::Result<Status> {
    if !options.from.is_empty() {
        output.complain("demo shows its own recording: --from does not go with it");
        return Ok(Status::USAGE);
    }
    let machine = machine()?;
    if !own::is_interactive() {
        return Check::default().on(&[machine], options, output);
    }
    let again = || machine_source().map_err(std::io::Error::other);
    let played = machine.played(true);
    inspector::open(options, false, Box::new(again), Some(&machine), played)
}

fn machine_source() -> anyhow::Result<Box<dyn crate::os::Source + Send>> {
    machine().map(|machine| machine.source)
}

fn machine() -> anyhow::Result<Machine> {
    let told = |why: String| anyhow::anyhow!("the demo was not read: {why}");
    let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(INCIDENT, BOUND)
        .map_err(|error| told(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| told(error.to_string()))?;
    replayed(&text).map_err(told)
}
