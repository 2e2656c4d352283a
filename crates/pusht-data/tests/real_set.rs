//! The public demonstration dataset, if `PUSHT_REFERENCE` points to it.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pusht_data::{ReplayBuffer, SimulatedSet, Simulation, open};
use pusht_jobs::JobContext;

/// The dataset in the folder of reference data.
fn real_set() -> Result<PathBuf, String> {
    Ok(test_support::reference()?.join("data/pusht/pusht_cchi_v7_replay.zarr"))
}

fn it_holds_what_numpy_reads(path: &Path) {
    let buffer = ReplayBuffer::open(path).unwrap();
    assert_eq!(buffer.len(), 206);
    assert_eq!(buffer.episode_ends()[..5], [161, 279, 420, 579, 738]);
    assert_eq!(buffer.actions().len(), 25_650);
    let lengths: Vec<usize> = (0..206).map(|e| buffer.rows(e).unwrap().len()).collect();
    assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&49), Some(&246)));
    let actions: f64 = buffer.actions().iter().flatten().map(|&x| f64::from(x)).sum();
    let states: f64 = buffer.states().unwrap().iter().flat_map(|s| s.to_row()).sum();
    assert_eq!(actions, 13_395_167.0);
    assert!((states - 26_755_516.915_192).abs() < 1e-5, "{states}");

    // The last two episodes: two chunks, the last one partly filled.
    let episodes = buffer.episodes(204..206, &mut JobContext::silent()).unwrap();
    let bytes = episodes.iter().flat_map(|e| &e.frames).flat_map(|f| f.as_raw().iter());
    assert_eq!(bytes.map(|&b| u64::from(b)).sum::<u64>(), 1_253_807_835);
    for episode in &episodes {
        episode.check().unwrap();
    }
}

fn all_episodes_follow_from_their_seed_and_actions(path: &Path) {
    let source = open(path).unwrap();
    let (set, difference) =
        SimulatedSet::recover(&source, 206, Simulation::DIFFUSION_POLICY, &mut JobContext::silent()).unwrap();
    assert_eq!((set.len(), difference.frames, difference.pixels), (206, 25_650, 0));
    assert!(difference.states <= 2e-5, "{difference:?}");
}

test_support::main!(real_set => [it_holds_what_numpy_reads, all_episodes_follow_from_their_seed_and_actions]);
