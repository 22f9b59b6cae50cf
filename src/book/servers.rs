//! `docs/servers.md`: what farrier knows of each server, from the servers' own cards.

use std::fmt::Write as _;

use super::{MADE, Page};
use crate::contract::{Part, Server, SignalUse};
use crate::facts::signals::name;
use crate::model::Role;
use crate::plans::OPERATIONS;
use crate::rules::{RULES, judged_by};
use crate::servers::SERVERS;

/// The page.
pub fn pages() -> Vec<Page> {
    let mut text = format!(
        "{MADE}# Servers\n\nWhat farrier knows of each server that it recognises, as the program itself has it: what a \
         plan says that a\nsignal does is what stands here.\n\n| server | chapter |\n| --- | --- |\n"
    );
    for server in SERVERS {
        let _ =
            writeln!(text, "| {} | [{}](#{}) |", server.name, server.kind.name(), anchor(server));
    }
    judged(&mut text);
    for server in SERVERS {
        chapter(&mut text, server);
    }
    vec![Page { path: "servers.md".into(), text }]
}

/// A heading's anchor, as sites make it: letters and digits, blanks as hyphens.
fn anchor(server: &Server) -> String {
    let kept = server.name.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Which rules judge which server.
fn judged(text: &mut String) {
    let names: Vec<&str> = SERVERS.iter().map(|server| server.name).collect();
    let _ = writeln!(
        text,
        "\n## Which rules judge which server\n\nA rule asks for what it needs: a server that has it is judged by it.\n\n\
         | rule | needs | {} |\n| --- | --- |{}",
        names.join(" | "),
        " :-: |".repeat(names.len())
    );
    for rule in RULES {
        let needs: Vec<&str> = rule.needs.iter().map(|need| need.words()).collect();
        let by: Vec<_> = judged_by(rule).map(|server| server.kind).collect();
        let mark = |server: &&Server| if by.contains(&server.kind) { "✓" } else { "" };
        let marks: Vec<&str> = SERVERS.iter().map(mark).collect();
        let name = rule.name;
        let _ = writeln!(
            text,
            "| [{name}](rules/{name}.md) | {} | {} |",
            needs.join(", "),
            marks.join(" | ")
        );
    }
}

fn chapter(text: &mut String, server: &Server) {
    let Server { name: title, default_workers, default_timeout, .. } = server;
    let _ = writeln!(
        text,
        "\n## {title}\n\n### Titles\n\n| a title such as | belongs to |\n| --- | --- |"
    );
    for title in server.titles {
        let _ = writeln!(text, "| `{}` | {} |", title.example, part(title.means));
    }
    let _ = writeln!(
        text,
        "\n### Operations\n\n{}",
        if server.operations.is_empty() {
            "None: farrier shows this server and sends it no signal."
        } else {
            "| operation | signal | receiver | what it is for |\n| --- | --- | --- | --- |"
        }
    );
    for card in OPERATIONS {
        let Some(used) = server.operations.iter().find(|used| used.operation == card.operation)
        else {
            continue;
        };
        let (operation, signal) = (card.operation.name(), name(used.signal));
        let _ = writeln!(
            text,
            "| `{operation}` | {signal} | {} master | {} |",
            used.to.name(),
            card.summary
        );
    }
    restarts(text, server);
    signals(text, "Signals to a master", server, |to| to != Role::Worker);
    signals(text, "Signals to a worker", server, |to| to == Role::Worker);
    let _ = writeln!(text, "\n### Pidfiles and defaults\n");
    if let Some(suffix) = server.old_suffix {
        let _ = writeln!(text, "- The pidfile of a superseded master has `{suffix}` appended.");
    }
    if !server.usual_pidfiles.is_empty() {
        let usual: Vec<String> =
            server.usual_pidfiles.iter().map(|path| format!("`{path}`")).collect();
        let _ = writeln!(
            text,
            "- Where nothing names its pidfile, these are looked for, a relative one below the deploy root or the working\n  directory:\n  {}.",
            usual.join(",\n  ")
        );
    }
    if server.operations.is_empty() {
        return;
    }
    let workers = if *default_workers == 1 { "worker" } else { "workers" };
    let _ = writeln!(
        text,
        "- Where nothing says how many: {default_workers} {workers}. Where nothing says how long a graceful stop waits: \
         {default_timeout} s."
    );
}

/// How it comes to new code, the best way first.
fn restarts(text: &mut String, server: &Server) {
    if server.restarts.is_empty() {
        return;
    }
    let head = "\n### Ways to new code\n\n| `--way` | signal | where | what happens |\n| --- | --- | --- | --- |";
    let _ = writeln!(text, "{head}");
    for restart in server.restarts {
        let (way, by) = (restart.way(), restart.by());
        let only = by.needs.map_or("anywhere", |needs| needs.words);
        let _ =
            writeln!(text, "| `{}` | {} | {only} | {} |", way.name(), name(by.signal), way.does());
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Master { old: false } => "a master that has set its title, once it has its workers",
        Part::Master { old: true } => "a master that was superseded",
        Part::Worker(Some(_)) => "a worker, with its number",
        Part::Worker(None) => "a worker",
        Part::Raw => "a master that starts or loads, or one whose title was never set",
    }
}

fn signals(text: &mut String, title: &str, server: &Server, to: fn(Role) -> bool) {
    let uses: Vec<&SignalUse> = server.signals.iter().filter(|used| to(used.to)).collect();
    if uses.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n### {title}\n\n| signal | what it does | as told by |\n| --- | --- | --- |"
    );
    for used in uses {
        let when = used.when.map_or_else(String::new, |when| format!(" ({})", when.words));
        let (signal, does) = (name(used.signal), used.does);
        let _ = writeln!(text, "| {signal} | {does}{when} | {} |", used.source);
    }
}
