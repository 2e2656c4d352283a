//! What every example shares: how it ends.

use std::process::ExitCode;

/// Prints an error and its causes on one line and fails. Causes that an error already quotes are left out, and there is
/// never a backtrace: what goes wrong here is what was typed or what lies on the disk.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
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
