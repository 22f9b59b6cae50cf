//! `listener-lost`: the new master does not hold a listener that the old one handed to it.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::files::{Target, target};
use crate::model::{Address, App, Listener, Master, Phase, Setting};
use crate::os::Text;
use crate::rules::masters::{generation_before, handed_on};

/// The card.
pub const RULE: Rule = Rule {
    name: "listener-lost",
    needs: &[Need::SecondGeneration],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The new master does not hold a listener that the old one holds.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The old master listens at an address and handed the socket on at USR2. The new master is ready and has no socket
there: it was reloaded by HUP with a configuration that does not name the address (USR2 alone keeps what is handed
on), or what stands between the two masters closed the socket.

## Why it matters

As long as the old master lives nobody notices. When it is retired, whoever connects to that address is refused.

## How farrier decides

It compares the sockets that the old master names in `UNICORN_FD` with those that the ready new master listens on.
A socket of its own at the same address, or at the same path below another release, is as good.

## When it stays silent

While the new master loads. Sockets that the app opened for itself (metrics, a debugger) are not handed on and do
not count. Where both copies of the configuration can be read and only the old one names the address, it was
removed on purpose: that is only information.

## How to fix it

Before the old master is retired: see whether anything still connects there. If so, name the address in the
configuration, end the new master with QUIT and upgrade again.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for new in app.living_masters().filter(|new| new.phase == Phase::Ready) {
        let Some(old) = generation_before(look, new) else { continue };
        let Some(theirs) = look.of(old.process.pid, "listeners", &old.listens) else { continue };
        let Some(own) = look.of(new.process.pid, "listeners", &new.listens) else { continue };
        // One of the two is ending.
        if theirs.is_empty() || own.is_empty() {
            continue;
        }
        let Some(handed) = handed(look, old, new) else { continue };
        let lost = app.listeners.iter().filter(|listener| {
            handed.contains(&listener.inode)
                && theirs.contains(&listener.inode)
                && !own.contains(&listener.inode)
                && !is_held(app, listener, own)
        });
        for listener in lost {
            report(look, app, old, new, listener);
        }
    }
}

/// The inodes of the sockets that the old master put into `UNICORN_FD`.
fn handed(look: &mut Look<'_>, old: &Master, new: &Master) -> Option<Vec<u64>> {
    let numbers = handed_on(look, new)?;
    let descriptors = look.of(old.process.pid, "descriptors", &old.process.descriptors)?;
    let sockets = descriptors.iter().filter(|descriptor| numbers.contains(&descriptor.fd));
    let inode = |text: &Text| match target(text) {
        Target::Socket(inode) => Some(inode),
        _ => None,
    };
    Some(sockets.filter_map(|descriptor| inode(&descriptor.target)).collect())
}

/// Whether one of these sockets listens at the same address, or at the same path in another release.
fn is_held(app: &App, lost: &Listener, own: &[u64]) -> bool {
    let layout = app.layout.get().and_then(Option::as_ref);
    let same_below = |one: &Address, other: &Address| match (one, other, layout) {
        (Address::Unix(one), Address::Unix(other), Some(layout)) => {
            let below = layout.below_release(one);
            below.is_some() && below == layout.below_release(other)
        }
        _ => false,
    };
    let mine = app.listeners.iter().filter(|listener| own.contains(&listener.inode));
    mine.into_iter().any(|listener| {
        listener.address == lost.address || same_below(&listener.address, &lost.address)
    })
}

/// Whether both copies of the configuration can be read and only the old one names the address.
fn was_removed(old: &Master, new: &Master, address: &Address) -> bool {
    let names = |master: &Master| {
        let listen = &master.loaded.get()?.listen;
        let plain: Option<Vec<&Text>> = listen.iter().map(Setting::value).collect();
        Some(plain?.into_iter().any(|text| is_named(text, address)))
    };
    names(old) == Some(true) && names(new) == Some(false)
}

/// Whether `listen` with these words binds that address.
fn is_named(text: &Text, address: &Address) -> bool {
    let words = text.bytes();
    let words = words.strip_prefix(b"unix:").unwrap_or(words);
    match address {
        Address::Unix(path) => Text::from(path.as_path()).bytes() == words,
        Address::Abstract(_) => false,
        Address::Tcp(bound) => {
            let port = words.rsplit(|byte| *byte == b':').next().unwrap_or_default();
            port == bound.port().to_string().as_bytes()
        }
    }
}

fn report(look: &mut Look<'_>, app: &App, old: &Master, new: &Master, listener: &Listener) {
    let (pid, holds) = (new.process.pid, old.process.pid);
    let removed = was_removed(old, new, &listener.address);
    let severity = if removed { Severity::Info } else { Severity::Warning };
    let address = match &listener.address {
        Address::Unix(path) => app.short(path),
        other => other.to_string(),
    };
    let short = tail(&address, 28);
    let mut finding = look
        .finding(severity, format!("{pid} does not listen on {short}"))
        .about(pid)
        .told(
            Line::new(format!("{}: {pid} does not listen on {short}", cut(&app.name, 16))),
            Line::new(format!("{holds}, which it replaces, does")).aside(if removed {
                "; the configuration names it no more"
            } else {
                ""
            }),
            Line::new(format!("before {holds} is retired")).keep(": see who connects there"),
        )
        .seen(
            format!("{holds} listens on {}, socket {}", listener.address, listener.inode),
            &old.listens.place,
        )
        .seen(format!("{pid} was handed it and does not hold it"), &new.listens.place)
        .leads_to(format!("Whoever connects there is refused once {holds} has left."));
    if let Some(config) = new.loaded.get() {
        let listen = config.listen.iter().filter_map(|listen| match listen {
            Setting::Unevaluable { line, text } => Some((*line, text)),
            _ => None,
        });
        for (line, text) in listen {
            let place = crate::facts::Place::line(&config.file.path, line);
            finding = finding.seen(format!("listen {text}"), place);
        }
    }
    if let Address::Unix(path) = &listener.address {
        finding = finding.at_path(path);
    }
    look.found(
        finding
            .fix(format!("# if anything connects there, name it in the configuration of {pid};"))
            .fix(format!("# then, while {holds} serves: kill -QUIT {pid}, and USR2 to {holds}")),
    );
}
