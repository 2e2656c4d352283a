//! States without images are the states of the episodes.
#![allow(clippy::unwrap_used)]

use pusht_data::{SeededTrajectory, SimulatedSet, Simulation, Source, Start, open};

fn check(source: &Source) {
    for index in 0..source.len() {
        let episode = source.episode(index).unwrap();
        assert!(episode.states.is_some());
        assert_eq!(source.states(index).unwrap(), episode.states);
    }
    assert!(source.states(source.len()).is_err());
}

#[test]
fn of_simulated_episodes() {
    let trajectory = |seed| SeededTrajectory::new(Start::Seed(seed), vec![[200.0, 250.0 + seed as f32]; 12]);
    let trajectories = (0..3).map(trajectory).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.jsonl");
    SimulatedSet::new("test", "constant", Simulation::GYM_PUSHT, trajectories)
        .unwrap()
        .save(&path)
        .unwrap();
    check(&open(&path).unwrap());
}

#[cfg(feature = "zarr")]
#[test]
fn of_a_replay_buffer() {
    check(&open(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replay_buffer.zarr")).unwrap());
}
