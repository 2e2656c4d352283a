//! Compares the environment with recorded behaviour of the Python references.
//!
//! One line a comparison with its largest error; exits with 1 when one fails or a folder cannot be read.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use env_parity::{Check, Report, compare};

/// Compare the environment with recorded behaviour of gym-pusht and diffusion_policy.
#[derive(Parser)]
struct Args {
    /// Folders with recordings (rollouts.npz, coverage.npz, dp_resets.npz, dp_rollouts.npz, demo_replay.npz,
    /// renders96.npz, vis680.npz; those that are there are compared)
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let mut passed = true;
    for folder in Args::parse().folders {
        println!("{}", folder.display());
        match compare(&folder) {
            Ok(report) => passed &= print(&report),
            Err(error) => {
                eprintln!("error: {error}");
                passed = false;
            }
        }
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a report; whether everything passed.
fn print(report: &Report) -> bool {
    for check in &report.checks {
        let Check {
            name,
            values,
            error,
            limit,
        } = check;
        let word = if check.passed() { "ok  " } else { "FAIL" };
        println!("  {word} {name:<36} maximum error {error:<9.3e} limit {limit:<7.0e} {values} values");
    }
    for missing in &report.missing {
        println!("  --   {missing} is not there");
    }
    let failed = report.checks.iter().filter(|check| !check.passed()).count();
    println!(
        "  {} comparisons, {failed} failed, {} recordings not there",
        report.checks.len(),
        report.missing.len()
    );
    failed == 0
}
