//! The program: hands its arguments to [`farrier`]'s command line and ends with the status that it gives.

use std::process::ExitCode;

fn main() -> ExitCode {
    farrier::cli::run(farrier::os::own::arguments()).into()
}
