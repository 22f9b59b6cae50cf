//! Plans, gates and the runner, on boxes built by hand and with hands that send nothing.

mod at_work;
mod commands;
mod following;
mod gate;
mod named;
mod next;
mod planning;
mod running;
mod shop;
mod targets;
mod whole;
