//! Rules about Bundler, Ruby and what the next re-execution runs.

pub mod config_missing;
pub mod env_overgrown;
pub mod exe_replaced;
pub mod gemfile_mismatch;
pub mod gemfile_missing;
pub mod gemfile_pinned;
pub mod libs_replaced;
pub mod reexec_missing;
pub mod reexec_versioned;
