//! Scores of one inverse dynamics.

use pusht_data::{Episode, FrameRef, Labels};
use serde::{Deserialize, Serialize};
use traj_metrics::{MetricError, Point, SequenceMeasures, to_points};

use crate::{ExtractionError, IntervalCoverage, extraction_error, interval_coverage};

/// Scores of one inverse dynamics: distance to recorded actions, smoothness, and coverage of its intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtractionScore {
    /// Name of the inverse dynamics and its reduction.
    pub idm: String,
    /// Distance; `None` if no row has both actions.
    pub error: Option<ExtractionError>,
    /// Smoothness and directness of whole episodes, without the first action of each, as in the paper; `None` if all
    /// are too short.
    pub measures: Option<SequenceMeasures>,
    /// Coverage; see [`crate::interval_coverage`].
    pub coverage: Vec<IntervalCoverage>,
}

impl ExtractionScore {
    /// Scores labels (by the index of their episode) in the rows of `refs`; smoothness is that of all labels.
    ///
    /// # Errors
    /// An action that is not finite.
    pub fn of(
        idm: &str,
        labels: &[(usize, Labels)],
        episodes: &[Episode],
        refs: &[FrameRef],
    ) -> Result<Self, MetricError> {
        let actions: Vec<Vec<Point>> = labels.iter().map(|(_, l)| to_points(&l.actions)).collect();
        let long: Vec<&[Point]> = actions
            .iter()
            .map(|a| &a[1.min(a.len())..])
            .filter(|a| a.len() >= 4)
            .collect();
        Ok(Self {
            idm: idm.to_owned(),
            error: extraction_error(labels, episodes, refs)?,
            measures: (!long.is_empty()).then(|| SequenceMeasures::of(&long)).transpose()?,
            coverage: interval_coverage(labels, episodes, refs),
        })
    }
}
