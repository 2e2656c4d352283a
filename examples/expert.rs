//! Measures the expert: how well it does, how it moves and how long it thinks.

#![allow(clippy::print_stdout)]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pusht_env::{EnvConfig, Expert, ExpertConfig};
use serde_json::json;
use traj_metrics::{MeanSd, SequenceMeasures, Summary, to_points};

/// Let the expert play episodes of diffusion_policy's environment on one core and print what it reaches.
#[derive(Parser)]
struct Args {
    /// Seed of the first episode; the next ones follow
    #[arg(long, default_value_t = 100_000)]
    first_seed: u64,
    /// Number of episodes
    #[arg(long, default_value_t = 50)]
    episodes: u64,
    /// Longest episode
    #[arg(long, default_value_t = 300)]
    steps: usize,
    /// Seed of the planner
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the figures here as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    ensure!(
        args.episodes > 0 && args.steps > 3,
        "nothing to measure: ask for an episode and at least 4 steps"
    );
    let expert = Expert::new(ExpertConfig {
        seed: args.seed,
        ..ExpertConfig::default()
    })?;
    let (mut rewards, mut lengths, mut seconds, mut successes) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
    let (mut actions, mut steps) = (Vec::new(), Vec::new());
    for seed in args.first_seed..args.first_seed + args.episodes {
        let begin = Instant::now();
        let episode = expert.demonstrate(EnvConfig::diffusion_policy(true), seed, args.steps)?;
        seconds.push(begin.elapsed().as_secs_f64());
        rewards.push(episode.max_reward());
        lengths.push(episode.actions.len() as f64);
        successes += u64::from(episode.success);
        let points = to_points(&episode.actions);
        steps.extend(points.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])));
        if points.len() > 3 {
            actions.push(points);
        }
    }
    let motion = SequenceMeasures::of(&actions)?;
    let (length, time) = (Summary::of(&lengths)?, Summary::of(&seconds)?);
    let figures = json!({
        "environment": "diffusion_policy, legacy reset",
        "first_seed": args.first_seed,
        "episodes": args.episodes,
        "steps": args.steps,
        "planner_seed": args.seed,
        "max_reward": MeanSd::of(&rewards)?,
        "success_rate": successes as f64 / args.episodes as f64,
        "episode_length": length,
        "action_step": Summary::of(&steps)?,
        "velocity": motion.velocity,
        "acceleration": motion.acceleration,
        "jerk": motion.jerk,
        "velocity_autocorrelation": motion.velocity_autocorrelation,
        "seconds_per_episode": time,
    });
    println!("{}", serde_json::to_string_pretty(&figures)?);
    if let Some(path) = args.json {
        std::fs::write(&path, serde_json::to_string_pretty(&figures)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
