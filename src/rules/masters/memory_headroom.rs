//! `memory-headroom`: a second generation does not fit into memory beside the one that serves.

use crate::contract::line::{Line, bytes, count, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::Place;
use crate::model::config::HookBody;
use crate::model::headroom::{Headroom, generation, headroom};
use crate::model::{Hook, Master, Phase, Role};
use crate::os::shown;

/// The card.
pub const RULE: Rule = Rule {
    name: "memory-headroom",
    needs: &[Need::SecondGeneration],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A second generation does not fit into memory beside the one that serves.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

Between USR2 and the end of the old master two generations live. The second takes about as much memory as the
first holds now, and that is more than the machine, or the control group of the service, has left.

## Why it matters

In the middle of the upgrade the kernel swaps, or its OOM killer ends processes: a worker, a master of either
generation, the database beside it. Within a control group it is always one of the app's own.

## How farrier decides

What the master and its workers hold: the sum of their proportional set sizes, which counts a shared page once.
They are read only where the sum of the resident sizes, which is cheap and never smaller, would not fit. Against
it stands the memory that is available without swapping, and what the control groups of the master leave, each
with those above it: the limit (`memory.max`, `memory.high`, or `memory.limit_in_bytes`) less the use, pages of
files not counted. The least of these decides.

## When it stays silent

Where nothing shows that USR2 is used here, only one generation ever lives, and there is no subject. While a
handover is under way nothing is weighed. What an old master still holds counts as free, since it has to end
before the next USR2. With a hook that ends an old worker for each new one (TTOU) it is only information. In a
container only its own part of the control groups can be seen.

## How to fix it

Give the service more memory, or start with fewer workers. A hook that sends TTOU to the old master for each
new worker keeps the sum small; so does TTOU by hand before the USR2:

    kill -TTOU PID
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    if !app.uses_reexec() {
        look.not_here();
        return;
    }
    let loads = |master: &Master| master.phase != Phase::Ready || master.role == Role::New;
    if app.living_masters().any(loads) {
        return;
    }
    let census = look.census();
    for master in app.upgradable() {
        if master.role == Role::Old {
            continue;
        }
        let headroom = headroom(census, app, master);
        match headroom.fits() {
            Some(true) => {}
            Some(false) => report(look, master, &headroom),
            None => unknown(look, master),
        }
    }
}

/// Notes what would decide it.
fn unknown(look: &mut Look<'_>, master: &Master) {
    let census = look.census();
    let pid = master.process.pid;
    look.at("how much memory is available", &census.host);
    look.of(pid, "what the control groups leave", &master.room);
    for process in generation(master) {
        look.of(process.pid, "memory", &process.pss);
    }
}

/// What there is of swap, where it could take what does not fit.
fn swap(look: &Look<'_>) -> String {
    match look.census().host.get().and_then(|host| host.swap) {
        Some([all, free]) if all > 0 => format!("; {} of {} swap is free", bytes(free), bytes(all)),
        Some(_) => "; there is no swap".into(),
        None => String::new(),
    }
}

fn report(look: &mut Look<'_>, master: &Master, headroom: &Headroom<'_>) {
    let app = look.app();
    let pid = master.process.pid;
    let has_ladder = master.config.get().is_some_and(|config| config.hooks.iter().any(is_ladder));
    let severity = if has_ladder { Severity::Info } else { Severity::Warning };
    let (takes, left) = (bytes(headroom.least), bytes(headroom.left.unwrap_or_default()));
    let place = match headroom.group {
        Some(_) => master.room.place.clone(),
        None => Place::new("/proc/meminfo"),
    };
    let room = master.room.get().and_then(Option::as_ref).filter(|_| headroom.group.is_some());
    let within = room.map_or_else(
        || format!("{left} is available on the machine"),
        |room| format!("{left} is left of {} in {}", bytes(room.limit), shown(&room.group)),
    );
    let workers = master.workers_alive().count();
    let finding = look
        .finding(severity, format!("a second generation takes {takes}, {left} is left"))
        .about(pid)
        .told(
            Line::new(format!("{}: a second generation does not fit in", cut(&app.name, 16)))
                .aside(" beside the first"),
            Line::new(format!("it takes {takes}, {left} is left")).aside(if room.is_some() {
                " in its control group"
            } else {
                ""
            }),
            if has_ladder {
                Line::new("the hook ends an old worker for each new one").aside(": watch it")
            } else {
                Line::new("fewer workers before the next USR2").aside(", or more memory")
            },
        )
        .seen(
            format!("{pid} and its {} hold {takes}, shared pages once", count(workers, "worker")),
            &master.process.pss.place,
        )
        .seen(within + &swap(look), &place)
        .leads_to("During the next upgrade the kernel swaps, or its OOM killer ends processes.")
        .fix(format!(
            "# one worker less, as often as needed, before the next USR2: kill -TTOU {pid}"
        ))
        .for_good("in before_fork: TTOU to the old master for each new worker, QUIT for the last");
    look.found(finding);
}

/// A hook that lets the old master end one of its workers for each new one.
fn is_ladder(hook: &HookBody) -> bool {
    let lets_go = |signal: &String| signal == "TTOU";
    hook.hook != Hook::BeforeExec && hook.kills.iter().any(|kill| kill.signals.iter().any(lets_go))
}
