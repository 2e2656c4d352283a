//! Compares models with recorded tensors of the published implementations.
//!
//! One line a tensor with its relative error; exits with 1 when one is over its limit or a folder cannot be compared.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use model_parity::{Report, compare};

/// Compare models with recorded tensors of the published implementations.
#[derive(Parser)]
struct Args {
    /// Folders with config.json, io.safetensors and weights.safetensors (or its index and shards)
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where to compute: cpu, or cuda and wgpu where they are compiled in
    #[arg(long, default_value = "cpu")]
    device: String,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let device = training::device(&args.device).context("--device")?;
    // Each crate's models; a folder names its own.
    let models = [
        unified_video_action::parity::MODELS,
        model_parity::FLOW_MODELS,
        t5_encoder::parity::MODELS,
        ltx_video::parity::MODELS,
        cosmos_predict::parity::MODELS,
    ]
    .concat();
    let mut passed = true;
    for folder in args.folders {
        println!("{}", folder.display());
        match compare(&folder, &models, &device) {
            Ok(report) => passed &= print(&report),
            Err(error) => {
                eprintln!("error: {error}");
                passed = false;
            }
        }
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a report; whether everything passed.
fn print(report: &Report) -> bool {
    println!("  {}", report.model);
    for check in &report.checks {
        println!("  {check}");
    }
    for name in &report.unused {
        println!("  --   {name} is recorded but not compared");
    }
    let failed = report.checks.iter().filter(|check| !check.passed()).count();
    println!("  {} tensors, {failed} over their limit", report.checks.len());
    report.passed()
}
