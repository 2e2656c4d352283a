//! Recordings of stable-worldmodel's PushT: rollouts, pictures, draws.

mod frames;
mod note;
mod replay;
mod resets;
mod rollouts;

use std::path::Path;

use pusht_env::stable_worldmodel::SwmError;

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
