//! Makes demonstrations with the expert.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use pusht_data::{Demonstrations, Simulation, demonstrate, demonstrate_part};
use pusht_env::ExpertConfig;
use pusht_jobs::{JobContext, Shard};

/// Makes demonstrations with the expert, as a file of starts and actions from which frames are simulated anew.
///
/// A killed run goes on with the same command. The result does not depend on the number of threads.
#[derive(Parser)]
struct Args {
    /// Number of episodes.
    #[arg(long, value_name = "N", default_value_t = 60)]
    episodes: usize,
    /// Start seed of the first episode; the others follow one by one. Roll-outs are scored from 100000 on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The file to write, by convention .jsonl.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Longest episode; an episode ends earlier with success.
    #[arg(long, value_name = "N", default_value_t = 300)]
    steps: usize,
    /// Threads; 0: as many as there are cores.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Only part I of N of the episodes, as a file that the example merge joins with those of the other parts.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Whose starts and pictures.
    #[arg(long, value_name = "NAME", default_value = "diffusion-policy")]
    environment: Environment,
}

#[derive(Clone, Copy, ValueEnum)]
enum Environment {
    GymPusht,
    DiffusionPolicy,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let there = args.out.exists();
    let mut ctx = JobContext::terminal()?;
    let what = Demonstrations {
        episodes: args.episodes,
        first_seed: args.seed,
        max_steps: args.steps,
        simulation: match args.environment {
            Environment::GymPusht => Simulation::GYM_PUSHT,
            Environment::DiffusionPolicy => Simulation::DIFFUSION_POLICY,
        },
        expert: ExpertConfig::default(),
        threads: args.threads,
    };
    if let Some(part) = args.shard {
        demonstrate_part(&args.out, &what, part, &mut ctx)?;
        let already = if there { ", already there" } else { "" };
        eprintln!(
            "part {part} of {} episodes in {}{already}",
            args.episodes,
            args.out.display()
        );
        return Ok(());
    }
    let set = demonstrate(&args.out, &what, &mut ctx)?;
    if there {
        eprintln!("{} was already there, made with the same settings", args.out.display());
    }
    let (mut best, mut steps) = (0.0, 0);
    for recipe in set.recipes() {
        let rewards = recipe.rewards(&set.simulation)?;
        steps += rewards.len();
        best += rewards.into_iter().fold(0.0, f64::max);
    }
    let n = set.len() as f64;
    eprintln!(
        "{} episodes in {}: mean maximum reward {:.3}, mean length {:.0} steps",
        set.len(),
        args.out.display(),
        best / n,
        steps as f64 / n
    );
    Ok(())
}
