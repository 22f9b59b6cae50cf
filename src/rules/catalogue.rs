//! The catalogue: every rule, in the order of `docs/rules`.

use crate::contract::{Rule, Server};
use crate::servers::SERVERS;

use super::{config, masters, pidfiles, python, releases, ruby, sockets};

/// The catalogue, in the order of `docs/rules`.
pub const RULES: &[&Rule] = &[
    &releases::release_stale::RULE,
    &releases::release_deleted::RULE,
    &releases::release_pinned::RULE,
    &releases::release_prune_risk::RULE,
    &releases::release_mixed::RULE,
    &releases::current_broken::RULE,
    &ruby::gemfile_pinned::RULE,
    &ruby::gemfile_mismatch::RULE,
    &ruby::gemfile_missing::RULE,
    &ruby::env_overgrown::RULE,
    &ruby::exe_replaced::RULE,
    &ruby::libs_replaced::RULE,
    &ruby::reexec_missing::RULE,
    &ruby::reexec_versioned::RULE,
    &ruby::config_missing::RULE,
    &python::venv_missing::RULE,
    &pidfiles::oldbin_lingering::RULE,
    &pidfiles::oldbin_stale::RULE,
    &pidfiles::oldbin_foreign::RULE,
    &masters::masters_chain::RULE,
    &pidfiles::pidfile_missing::RULE,
    &pidfiles::pidfile_stale::RULE,
    &pidfiles::pidfile_foreign::RULE,
    &pidfiles::pidfile_garbled::RULE,
    &pidfiles::pidfile_in_release::RULE,
    &pidfiles::pidfile_unwritable::RULE,
    &pidfiles::pidfile_world_writable::RULE,
    &masters::master_duplicate::RULE,
    &masters::master_hollow::RULE,
    &masters::app_frozen::RULE,
    &masters::master_stopped::RULE,
    &masters::master_dead::RULE,
    &masters::handover_orphaned::RULE,
    &masters::handover_stuck::RULE,
    &masters::workers_respawning::RULE,
    &masters::workers_missing::RULE,
    &masters::reexec_failed::RULE,
    &masters::reexec_refused::RULE,
    &masters::memory_headroom::RULE,
    &sockets::socket_missing::RULE,
    &sockets::socket_replaced::RULE,
    &sockets::listener_in_release::RULE,
    &sockets::listener_lost::RULE,
    &config::config_working_directory::RULE,
    &config::config_gemfile_hook::RULE,
    &config::config_quit_too_early::RULE,
    &config::config_hook_removed_api::RULE,
    &config::config_old_master::RULE,
    &config::config_hook_wrong_path::RULE,
    &config::config_after_fork::RULE,
    &config::config_pid_none::RULE,
    &config::config_pid_relative::RULE,
    &config::config_reload_preload::RULE,
    &config::config_unloaded::RULE,
];

/// The rule with this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// The rules that follow from a rule, as far as the catalogue has them.
pub fn effects(of: &Rule) -> impl Iterator<Item = &'static Rule> {
    of.causes.iter().filter_map(|name| rule(name))
}

/// The servers that a rule judges, by their cards.
pub fn judged_by(rule: &Rule) -> impl Iterator<Item = &'static Server> {
    let judged = |server: &&Server| rule.needs.iter().all(|need| need.is_met_by(server));
    SERVERS.iter().copied().filter(judged)
}
