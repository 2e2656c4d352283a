//! The result of labeling one video.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pusht_vision::{Registration, VideoSize};
use serde::{Deserialize, Serialize};
use traj_metrics::{Directness, MeanSd, MetricError, Order, Point, set_directness, smoothness, to_points};

use crate::{FrameCounts, RejectReason, TrackConfidence};

/// One labeled video: its properties, the findings and its labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoRecord {
    /// The video: a file or folder.
    pub video: PathBuf,
    /// [`video_io::content_hash`] of the video when it was labeled; empty if it could not be read.
    #[serde(default)]
    pub content: String,
    /// The reason why it has no labels at all; if set, the other fields are empty.
    pub error: Option<String>,
    /// `H.264`, `AV1`, `GIF` or `PNG`.
    pub codec: String,
    /// Size of its frames.
    pub size: VideoSize,
    /// Number of its frames, as stored and at 10 Hz.
    pub frames: FrameCounts,
    /// Position of the board in the frames, with the residual of the fit.
    pub registration: Option<Registration>,
    /// Mean confidence of the tracker.
    pub confidence: TrackConfidence,
    /// Number of frames that are in no segment, by reason.
    pub dropped: BTreeMap<RejectReason, usize>,
    /// Measures of the trusted actions; `None` if there are none.
    pub measures: Option<Measures>,
    /// Segments of frames whose actions can be trusted.
    #[serde(alias = "stretches")]
    pub segments: Vec<Segment>,
}

/// Consecutive frames with their actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Index of the first action's frame, at 10 Hz.
    pub first: usize,
    /// One action per frame: target position of the agent, board px.
    pub actions: Vec<[f32; 2]>,
    /// Tracked states: agent x, y, T x, y (board px), angle (rad). `states[i]` is the state when `actions[i]` is taken.
    pub states: Vec<[f64; 5]>,
    /// Standard deviations of the actions, px per axis, if the inverse dynamics method gives them.
    pub deviations: Option<Vec<f32>>,
}

/// Motion statistics of trusted actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Velocity, px per step.
    pub velocity: MeanSd,
    /// Acceleration, px per step².
    pub acceleration: MeanSd,
    /// Jerk, px per step³.
    pub jerk: MeanSd,
    /// Path length over displacement.
    pub directness: Directness,
    /// Mean distance, px, between the tracked positions and the best path that an agent can execute with actions on the
    /// board.
    pub residual: f64,
    /// Mean standard deviation of the actions, px per axis, if the inverse dynamics method gives it.
    pub deviation: Option<f64>,
}

impl Measures {
    /// Measures of the segments of a video.
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
    /// Record of a video that cannot be labeled; `content` is its [`video_io::content_hash`].
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
