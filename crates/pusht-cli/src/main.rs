#![doc = include_str!("../README.md")]

mod arguments;
mod cards;
mod cli;
mod commands;
mod data_options;
mod hub;
mod outcome;
mod policy_choice;
mod session;
mod world_choice;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // A closed pipe (`| head`) ends the program silently.
    sigpipe::reset();
    let cli = cli::Cli::parse();
    session::run(&cli.output, cli.command.resumes(), |session| cli.command.run(session))
}
