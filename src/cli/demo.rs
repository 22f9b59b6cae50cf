//! `farrier demo`: the inspector on an incident that was recorded of real servers and ships inside the program.

use super::machine::{Machine, replayed};
use super::{Options, Output, Status, check::Check, inspector};
use crate::os::own;
use crate::os::replay::Replay;
use crate::tui::Inspector;
use crate::tui::rehearsal::Script;

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
    if !own::is_interactive() {
        let (machine, _) = recorded()?;
        return Check::default().on(&[machine], options, output);
    }
    inspector::open(options, rehearsal(options)?, &|| rehearsal(options))
}

/// The inspector of the incident. Its hands are a rehearsal's: no others are made, so that nothing can be sent.
pub fn rehearsal(options: &Options) -> anyhow::Result<Inspector> {
    let (machine, replay) = recorded()?;
    let script = Script::of(&replay);
    let (eyes, hands) = (script.clone(), script.hands(&replay));
    let sources = Box::new(move || Ok(Box::new(eyes.eyes(&replay)) as _));
    let inspector = inspector::inspector(options, false, sources, Some(&machine))?;
    Ok(inspector.rehearsing(script, hands))
}

fn recorded() -> anyhow::Result<(Machine, Replay)> {
    let told = |why: String| anyhow::anyhow!("the demo was not read: {why}");
    let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(INCIDENT, BOUND)
        .map_err(|error| told(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| told(error.to_string()))?;
    Ok((replayed(&text).map_err(told)?, Replay::read(&text).map_err(told)?))
}
