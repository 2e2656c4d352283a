//! Rolls a policy out and prints its scores under a named protocol.
#![allow(clippy::print_stdout, reason = "the scores are the output")]

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use bc_policy::{BcPolicy, Sees};
use clap::Parser;
use eval::{Protocol, RandomTarget, RolloutConfig, RolloutPart, Scores, StandStill, film, rollout};
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use pusht_jobs::{JobContext, Shard};
use video_io::{Format, VideoOptions, save_video};

/// Rolls a policy out in closed loop, from diffusion_policy's start seeds 100000, 100001, … with its legacy reset.
#[derive(Parser)]
struct Args {
    /// `still`, `random`, `expert`, the file of a trained policy, or a folder with a diffusion policy of LeRobot's.
    #[arg(long, value_name = "still|random|expert|FILE|DIR")]
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
    /// What a policy on states looks at: `frames`, which it tracks, or the simulator's `state`; by default `tracked` sees
    /// frames and `diffusion-lowdim` the state.
    #[arg(long, value_name = "frames|state", value_parser = sees)]
    sees: Option<Sees>,
    /// Device of a trained policy: cpu, cuda or wgpu.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Only part I of N of the episodes; --json gets a file that the example merge joins with those of the other parts.
    #[arg(long, value_name = "I/N", requires = "json", conflicts_with = "save_video")]
    shard: Option<Shard>,
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

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let protocol = RolloutConfig::of(args.protocol);
    let config = RolloutConfig {
        episodes: args.episodes.unwrap_or(protocol.episodes),
        steps: args.steps.unwrap_or(protocol.steps),
        first_seed: args.first_start,
        ..protocol
    };
    config.check()?;
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
    let mut ctx = JobContext::terminal()?;
    if let (Some(shard), Some(path)) = (args.shard, &args.json) {
        let part = RolloutPart::roll(policy.as_mut(), &config, shard, &made_by(&args)?, &mut ctx)?;
        part.write(path)?;
        println!(
            "part {shard} of {} episodes of {} in {}",
            config.episodes,
            part.record.policy,
            path.display()
        );
        return Ok(());
    }
    let record = rollout(policy.as_mut(), &config, &mut ctx)?;
    if let Some(path) = &args.json {
        record.write(path)?;
    }
    let scores = Scores::with_limit(&record, args.protocol, record.steps)?.summary()?;
    println!("{}: {scores}", record.policy);
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
            if !Path::new(file).exists() {
                bail!("--policy {file}: no such file; expected still, random, expert or the file of a trained policy");
            }
            let policy = BcPolicy::load(file.as_ref(), &device)?;
            Box::new(match args.sees {
                Some(sees) => policy.seeing(sees),
                None => policy,
            })
        }
    })
}

/// What the actions follow from besides the starts, so that parts of other policies do not join.
fn made_by(args: &Args) -> Result<String> {
    let policy = match args.policy.as_str() {
        name @ ("still" | "random" | "expert") => name.to_owned(),
        file => format!("a file with CRC-32C {:08x}", checksum(Path::new(file))?),
    };
    Ok(format!("{policy}, seed {}, sees {:?}", args.seed, args.sees))
}

/// Of a file, or of the files of a folder (a policy of LeRobot's) in the order of their names.
fn checksum(path: &Path) -> Result<u32> {
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
        files = entries
            .iter()
            .map(std::fs::DirEntry::path)
            .filter(|p| p.is_file())
            .collect();
        files.sort();
    }
    let mut sum = 0;
    for file in &files {
        sum = crc32c::crc32c_append(sum, &std::fs::read(file)?);
    }
    Ok(sum)
}

fn protocol(name: &str) -> Result<Protocol, String> {
    Protocol::from_name(name).ok_or_else(|| format!("expected one of {:?}", Protocol::ALL.map(Protocol::name)))
}

fn sees(name: &str) -> Result<Sees, String> {
    match name {
        "frames" => Ok(Sees::Frames),
        "state" => Ok(Sees::State),
        _ => Err("expected frames or state".to_owned()),
    }
}
