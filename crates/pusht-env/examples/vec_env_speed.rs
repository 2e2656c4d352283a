//! Steps per second of 256 environments, for `crates/pusht-py/bench.py`: `vec_env_speed state|pixels STEPS THREADS` steps
//! all of them STEPS times and prints JSON: by the clock, and by processor time where the system tells it.
//!
//! `kept` is `VecEnv::step`, which keeps the observations; `arrays` is `VecEnv::step_into`, which writes them into one
//! array.
#![allow(clippy::print_stdout, reason = "the speed is the output")]

use std::error::Error;
use std::time::Instant;

use pusht_env::{Action, Autoreset, EnvConfig, Modality, ObsArrays, ObsSpec, VecEnv};

const ENVS: usize = 256;

/// Actions that push the T in some environments and not in others.
fn actions(t: usize) -> Vec<Action> {
    (0..ENVS)
        .map(|env| {
            let angle = ((env * 7 + t) as f64 * 0.37) % std::f64::consts::TAU;
            [256.0 + 150.0 * angle.cos(), 256.0 + 150.0 * (1.3 * angle).sin()].map(|c| c as f32)
        })
        .collect()
}

/// Processor time of this process, s; 0 where the system does not tell it.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let times = after_name.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn timed(
    steps: usize,
    mut step: impl FnMut(&[Action]) -> Result<(), Box<dyn Error>>,
) -> Result<[f64; 2], Box<dyn Error>> {
    let all: Vec<Vec<Action>> = (0..50).map(actions).collect();
    for actions in &all {
        step(actions)?;
    }
    let (clock, processor) = (Instant::now(), processor_time());
    for t in 0..steps {
        step(&all[t % all.len()])?;
    }
    let count = (steps * ENVS) as f64;
    Ok([
        count / clock.elapsed().as_secs_f64(),
        count / (processor_time() - processor),
    ])
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "expected: vec_env_speed state|pixels STEPS THREADS";
    let mut words = std::env::args().skip(1);
    let modality = match words.next().as_deref() {
        Some("state") => Modality::State,
        Some("pixels") => Modality::Pixels,
        _ => return Err(usage.into()),
    };
    let steps: usize = words.next().ok_or(usage)?.parse()?;
    let threads: usize = words.next().ok_or(usage)?.parse()?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let config = EnvConfig::gym_pusht();
    let mut kept = VecEnv::new(ENVS, config, ObsSpec { modality, history: 1 }, Autoreset::NextStep)?;
    let kept = timed(steps, |actions| kept.step(actions).map(|_| ()).map_err(Into::into))?;
    let mut envs = VecEnv::for_arrays(ENVS, config, modality, [96, 96], Autoreset::NextStep)?;
    let (mut states, mut pixels) = (vec![0.0; 5 * ENVS], vec![0; 96 * 96 * 3 * ENVS]);
    let arrays = timed(steps, |actions| {
        let targets: Vec<[f64; 2]> = actions.iter().map(|a| a.map(f64::from)).collect();
        let out = match modality {
            Modality::State => ObsArrays::State(&mut states),
            _ => ObsArrays::Pixels(&mut pixels),
        };
        envs.step_into(&targets, out).map(|_| ()).map_err(Into::into)
    })?;
    let json = |[clock, processor]: [f64; 2]| format!("{{\"clock\": {clock:.0}, \"processor\": {processor:.0}}}");
    println!("{{\"kept\": {}, \"arrays\": {}}}", json(kept), json(arrays));
    Ok(())
}
