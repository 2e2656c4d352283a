//! A small experiment.

use std::path::Path;

use pipeline::{Config, RunOptions};

/// The preset smoke with less of everything.
const LESS: [&str; 14] = [
    "seeds=[0]",
    "other_policies=[]",
    "demonstrations.episodes=3",
    "demonstrations.pool=3",
    "arms=['demo', 'demo-matched', 'generated', 'mixed', 'mixed-real', 'mixed-crossfade']",
    "policy.train.epochs=1",
    "policy.train.batch_size=16",
    "idm.learned.train.epochs=1",
    "rollout.episodes=2",
    "rollout.steps=10",
    "rollout.expert_episodes=0",
    "video.clips=3",
    "video.pixel.world.fit.epochs=0",
    "video.pixel.paths.fit={epochs=1, steps_per_epoch=2, batch_size=2, warmup_steps=1}",
];

/// That, with these settings over it.
pub fn config(more: &[&str]) -> Config {
    let settings: Vec<String> = LESS.iter().chain(more).map(ToString::to_string).collect();
    Config::load("smoke", None, &settings).unwrap()
}

/// A run in `out`.
pub fn options(out: &Path) -> RunOptions {
    RunOptions {
        overwrite: true,
        ..RunOptions::new(out)
    }
}
