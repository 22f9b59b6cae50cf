//! `config-old-master`: nothing in the configuration retires the old master of an upgrade.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::{Config, Hook};
use crate::rules::config::{names_file, unevaluable};

/// The card.
pub const RULE: Rule = Rule {
    name: "config-old-master",
    needs: &[Need::StartContext],
    worst: Severity::Info,
    stops_service: false,
    summary: "No hook of the configuration retires the old master: someone has to.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

After USR2 two generations serve, and the configuration has no hook that sends QUIT to the old one. The deploy or a
person has to.

## Why it matters

An old master that is forgotten answers with old code, holds its memory and makes every further USR2 be refused.
Retiring by hand is not worse than a hook: it is the only way to look at the new generation first.

## How farrier decides

It reads the configuration that the next re-execution will load: no hook names an oldbin pidfile and sends a signal.
It is information only, and only where something shows that USR2 is used here.

## When it stays silent

Where USR2 is not used. Where a hook retires the old master, even one that does it badly: other rules tell that. A
hook that is set under a condition or by source from elsewhere may do it: the rule is undecided.

## How to fix it

Nothing has to be mended. Let the deploy end with `farrier do retire APP`, or upgrade with `farrier upgrade`, which
retires the old master once the new one has proved itself. A hook is possible too: see `config-quit-too-early` for
one that is right.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.upgradable() {
        let pid = master.process.pid;
        let Some(config) = look.of(pid, "configuration", &master.config) else { continue };
        if !app.uses_reexec() || retires(config) {
            continue;
        }
        let obscure = config.obscure_hooks.iter().filter(|hook| hook.may_retire);
        let mut undecided = false;
        for hook in obscure {
            undecided = true;
            unevaluable(look, master, config, "a hook", (hook.line, &hook.text.to_string()));
        }
        if undecided {
            continue;
        }
        let id = &app.id;
        // A name that is cut names nothing.
        let named = Some(quote::word(&app.name)).filter(|word| word.len() <= 16);
        let named = named.map(|word| format!(" {word}"));
        let mut finding = look
            .finding(Severity::Info, "no hook retires the old master after USR2")
            .about(pid)
            .told(
                Line::new(format!("{}: no hook retires the old master", cut(&app.name, 16))),
                Line::new("after USR2 two generations serve")
                    .aside(", until someone ends the old one"),
                Line::new("after each USR2: farrier do retire").aside(named.unwrap_or_default()),
            )
            .seen("no hook of it signals the master of an oldbin pidfile", &master.config.place)
            .leads_to(
                "A forgotten old master serves old code, and makes every further USR2 be refused.",
            )
            .fix(format!(
                "# after each USR2, once the new master is ready: {}",
                quote::farrier("do retire", id)
            ));
        if names_file(config) {
            finding = finding.at_path(&config.file.path);
        }
        look.found(finding.for_good("let the deploy do it, or upgrade with farrier upgrade"));
    }
}

/// Whether some hook is meant to.
fn retires(config: &Config) -> bool {
    config.retires_old_master
        || config.hooks.iter().any(|body| {
            body.hook != Hook::BeforeExec && body.names_oldbin && !body.kills.is_empty()
        })
}
