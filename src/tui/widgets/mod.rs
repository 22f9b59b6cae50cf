//! The parts that a screen is put together from.

pub mod bar;
pub mod cells;
pub mod dialog;
pub mod footer;
pub mod headline;
pub mod menu;
pub mod palette;
pub mod pane;
pub mod sheet;
pub mod tabs;
pub mod tiny;
