//! Steps 64 environments at once and prints the speed.
//!
//! `cargo run --release --example vector_env`
#![allow(clippy::print_stdout, reason = "the speed is the output")]

use std::time::Instant;

use pusht_env::{Autoreset, EnvConfig, Modality, ObsSpec, VecEnv};

const ENVS: usize = 64;
const STEPS: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = ObsSpec {
        modality: Modality::State,
        history: 1,
    };
    let mut envs = VecEnv::new(ENVS, EnvConfig::gym_pusht(), spec, Autoreset::NextStep)?;
    envs.reset(0)?;
    let (start, mut reward) = (Instant::now(), 0.0);
    for _ in 0..STEPS {
        // Every agent moves toward the T of its own environment.
        let states = envs.states();
        let actions: Vec<_> = states.iter().map(|s| [s.block.x as f32, s.block.y as f32]).collect();
        reward += envs.step(&actions)?.iter().map(|step| step.result.reward).sum::<f64>();
    }
    let steps = (ENVS * STEPS) as f64;
    println!(
        "{steps} steps, {:.0} per second, mean reward {:.3}",
        steps / start.elapsed().as_secs_f64(),
        reward / steps
    );
    Ok(())
}
