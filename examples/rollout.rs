//! Rolls a policy out and prints its scores under a named protocol.
#![allow(clippy::print_stdout, reason = "the scores are the output")]

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use bc_policy::BcPolicy;
use clap::Parser;
use eval::{Protocol, RandomTarget, RolloutConfig, RolloutRecord, Scores, StandStill, film, rollout};
use indicatif::{ProgressBar, ProgressStyle};
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use video_io::{Format, VideoOptions, save_video};

/// Rolls a policy out in closed loop, from diffusion_policy's start seeds 100000, 100001, … with its legacy reset.
#[derive(Parser)]
struct Args {
    /// `still`, `random`, `expert`, or the file of a trained policy.
    #[arg(long, value_name = "still|random|expert|FILE")]
    policy: String,
    /// `paper`: 100 episodes of 200 steps; `diffusion-policy`: 50 episodes of 300 steps.
    #[arg(long, value_name = "NAME", default_value = "paper", value_parser = protocol)]
    protocol: Protocol,
    /// Other than the protocol's number of episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Other than the protocol's limit of steps.
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Seed of the first start; the others follow it.
    #[arg(long, value_name = "N", default_value_t = eval::FIRST_START_SEED)]
    first_start: u64,
    /// Seed of what the policy itself draws (`random`).
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Device of a trained policy: cpu, cuda or wgpu.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Keeps the roll-outs, step by step: scores under every protocol and films follow from this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Films one episode: .mp4, .gif, or a folder of PNG files.
    #[arg(long, value_name = "FILE")]
    save_video: Option<PathBuf>,
    /// The episode to film, from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    film: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let protocol = RolloutConfig::of(args.protocol);
    let config = RolloutConfig {
        episodes: args.episodes.unwrap_or(protocol.episodes),
        steps: args.steps.unwrap_or(protocol.steps),
        first_seed: args.first_start,
        ..protocol
    };
    if let Some(path) = &args.save_video {
        Format::of(path)?;
        if args.film >= config.episodes {
            bail!(
                "--film {}: there are {} episodes, counted from 0",
                args.film,
                config.episodes
            );
        }
    }
    let mut policy = policy(&args)?;
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} steps {eta}")?);
    let record = rollout(policy.as_mut(), &config, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if let Some(path) = &args.json {
        record.write(path)?;
    }
    print(&record, args.protocol)?;
    if let Some(path) = &args.save_video {
        let options = VideoOptions { fps: 10, scale: 1 };
        save_video(path, &film(&record, args.film, 384)?, options)?;
        println!("film of episode {}: {}", args.film, path.display());
    }
    Ok(())
}

fn policy(args: &Args) -> Result<Box<dyn Policy>> {
    Ok(match args.policy.as_str() {
        "still" => Box::new(StandStill::default()),
        "random" => Box::new(RandomTarget::new(args.seed)),
        "expert" => Box::new(ExpertPolicy::new(ExpertConfig::default())?),
        file => {
            let device = training::device(&args.device)?;
            let why = || format!("--policy {file}: neither still, random nor expert, and not the file of a policy");
            Box::new(BcPolicy::load(file.as_ref(), &device).with_context(why)?)
        }
    })
}

fn print(record: &RolloutRecord, protocol: Protocol) -> Result<()> {
    let scores = Scores::with_limit(record, protocol, record.steps)?.summary()?;
    let changed = if scores.as_prescribed { "" } else { " (changed)" };
    let (episodes, steps) = (scores.episodes, scores.steps);
    println!(
        "{}: protocol {protocol}{changed}, {episodes} episodes, at most {steps} steps",
        record.policy
    );
    for (name, value) in [
        ("mean reward per step", scores.mean_reward),
        ("  over executed steps only", scores.mean_reward_executed),
        ("maximum reward", scores.max_reward),
        ("final coverage", scores.final_coverage),
        ("solved (coverage > 0.95)", scores.solved),
        ("T within 20 px and 20°", scores.pose_reached),
    ] {
        println!(
            "{name:<28} {:.4}  95 % interval {:.4} to {:.4}",
            value.mean, value.low, value.high
        );
    }
    Ok(())
}

fn protocol(name: &str) -> Result<Protocol, String> {
    Protocol::from_name(name).ok_or_else(|| format!("expected one of {:?}", Protocol::ALL.map(Protocol::name)))
}
