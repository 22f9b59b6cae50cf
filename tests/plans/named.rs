//! What the headline names as the next step is not refused at that moment, on any recorded box, at any look.

use farrier::contract::Verdicts;
use farrier::model::{App, Census, Operation};
use farrier::os::Source as _;
use farrier::plans::course::{Wishes, course, is_course};
use farrier::plans::plan;
use farrier::rules::headline::headline;
use farrier::rules::judge;
use farrier::survey::Surveyor;

use crate::recordings;

/// The operations that a line names to be carried out now: what stands behind `then`, or is
/// to follow on each of something, comes later.
fn named(next: &str) -> Vec<Operation> {
    let now = next.split("then ").next().unwrap_or_default();
    if now.starts_with("after each ") {
        return Vec::new();
    }
    let words: Vec<&str> = now.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
    let is_named = |operation: &&Operation| {
        let name = operation.name();
        let plain = is_course(**operation) && words.contains(&name);
        plain
            || now.contains(&format!("farrier do {name}"))
            || now.contains(&format!("farrier {name}"))
    };
    Operation::ALL.iter().filter(is_named).copied().collect()
}

/// Why it is not to be carried out; `None`: nothing speaks against it.
fn refused(
    census: &Census,
    verdicts: &Verdicts,
    app: &App,
    operation: Operation,
) -> Option<String> {
    if is_course(operation) {
        let course = course(census, verdicts, app, None, operation, &Wishes::default());
        return course.map_or_else(
            |refused| Some(refused.reason),
            |course| course.first.stops().then(|| "it is stopped".into()),
        );
    }
    plan(census, verdicts, app, None, operation).map_or_else(
        |refused| Some(refused.reason),
        |plan| plan.stops().then(|| "it is stopped".into()),
    )
}

#[test]
fn what_comes_next_is_not_refused() {
    let mut wrong = Vec::new();
    for name in recordings::all() {
        let replay = recordings::read(&name);
        let wish = recordings::wish(&replay);
        let (mut surveyor, mut before) = (Surveyor::default(), None::<Census>);
        for look in 0..replay.looks() {
            if look > 0 {
                replay.next_look();
            }
            let census = surveyor.look(&replay, &wish);
            let verdicts = judge(&census, before.as_ref());
            let told = headline(&census, &verdicts);
            let next = told.next.clone();
            for app in &census.apps {
                if told.app.as_ref() != Some(&app.id) {
                    continue;
                }
                for operation in named(&next) {
                    if let Some(why) = refused(&census, &verdicts, app, operation) {
                        wrong.push(format!(
                            "{name}, look {look}: {next}: {} {why}",
                            operation.name()
                        ));
                    }
                }
            }
            before = Some(census);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
