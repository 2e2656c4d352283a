//! Evaluation of policies on labeled actions.

use std::borrow::Borrow;

use pusht_data::{Episode, FrameRef};
use pusht_env::Action;

use crate::fit::{ActionFit, regression_fit};
use crate::{BcError, BcPolicy};

/// Measures how well a policy predicts the actions of the rows in `refs`; see [`predict`]. `None` if `refs` is empty.
///
/// # Errors
/// Missing rows, or a network that fails.
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

/// Predicts the action of a policy in each row of `refs` (transforms are ignored), from that row and the earlier rows
/// that the policy needs.
///
/// # Errors
/// Missing rows, or a network that fails.
pub fn predict<E: Borrow<Episode>>(
    policy: &BcPolicy,
    episodes: &[E],
    refs: &[FrameRef],
) -> Result<Vec<Action>, BcError> {
    let episodes: Vec<&Episode> = episodes.iter().map(Borrow::borrow).collect();
    policy.predict_rows(&episodes, refs)
}
