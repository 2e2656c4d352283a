#![doc = include_str!("../README.md")]

mod cards;
mod cli;
mod commands;
mod outcome;
mod session;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// The first argument that is not UTF-8. Videos are left to the commands, which refuse one and go on with the others.
fn not_text() -> Option<OsString> {
    let mut option = OsString::new();
    std::env::args_os().skip(1).find(|argument| {
        if argument.as_encoded_bytes().starts_with(b"--") {
            option.clone_from(argument);
        }
        argument.to_str().is_none() && option != "--video"
    })
}

fn main() -> ExitCode {
    // A closed pipe (`| head`) ends the program silently.
    sigpipe::reset();
    if let Some(argument) = not_text() {
        eprintln!("error: {argument:?} is not UTF-8, so results cannot name it; rename the file or folder");
        return ExitCode::from(2);
    }
    let cli = cli::Cli::parse();
    session::run(&cli.output, cli.command.resumes(), |session| cli.command.run(session))
}
