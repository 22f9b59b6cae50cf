//! Facts and findings as people and programs read them. All numbers, units, ages and cuts are made here.

pub mod columns;
pub mod compare;
pub mod json;
pub mod text;
pub mod veil;
pub mod words;
