//! What stands round a server: releases (Capistrano and its kin), Bundler's lock files, Ruby's versions, systemd's units.

pub mod bundler;
pub mod capistrano;
pub mod releases;
pub mod ruby;
pub mod unit;
