//! Draws the report of a finished run anew.

#![allow(clippy::print_stdout)]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Draws report.html of a finished run anew from its report.json and pictures.
#[derive(Parser)]
struct Args {
    /// Folder of the run, such as runs/cpu
    run: PathBuf,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let report = pipeline::draw_report(&args.run)?;
    println!(
        "{}\n\nreport: {}",
        report.verdict.sentence(),
        args.run.join("report.html").display()
    );
    Ok(())
}
