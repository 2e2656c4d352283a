//! Records demonstrations of the scripted expert and trains behavior cloning on them.
//!
//! `cargo run --release --example train_bc`
#![allow(clippy::print_stdout, reason = "the result is the output")]

use std::path::Path;

use anyhow::{Context, Result};
use bc_policy::{PolicyConfig, PolicyKind, evaluate, track_episodes};
use pusht_data::{Demonstrations, Episode, Simulation, Split, SplitProtocol, demonstrate};
use pusht_env::ExpertConfig;
use pusht_training::{JobContext, TrainSpec};

fn main() -> Result<()> {
    let mut ctx = JobContext::terminal()?;
    let demonstrations = Demonstrations {
        episodes: 20,
        first_seed: 0,
        max_steps: 300,
        simulation: Simulation::DIFFUSION_POLICY,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    let set = demonstrate("demos.jsonl", &demonstrations, &mut ctx)?;
    let mut episodes = set.episodes(0..set.len(), &mut ctx)?;
    // The policy will see tracked states when it acts, so it learns from those.
    track_episodes(&mut episodes)?;

    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, Split::SEED)?;
    let mut config = PolicyConfig::new(PolicyKind::TRACKED, 0);
    config.train.epochs = 2;
    let trained = TrainSpec::new(config).with_split(&episodes, &split).run(&mut ctx)?;
    let test = evaluate(&trained.model, &episodes, &split.test)?.context("no test episodes")?;
    println!("test error {:.0} px², R² {:.3}", test.mse, test.r2);
    trained.model.save(Path::new("policy.safetensors"))?;
    Ok(())
}
