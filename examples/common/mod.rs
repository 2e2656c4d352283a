//! What every example shares: how it begins and ends.

use std::process::ExitCode;

/// Runs; an error and its causes are printed on one line and fail. Causes that an error already quotes are left out, and
/// there is never a backtrace: what goes wrong here is what was typed or what lies on the disk. A reader of the output that
/// goes away (`| head`) ends the program without a word.
pub fn exit(run: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    sigpipe::reset();
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    eprintln!("error: {text}");
    ExitCode::FAILURE
}
