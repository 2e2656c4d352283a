//! Distance between extracted and recorded actions.

use std::borrow::Borrow;

use pusht_data::{Episode, FrameRef, IdmError, InverseDynamics, Labels, Split};
use pusht_env::Action;
use serde::{Deserialize, Serialize};
use traj_metrics::{MeanSd, MetricError, paired_l2, to_points};

/// Distance between extracted and recorded actions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtractionError {
    /// ‖extracted − recorded‖ in px of the 512 board, over all actions.
    pub l2_px: MeanSd,
    /// Number of rows with both actions.
    pub actions: usize,
}

/// A row with an extracted and a recorded action.
pub(crate) struct Pair<'a> {
    pub(crate) episode: &'a Episode,
    pub(crate) row: usize,
    pub(crate) recorded: Action,
    pub(crate) labels: &'a Labels,
    /// Index of the row among the labels.
    pub(crate) at: usize,
}

/// The rows of `refs` that have both actions, in the order of `labels` (each with the index of its episode).
pub(crate) fn pairs<'a, E: Borrow<Episode>>(
    labels: &'a [(usize, Labels)],
    episodes: &'a [E],
    refs: &'a [FrameRef],
) -> impl Iterator<Item = Pair<'a>> {
    labels.iter().flat_map(move |(index, labels)| {
        let own = refs.iter().filter(move |r| r.episode == *index);
        own.filter_map(move |r| {
            let (episode, row) = (episodes.get(*index)?.borrow(), r.row);
            let at = row.checked_sub(labels.start).filter(|at| *at < labels.actions.len())?;
            Some(Pair {
                episode,
                row,
                recorded: *episode.actions.get(row)?,
                labels,
                at,
            })
        })
    })
}

/// Compares labels of episodes (by their index in `episodes`) with the recorded actions, in the rows of `refs` that
/// have a label. `None` if no row has one.
///
/// # Errors
/// An action that is not finite.
pub fn extraction_error(
    labels: &[(usize, Labels)],
    episodes: &[Episode],
    refs: &[FrameRef],
) -> Result<Option<ExtractionError>, MetricError> {
    let (extracted, recorded): (Vec<Action>, Vec<Action>) = pairs(labels, episodes, refs)
        .map(|pair| (pair.labels.actions[pair.at], pair.recorded))
        .unzip();
    if extracted.is_empty() {
        return Ok(None);
    }
    Ok(Some(ExtractionError {
        l2_px: paired_l2(&[to_points(&extracted)], &[to_points(&recorded)])?,
        actions: extracted.len(),
    }))
}

/// Labels the episodes that have a row in `refs`, and compares the labels with the recorded actions of these rows.
///
/// # Errors
/// A video that cannot be labeled, or an action that is not finite.
pub fn held_out_error(
    idm: &dyn InverseDynamics,
    episodes: &[Episode],
    refs: &[FrameRef],
) -> Result<Option<ExtractionError>, HeldOutError> {
    let mut labels = Vec::new();
    for index in Split::episodes_of(refs) {
        let Some(episode) = episodes.get(index) else {
            continue;
        };
        let found = idm.label(&episode.frames);
        labels.push((
            index,
            found.map_err(|source| HeldOutError::Label { episode: index, source })?,
        ));
    }
    Ok(extraction_error(&labels, episodes, refs)?)
}

/// Errors of comparing labels of held-out episodes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeldOutError {
    /// A video cannot be labeled.
    #[error("episode {episode}: {source}")]
    Label {
        /// Index of the episode.
        episode: usize,
        /// Error of the inverse dynamics.
        source: IdmError,
    },
    /// Actions cannot be compared.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_data::Provenance;
    use pusht_env::{Frame, GOAL};

    #[test]
    fn only_rows_with_a_label_count() {
        let episode = Episode {
            frames: vec![Frame::new(1, 1); 4],
            actions: vec![[0.0, 0.0]; 4],
            states: None,
            goal: GOAL,
            provenance: Provenance {
                source: "test".into(),
                index: 0,
                seed: None,
                actions: "recorded".into(),
            },
        };
        let labels = [(0, Labels::new(1, vec![[3.0, 4.0], [6.0, 8.0]]))];
        let refs: Vec<FrameRef> = [0, 1, 3].map(|row| FrameRef::new(0, row)).to_vec();
        let error = extraction_error(&labels, std::slice::from_ref(&episode), &refs)
            .unwrap()
            .unwrap();
        assert_eq!((error.l2_px.mean, error.actions), (5.0, 1));
        assert_eq!(extraction_error(&labels, &[episode], &refs[..1]).unwrap(), None);
    }
}
