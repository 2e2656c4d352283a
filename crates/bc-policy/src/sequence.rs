//! States with actions: what the policy on tracked states learns from.

use pusht_data::Episode;
use pusht_env::{Action, Pose, State};

use crate::BcError;

/// The states and actions of one episode, row t before action t.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Tracked or recorded.
    pub states: Vec<State>,
    /// As many as states.
    pub actions: Vec<Action>,
    /// Where the T is to be pushed.
    pub goal: Pose,
}

impl Sequence {
    /// Refuses lengths that differ and numbers that are not finite; `episode` is its index, for the error.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, episode: usize) -> Result<(), BcError> {
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

/// The recorded states of episodes that have them; `None` for the first that has not.
pub fn recorded_sequences(episodes: &[Episode]) -> Option<Vec<Sequence>> {
    let sequence = |episode: &Episode| {
        Some(Sequence {
            states: episode.states.clone()?,
            actions: episode.actions.clone(),
            goal: episode.goal,
        })
    };
    episodes.iter().map(sequence).collect()
}
