//! Runs the default experiment: does generated video help a policy? Writes runs/cpu/report.html.
//!
//! `cargo run --release --example pipeline -- --preset smoke` runs every stage in under a minute. `pusht experiment`
//! has all options.
#![allow(clippy::print_stdout, reason = "the verdict is the output")]

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use pipeline::{Config, RunOptions};
use pusht_jobs::JobContext;

#[derive(Parser)]
struct Args {
    /// smoke, cpu, strong or paper
    #[arg(long, default_value = "cpu")]
    preset: String,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 dataset or a file of `pusht demos record`; without it, the
    /// expert records some
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder of the run [default: runs/PRESET]
    #[arg(long)]
    out: Option<PathBuf>,
    /// cpu, cuda, wgpu or auto
    #[arg(long, default_value = "cpu")]
    device: String,
}

/// How this program is started, for the report.
const COMMAND: &str = "cargo run --release --example pipeline --";

fn main() -> Result<()> {
    let args = Args::parse();
    let config = Config::load(&args.preset, None, &[])?;
    let out = args.out.unwrap_or_else(|| PathBuf::from("runs").join(&config.name));
    let options = RunOptions {
        data: args.data,
        device: args.device,
        command: std::env::args()
            .skip(1)
            .fold(COMMAND.to_owned(), |all, one| all + " " + &one),
        ..RunOptions::new(&out)
    };
    let report = pipeline::run(&config, &options, &mut JobContext::terminal()?)?;
    for comparison in report.verdict.comparisons() {
        println!("{comparison}");
    }
    println!("\nwhat that means: {}", out.join("report.html").display());
    Ok(())
}
