//! What the policy takes out of observations.

use pusht_env::{Frame, State};

use super::saved::{KEYPOINTS, STATE};

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Picture(&'a Frame, [f32; STATE]),
    Corners([f32; KEYPOINTS], [f32; STATE]),
}

/// The corners of the T as the environment's observation has them: x and y alternating, bar before stem.
pub(super) fn corners(state: &State) -> [f32; KEYPOINTS] {
    let vertices = [
        pusht_env::bar_vertices(state.block),
        pusht_env::stem_vertices(state.block),
    ];
    let numbers = vertices.as_flattened().as_flattened();
    std::array::from_fn(|i| numbers[i] as f32)
}
