//! Rules about release directories and the link `current`.

pub mod current_broken;
pub mod release_deleted;
pub mod release_pinned;
pub mod release_stale;
