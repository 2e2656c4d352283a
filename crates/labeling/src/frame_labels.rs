//! The labels of a video frame by frame, and its record made of them.

use std::ops::Range;
use std::path::PathBuf;

use pusht_env::{Action, State};
use pusht_vision::{Registration, Tracked, VideoSize};

use crate::blocks::Rows;
use crate::record::{Measures, Segment, VideoRecord};
use crate::trust::{counts, segments};
use crate::{FrameCounts, RejectReason, TrackConfidence, VideoError};

/// Properties of a video whose frames were read.
#[derive(Clone, Debug)]
pub struct VideoFacts {
    /// The video: a file or folder.
    pub video: PathBuf,
    /// `H.264`, `AV1`, `GIF` or `PNG`.
    pub codec: String,
    /// Size of its frames.
    pub size: VideoSize,
    /// Frames in the video.
    pub frames: usize,
    /// Position of the board in the frames.
    pub registration: Option<Registration>,
}

/// The labels of every frame of a video, trusted or not; all lists have one entry per frame at 10 Hz.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameLabels {
    /// Agent and T as tracked.
    pub tracked: Vec<Tracked>,
    /// Target position of the agent, board px, where the inverse dynamics method gives one.
    pub actions: Vec<Option<Action>>,
    /// Standard deviations of the actions, px per axis, if the method gives them; 0 where there is no action.
    pub deviations: Option<Vec<f32>>,
    /// The reason why the action is not trusted; `None` if it is.
    pub reasons: Vec<Option<RejectReason>>,
    /// Runs of frames whose actions can be trusted, in order.
    pub segments: Vec<Range<usize>>,
}

impl FrameLabels {
    pub(crate) fn new(
        tracked: Vec<Tracked>,
        rejections: &[Option<RejectReason>],
        (mut actions, deviations): Rows,
    ) -> Self {
        // An action with an unbounded deviation carries no information and is dropped.
        for (action, deviation) in actions.iter_mut().zip(deviations.iter().flatten()) {
            *action = action.filter(|_| deviation.is_finite());
        }
        let (segments, reasons) = segments(rejections, &actions);
        Self {
            tracked,
            actions,
            deviations,
            reasons,
            segments,
        }
    }

    /// Motion statistics of the trusted actions; `None` if there are none.
    ///
    /// # Errors
    /// Actions or states that are not finite.
    pub fn measures(&self) -> Result<Option<Measures>, VideoError> {
        Ok(Measures::of(&self.trusted())?)
    }

    /// The trusted actions with their states.
    fn trusted(&self) -> Vec<Segment> {
        let segment = |rows: &Range<usize>| Segment {
            first: rows.start,
            actions: self.actions[rows.clone()].iter().copied().flatten().collect(),
            states: (self.tracked[rows.clone()].iter().filter_map(Tracked::state))
                .map(State::to_row)
                .collect(),
            deviations: self.deviations.as_ref().map(|d| d[rows.clone()].to_vec()),
        };
        self.segments.iter().map(segment).collect()
    }

    /// The record of the video.
    pub(crate) fn into_record(self, facts: VideoFacts) -> Result<VideoRecord, VideoError> {
        let (count, segments) = (self.tracked.len(), self.trusted());
        let mean = |of: fn(&Tracked) -> f64| self.tracked.iter().map(of).sum::<f64>() / count as f64;
        Ok(VideoRecord {
            content: String::new(),
            video: facts.video,
            error: None,
            codec: facts.codec,
            size: facts.size,
            frames: FrameCounts {
                read: facts.frames,
                resampled: count,
            },
            registration: facts.registration,
            confidence: TrackConfidence {
                agent: mean(|t| t.agent_confidence),
                block: mean(|t| t.block_confidence),
            },
            dropped: counts(&self.reasons),
            measures: Measures::of(&segments)?,
            segments,
        })
    }
}
