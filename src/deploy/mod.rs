//! What stands round a server: releases (Capistrano and its kin), Bundler's lock files, Ruby's versions.

pub mod bundler;
pub mod capistrano;
pub mod releases;
pub mod ruby;
