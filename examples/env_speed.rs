//! Replays recorded actions as fast as possible; `benches/compare_gym_pusht.py` runs it beside the Python package.

#![allow(clippy::print_stdout)]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pusht_env::{Action, EnvConfig, Modality, Observer, PushT};
use serde_json::json;

/// Time the environment on recorded actions and print the speeds as JSON.
#[derive(Parser)]
struct Args {
    /// Actions of all episodes, one after the other: float32, little-endian, x and y
    #[arg(long)]
    actions: PathBuf,
    /// Steps of an episode; episode i starts from seed i
    #[arg(long)]
    steps: usize,
    /// Seconds to measure each of the two kinds of observations
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let bytes = std::fs::read(&args.actions).with_context(|| format!("cannot read {}", args.actions.display()))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    ensure!(
        rest.is_empty() && args.steps > 0 && !numbers.is_empty() && numbers.len() % (2 * args.steps) == 0,
        "{} holds {} bytes; expected a multiple of {} (steps × x, y × 4 bytes)",
        args.actions.display(),
        bytes.len(),
        8 * args.steps
    );
    let number = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
    let actions: Vec<Action> = numbers
        .chunks_exact(2)
        .map(|xy| [number(&xy[0]), number(&xy[1])])
        .collect();
    let episodes: Vec<&[Action]> = actions.chunks(args.steps).collect();
    let budget = Duration::from_secs_f64(args.seconds);

    let (state, last) = steps_per_second(&episodes, Modality::State, budget)?;
    let (pixels, _) = steps_per_second(&episodes, Modality::Pixels, budget)?;
    println!("{}", json!({ "state": state, "pixels": pixels, "last_states": last }));
    Ok(())
}

/// Steps a second with the observation after each, and the last state of every episode.
fn steps_per_second(episodes: &[&[Action]], modality: Modality, budget: Duration) -> Result<(f64, Vec<[f64; 5]>)> {
    let config = EnvConfig::gym_pusht();
    let mut env = PushT::new(config)?;
    let mut observer = Observer::new(modality, &config);
    let mut observation = observer.observe(&env);
    let mut last = Vec::new();
    let (mut steps, begin) = (0, Instant::now());
    while steps == 0 || begin.elapsed() < budget {
        last.clear();
        for (seed, actions) in episodes.iter().enumerate() {
            env.reset(seed as u64)?;
            for &action in *actions {
                env.step(action)?;
                observer.observe_into(&env, &mut observation);
            }
            steps += actions.len();
            last.push(env.state().to_row());
        }
    }
    Ok((steps as f64 / begin.elapsed().as_secs_f64(), last))
}
