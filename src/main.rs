//! The program: hands its arguments to [`farrier`]'s command line and ends with the status that it gives.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = farrier::os::own::arguments();
    // farrier starts itself as the reader of what may never answer: before anything else is set up.
    if let [_, first, proc] = arguments.as_slice()
        && first == farrier::os::live::READER
    {
        return farrier::os::live::serve(proc.as_ref()).into();
    }
    if let [_, first, words @ ..] = arguments.as_slice()
        && first == farrier::os::porter::PORTER
    {
        return farrier::os::porter::serve(words).into();
    }
    farrier::cli::run(arguments).into()
}
