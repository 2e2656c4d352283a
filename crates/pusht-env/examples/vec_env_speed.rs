//! Steps per second of 256 environments, for `crates/pusht-py/bench.py`:
//! `vec_env_speed FILE LENGTH state|pixels ROUNDS THREADS` plays the episodes of a file ROUNDS times in all of them and prints
//! JSON: by the clock, and by processor time where the system tells it. The file holds actions, pairs of little-endian f32,
//! LENGTH for each episode; episode i begins with seed i.
//!
//! `kept` is `VecEnv::step`, which keeps the observations; `arrays` is `VecEnv::step_into`, which writes them into one
//! array.
#![allow(clippy::print_stdout, reason = "the speed is the output")]

use std::error::Error;
use std::time::Instant;

use pusht_env::{Action, Autoreset, EnvConfig, Modality, ObsArrays, ObsSpec, VecEnv};

const ENVS: usize = 256;

/// What is played.
struct Play {
    seeds: Vec<u64>,
    /// For each step the actions of all environments.
    actions: Vec<Vec<Action>>,
    rounds: usize,
}

impl Play {
    fn new(file: &str, length: usize, rounds: usize) -> Result<Self, Box<dyn Error>> {
        let bytes = std::fs::read(file)?;
        let number = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let episodes = bytes.len() / (8 * length);
        let action = |env: usize, t: usize| {
            let at = 8 * ((env % episodes) * length + t);
            [number(at), number(at + 4)]
        };
        Ok(Self {
            seeds: (0..ENVS).map(|env| (env % episodes) as u64).collect(),
            actions: (0..length)
                .map(|t| (0..ENVS).map(|env| action(env, t)).collect())
                .collect(),
            rounds,
        })
    }

    /// Steps per second by the clock and by processor time, with resets.
    fn time(
        &self,
        envs: &mut VecEnv,
        mut step: impl FnMut(&mut VecEnv, &[Action]) -> Result<(), Box<dyn Error>>,
    ) -> Result<[f64; 2], Box<dyn Error>> {
        let mut begin = (Instant::now(), processor_time());
        for round in 0..=self.rounds {
            if round == 1 {
                begin = (Instant::now(), processor_time());
            }
            envs.reset_each(&self.seeds)?;
            for actions in &self.actions {
                step(envs, actions)?;
            }
        }
        let count = (self.rounds * self.actions.len() * ENVS) as f64;
        Ok([
            count / begin.0.elapsed().as_secs_f64(),
            count / (processor_time() - begin.1),
        ])
    }
}

/// Processor time of this process, s; 0 where the system does not tell it.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let times = after_name.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, length, kind, rounds, threads] = &words[..] else {
        return Err("expected: vec_env_speed FILE LENGTH state|pixels ROUNDS THREADS".into());
    };
    let modality = match kind.as_str() {
        "pixels" => Modality::Pixels,
        _ => Modality::State,
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let play = Play::new(file, length.parse()?, rounds.parse()?)?;
    let config = EnvConfig::gym_pusht().with_max_steps(None);
    let spec = ObsSpec { modality, history: 1 };
    let mut kept = VecEnv::new(ENVS, config, spec, Autoreset::NextStep)?;
    let kept = play.time(&mut kept, |envs, actions| {
        envs.step(actions).map(|_| ()).map_err(Into::into)
    })?;
    let mut envs = VecEnv::for_arrays(ENVS, config, modality, [96, 96], Autoreset::NextStep)?;
    let (mut states, mut pixels) = (vec![0.0; 5 * ENVS], vec![0; 96 * 96 * 3 * ENVS]);
    let arrays = play.time(&mut envs, |envs, actions| {
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
