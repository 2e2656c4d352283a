//! Rolls out a policy in 20 episodes and saves a video of the first.
//!
//! `cargo run --release --example rollout_policy -- runs/tracked/policy.safetensors`; without a file, the scripted
//! expert runs
#![allow(clippy::print_stdout, reason = "the scores are the output")]

use std::path::Path;

use anyhow::Result;
use bc_policy::BcPolicy;
use eval::{Protocol, RolloutConfig, RolloutScores, film, rollout};
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use pusht_jobs::JobContext;
use video_io::{VideoOptions, save_video};

fn main() -> Result<()> {
    let mut policy: Box<dyn Policy> = match std::env::args().nth(1) {
        Some(file) => Box::new(BcPolicy::load(Path::new(&file), &training::device("cpu")?)?),
        None => Box::new(ExpertPolicy::new(ExpertConfig::default())?),
    };
    let config = RolloutConfig {
        episodes: 20,
        ..RolloutConfig::of(Protocol::DiffusionPolicy)
    };
    let record = rollout(policy.as_mut(), &config, &mut JobContext::terminal()?)?;
    println!(
        "{}: {}",
        policy.name(),
        RolloutScores::from_record(&record, Protocol::DiffusionPolicy)?.summary()?
    );
    save_video("rollout.mp4", &film(&record, 0, 384)?, VideoOptions::default())?;
    Ok(())
}
