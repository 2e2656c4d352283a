//! Human demonstrations replayed from their pixels alone.

#![allow(clippy::unwrap_used, reason = "a test")]

use clip_audit::{ReplaySummary, replay};
use pusht_jobs::JobContext;
use pusht_vision::{ActionSmoother, InitialMotion, Tracker};
use std::path::Path;
use traj_metrics::Bootstrap;

fn demonstrations_are_reproduced(reference: &Path) {
    let path = reference.join("data/pusht/pusht_cchi_v7_replay.zarr");
    let source = pusht_data::open(&path).unwrap();
    let replays: Vec<_> = source
        .episodes(4..16, &mut JobContext::silent())
        .unwrap()
        .into_iter()
        .map(|episode| {
            let track = Tracker::new(episode.goal)
                .unwrap()
                .track_video(&episode.frames)
                .unwrap();
            let agents: Vec<_> = track.iter().map(|t| t.agent).collect();
            let actions = ActionSmoother::default()
                .smooth(&agents, InitialMotion::Rest)
                .unwrap()
                .actions;
            replay(&track, &actions, InitialMotion::Rest, episode.goal).unwrap()
        })
        .collect();
    let summary = ReplaySummary::of(&replays, &Bootstrap::default()).unwrap();
    assert_eq!((summary.replays, summary.diverged), (12, 0));
    assert!(summary.coverage.error.value < 0.02, "{:?}", summary.coverage);
    assert!(summary.own_goal.value > 0.95, "{:?}", summary.own_goal);
}

test_support::main!(test_support::reference => [demonstrations_are_reproduced]);
