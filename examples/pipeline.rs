//! Runs the experiment: does generated data help a PushT policy?

#![allow(clippy::print_stdout)]

#[path = "common/command.rs"]
mod command;
mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use pipeline::{Config, RunOptions, Selection};
use pusht_jobs::JobContext;

/// Runs the experiment and writes report.html and report.json. Finished stages are kept: the same command goes on where
/// it was stopped, and skips what is done.
#[derive(Parser)]
struct Args {
    /// smoke (under a minute, means nothing), cpu (two cores, under ten minutes), strong (a policy that solves the task, hours
    /// on two cores), paper (a GPU)
    #[arg(long, default_value = "cpu")]
    preset: String,
    /// TOML file whose settings are laid over the preset
    #[arg(long)]
    config: Option<PathBuf>,
    /// One setting over preset and file, for example --set video.clips=120; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of make_demos; without it the expert plays some
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder of the run [default: runs/NAME]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where --out holds a finished run with other settings: make anew what they change
    #[arg(long)]
    overwrite: bool,
    /// cpu, cuda, cuda:1 or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Stop when this stage is finished: clips, policies, …
    #[arg(long, value_name = "STAGE", conflicts_with = "only")]
    until: Option<String>,
    /// Run this stage alone, from what is finished already: clips, report, …
    #[arg(long, value_name = "STAGE")]
    only: Option<String>,
    /// First training seed of every arm; as many follow it as the preset has
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut config = Config::load(&args.preset, args.config.as_deref(), &args.settings)?;
    if let Some(first) = args.seed {
        let seeds = (0..config.seeds.len() as u64).map(|i| first.checked_add(i));
        let seeds: Option<Vec<u64>> = seeds.collect();
        config.seeds = seeds.with_context(|| {
            let count = config.seeds.len();
            format!("--seed {first}: {count} seeds from there on go beyond 64 bits; choose a smaller one")
        })?;
    }
    let out = args.out.unwrap_or_else(|| PathBuf::from("runs").join(&config.name));
    let mut ctx = JobContext::terminal()?;
    let options = RunOptions {
        data: args.data,
        out: out.clone(),
        overwrite: args.overwrite,
        device: args.device,
        command: command::command("pipeline"),
    };
    let part = match (args.until, args.only) {
        (Some(stage), _) => Selection::Until(stage),
        (_, Some(stage)) => Selection::Only(stage),
        _ => Selection::All,
    };
    let Some(report) = pipeline::run_part(&config, &options, part, &mut ctx)? else {
        println!("\nfinished as far as was asked: {}", out.display());
        return Ok(());
    };
    println!();
    for comparison in report.verdict.comparisons() {
        println!("{comparison}");
    }
    println!("\nwhat that means: {}", out.join("report.html").display());
    Ok(())
}
