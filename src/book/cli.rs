//! `docs/cli.md` and the manual page, from the command tree.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::{MADE, Page};

/// What the exit statuses mean.
pub const STATUSES: &[(u8, &str, &str)] = &[
    (0, "nothing at or above the threshold (`--fail-on`)", "done"),
    (
        1,
        "the worst finding is a warning; with `--fail-on info` an info",
        "sent, and what should follow was not seen",
    ),
    (2, "the worst finding is critical", "sent, and nothing serves"),
    (
        3,
        "nothing at the threshold was found, but a rule could not be decided, processes are hidden, nothing was found to judge (0 with `--allow-none`, where nothing says that something should serve), or there is no such TARGET",
        "refused, or a target, rule or file is missing or unreadable; nothing was sent",
    ),
    (4, "–", "interrupted, or not observable any more"),
    (64, "the command line is wrong", "the same"),
    (74, "output could not be written", "the same"),
];

/// The page of all commands.
pub fn pages(command: &Command) -> Vec<Page> {
    let mut command = command.clone().term_width(100);
    command.build();
    let mut text = format!("{MADE}# The command line\n\n");
    let _ = writeln!(text, "{}\n", about(&command));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let _ = writeln!(text, "## {}\n\n{}\n", usage(sub), about(sub));
        table(&mut text, sub.get_arguments().filter(|arg| !arg.is_global_set()));
    }
    text += "## Options of every command\n\n";
    table(&mut text, command.get_arguments().filter(|arg| arg.is_global_set()));
    text += "## Exit status\n\n| status | `check` | other commands |\n| --- | --- | --- |\n";
    for (status, check, others) in STATUSES {
        let _ = writeln!(text, "| {status} | {check} | {others} |");
    }
    vec![Page { path: "cli.md".into(), text }]
}

fn about(command: &Command) -> String {
    command
        .get_long_about()
        .or(command.get_about())
        .map_or(String::new(), |about| about.to_string() + ".")
        .replace("..", ".")
}

fn usage(command: &Command) -> String {
    let words: Vec<String> = command
        .get_positionals()
        .map(|arg| {
            let name =
                arg.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
            let many = if arg.get_action().takes_values()
                && arg.get_num_args().is_some_and(|n| n.max_values() > 1)
            {
                "…"
            } else {
                ""
            };
            if arg.is_required_set() { format!("{name}{many}") } else { format!("[{name}{many}]") }
        })
        .collect();
    format!("farrier {} {}", command.get_name(), words.join(" ")).trim_end().to_owned()
}

fn table<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let rows: Vec<&Arg> = arguments
        .filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
        .collect();
    if rows.is_empty() {
        return;
    }
    *text += "| argument | meaning |\n| --- | --- |\n";
    for arg in rows {
        let name = arg.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
        let value = if arg.get_action().takes_values() { name } else { "" };
        let word = match arg.get_long() {
            Some(long) => format!("--{long} {value}").trim_end().to_owned(),
            None => value.to_owned(),
        };
        let choices: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|_| arg.get_action().takes_values())
            .map(|choice| format!("`{}`", choice.get_name()))
            .collect();
        let choices =
            if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(", ")) };
        let help = arg.get_help().map_or(String::new(), ToString::to_string);
        let _ = writeln!(text, "| `{word}` | {help}{choices} |");
    }
    text.push('\n');
}

/// The manual page.
pub fn manual(command: &Command) -> Vec<Page> {
    vec![Page { path: "farrier.1".into(), text: roff(command) }]
}

/// The manual page's own text.
pub fn roff(command: &Command) -> String {
    let mut bytes = Vec::new();
    // Writing into memory cannot go wrong.
    let _ = clap_mangen::Man::new(command.clone()).render(&mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}
