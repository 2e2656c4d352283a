//! States with actions: what the policy on tracked states learns from.

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
    /// Where the T is to be pushed.
    pub(crate) goal: Pose,
}

impl Sequence {
    /// Refuses lengths that differ and numbers that are not finite; `episode` is its index, for the error.
    ///
    /// # Errors
    /// The first thing that is wrong.
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

/// Episodes as sequences: their own states where they have them, else those that the tracker reads from their frames.
///
/// # Errors
/// What [`crate::track_episodes`] meets.
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
