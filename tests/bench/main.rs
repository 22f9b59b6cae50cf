//! farrier against its peers in one run.

fn main() {}
