//! What stands round a server: releases (Capistrano and its kin), Bundler's lock files, versions of Ruby and Python, systemd's units.

pub mod bundler;
pub mod capistrano;
pub mod python;
pub mod releases;
pub mod ruby;
pub mod unit;
