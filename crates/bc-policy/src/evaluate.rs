//! How well a policy predicts labeled actions.

use std::borrow::Borrow;

use pusht_data::{Episode, FrameRef};
use pusht_env::Action;

use crate::fit::{ActionFit, regression_fit};
use crate::{BcError, BcPolicy};

/// How well a policy predicts the actions of the rows in `refs`; see [`predict`]. `None` when `refs` is empty.
///
/// # Errors
/// Rows that are not there, or a network that does not run.
pub fn evaluate<E: Borrow<Episode>>(
    policy: &BcPolicy,
    episodes: &[E],
    refs: &[FrameRef],
) -> Result<Option<ActionFit>, BcError> {
    let predictions = predict(policy, episodes, refs)?;
    let label = |r: &FrameRef| episodes[r.episode].borrow().actions[r.row];
    Ok(regression_fit(
        &predictions,
        &refs.iter().map(label).collect::<Vec<_>>(),
    ))
}

/// The action that a policy would take in each row of `refs` (as it is; transforms are ignored), seeing that row
/// alone, or with as many rows before it as it needs to see.
///
/// # Errors
/// Rows that are not there, or a network that does not run.
pub fn predict<E: Borrow<Episode>>(
    policy: &BcPolicy,
    episodes: &[E],
    refs: &[FrameRef],
) -> Result<Vec<Action>, BcError> {
    let episodes: Vec<&Episode> = episodes.iter().map(Borrow::borrow).collect();
    policy.predict_rows(&episodes, refs)
}
