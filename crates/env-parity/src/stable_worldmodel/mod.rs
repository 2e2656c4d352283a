//! Recordings of stable-worldmodel's PushT: rollouts, pictures, draws.

mod frames;
mod note;
mod replay;
mod resets;
mod rollouts;

use std::path::Path;

use pusht_env::stable_worldmodel::{FactorValue, SwmError};

use crate::{Compare, ParityError};

/// The files of a folder. `rollouts.json` is needed beside the first two: it holds seeds and options of the resets.
pub(crate) const RECORDINGS: [(&str, Compare); 3] = [
    ("rollouts.npz", rollouts::compare),
    ("frames.npz", frames::compare),
    ("resets.npz", resets::compare),
];

/// Whether a folder is of this kind: that of gym-pusht has a `rollouts.npz`, too.
pub(crate) fn is_here(folder: &Path) -> bool {
    folder.join("frames.npz").exists() || folder.join("resets.npz").exists()
}

/// Turns an error of the environment into one of the comparison.
fn refused(path: &Path) -> impl Fn(SwmError) -> ParityError {
    move |error| ParityError::StableWorldmodel {
        path: path.to_owned(),
        source: Box::new(error),
    }
}

/// A factor's value as the package's numbers.
fn numbers(value: FactorValue) -> Vec<f64> {
    use FactorValue as V;
    match value {
        V::AgentAngle(x) | V::BlockAngle(x) | V::GoalAngle(x) => vec![x],
        V::AgentColor(c) | V::BlockColor(c) | V::GoalColor(c) | V::BackgroundColor(c) => c.map(f64::from).to_vec(),
        V::AgentScale(s) | V::BlockScale(s) | V::GoalScale(s) => vec![s.value()],
        V::AgentShape(shape) | V::BlockShape(shape) => vec![f64::from(shape.index())],
        V::AgentStartPosition(p) | V::BlockStartPosition(p) | V::GoalPosition(p) | V::AgentVelocity(p) => p.to_vec(),
        V::RenderGoal(shown) => vec![f64::from(u8::from(shown))],
    }
}
