//! Sequences of states and actions: training data of the policies on states.

use pusht_data::Episode;
use pusht_env::{Action, Pose, State};
use rayon::prelude::*;

use crate::error::BcError;
use crate::obs_source::track_states;

/// The states and actions of one episode, row t before action t.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sequence {
    /// Tracked or recorded.
    pub(crate) states: Vec<State>,
    /// As many as states.
    pub(crate) actions: Vec<Action>,
    /// Goal pose of the T.
    pub(crate) goal: Pose,
}

impl Sequence {
    /// Checks that the lengths agree and the numbers are finite; `episode` is the index for the error.
    ///
    /// # Errors
    /// The first defect.
    pub(crate) fn check(&self, episode: usize) -> Result<(), BcError> {
        if self.states.len() != self.actions.len() || self.states.is_empty() {
            return Err(BcError::Sequence {
                episode,
                states: self.states.len(),
                actions: self.actions.len(),
            });
        }
        let bad = |row, what| BcError::NotFinite { episode, row, what };
        for (row, (state, action)) in self.states.iter().zip(&self.actions).enumerate() {
            if !state.to_row().iter().all(|x| x.is_finite()) {
                return Err(bad(row, "state"));
            }
            if !action.iter().all(|x| x.is_finite()) {
                return Err(bad(row, "action"));
            }
        }
        Ok(())
    }
}

/// Episodes as sequences, with their own states if they have them, otherwise those that the tracker estimates.
///
/// # Errors
/// Those of [`crate::track_episodes`].
pub(crate) fn sequences(episodes: &[&Episode]) -> Result<Vec<Sequence>, BcError> {
    let sequence = |(index, episode): (usize, &&Episode)| {
        let states = match &episode.states {
            Some(states) => states.clone(),
            None => track_states(index, &episode.frames, episode.goal)?,
        };
        Ok(Sequence {
            states,
            actions: episode.actions.clone(),
            goal: episode.goal,
        })
    };
    episodes.par_iter().enumerate().map(sequence).collect()
}
