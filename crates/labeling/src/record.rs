//! What is known of one video after labeling.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pusht_vision::Registration;
use serde::{Deserialize, Serialize};
use traj_metrics::{Directness, MeanSd, MetricError, Order, Point, set_directness, smoothness, to_points};

use crate::{FrameCounts, RejectReason, TrackConfidence, VideoSize};

/// One video: what it is, what was found, and its labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoRecord {
    /// The file or folder.
    pub video: PathBuf,
    /// [`video_io::content_hash`] of it when it was labeled; empty where it could not be read.
    #[serde(default)]
    pub content: String,
    /// Why it has no labels at all; then the rest is empty.
    pub error: Option<String>,
    /// `H.264`, `AV1`, `GIF` or `PNG`.
    pub codec: String,
    /// Of its frames.
    pub size: VideoSize,
    /// How many it has, and at 10 Hz.
    pub frames: FrameCounts,
    /// Where the board lies in the frames, with the residual.
    pub registration: Option<Registration>,
    /// Of the tracker.
    pub confidence: TrackConfidence,
    /// Frames that are in no segment, by the reason.
    pub dropped: BTreeMap<RejectReason, usize>,
    /// Of the trusted actions; none where there are none.
    pub measures: Option<Measures>,
    /// What can be trusted.
    #[serde(alias = "stretches")]
    pub segments: Vec<Segment>,
}

/// Consecutive frames with their actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The frame (at 10 Hz) of the first action.
    pub first: usize,
    /// One a frame, px.
    pub actions: Vec<[f32; 2]>,
    /// Tracked agent position and pose of the T before each action.
    pub states: Vec<[f64; 5]>,
    /// Standard deviations of the actions, px an axis, where the inverse dynamics says them.
    pub deviations: Option<Vec<f32>>,
}

/// How trusted actions move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// px a step.
    pub velocity: MeanSd,
    /// px a step².
    pub acceleration: MeanSd,
    /// px a step³.
    pub jerk: MeanSd,
    /// Path length over displacement.
    pub directness: Directness,
    /// Mean distance from the tracked positions at which an agent stays that is steered as close to them as actions on the
    /// board allow, px.
    pub residual: f64,
    /// Mean standard deviation of the actions, px an axis, where the inverse dynamics says it.
    pub deviation: Option<f64>,
}

impl Measures {
    /// Of the segments of a video.
    pub(crate) fn of(segments: &[Segment]) -> Result<Option<Self>, MetricError> {
        if segments.is_empty() {
            return Ok(None);
        }
        let actions: Vec<Vec<Point>> = segments.iter().map(|s| to_points(&s.actions)).collect();
        let residuals: Vec<f64> = (segments.iter())
            .filter_map(|s| {
                let track: Vec<[f64; 2]> = s.states.iter().map(|s| [s[0], s[1]]).collect();
                pusht_vision::executability_residual(&track).ok()
            })
            .flatten()
            .collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let deviations: Option<Vec<f64>> = (segments.iter())
            .map(|s| {
                s.deviations
                    .as_ref()
                    .map(|d| d.iter().map(|&x| f64::from(x)).sum::<f64>() / d.len() as f64)
            })
            .collect();
        Ok(Some(Self {
            velocity: smoothness(&actions, Order::Velocity)?,
            acceleration: smoothness(&actions, Order::Acceleration)?,
            jerk: smoothness(&actions, Order::Jerk)?,
            directness: set_directness(&actions)?,
            residual: mean(&residuals),
            deviation: deviations.map(|d| mean(&d)),
        }))
    }
}

impl VideoRecord {
    /// A video that cannot be labeled; `content` is its [`video_io::content_hash`].
    pub fn failed(video: PathBuf, content: String, error: String) -> Self {
        Self {
            video,
            content,
            error: Some(error),
            codec: String::new(),
            size: VideoSize::default(),
            frames: FrameCounts::default(),
            registration: None,
            confidence: TrackConfidence::default(),
            dropped: BTreeMap::new(),
            measures: None,
            segments: Vec::new(),
        }
    }

    /// Number of trusted actions.
    pub fn trusted(&self) -> usize {
        self.segments.iter().map(|s| s.actions.len()).sum()
    }
}
