//! Rows of sequences, with their earlier states and later actions.

use pusht_data::FrameRef;
use pusht_env::State;

use crate::diffusion::config::DiffusionConfig;
use crate::error::BcError;
use crate::features::View;
use crate::sequence::Sequence;

/// A training row: the latest observation of a sequence, with its view.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) sequence: &'a Sequence,
    pub(super) at: usize,
    pub(super) view: View,
}

impl<'a> Row<'a> {
    /// The last `count` states up to the row; before the start the first state is repeated.
    pub(super) fn states(&self, count: usize) -> impl Iterator<Item = &'a State> + use<'a> {
        let Self { sequence, at, .. } = *self;
        (0..count).map(move |k| &sequence.states[(at + 1 + k).saturating_sub(count)])
    }

    /// Offsets from the agent of the actions from the oldest observation on; outside the episode the first or last
    /// action is repeated.
    pub(super) fn offsets(&self, config: &DiffusionConfig) -> impl Iterator<Item = [f64; 2]> {
        let Self { sequence, at, view } = *self;
        let (before, last) = (config.n_obs_steps - 1, sequence.actions.len() - 1);
        let agent = sequence.states[at].agent;
        (0..config.horizon)
            .map(move |k| view.offset(agent, sequence.actions[(at + k).saturating_sub(before).min(last)]))
    }
}

/// The rows in `refs`.
pub(super) fn rows<'a>(sequences: &'a [Sequence], refs: &[FrameRef], mirrored: bool) -> Result<Vec<Row<'a>>, BcError> {
    let row = |r: &FrameRef| {
        let (episode, row) = (r.episode, r.row);
        let found = sequences.get(episode).filter(|s| row < s.states.len());
        let sequence = found.ok_or(BcError::NoSuchRow { episode, row })?;
        Ok(Row {
            sequence,
            at: row,
            view: View::new(sequence.goal, mirrored),
        })
    };
    refs.iter().map(row).collect()
}
