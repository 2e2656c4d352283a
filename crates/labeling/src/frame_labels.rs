//! The labels of a video frame by frame, and its record made of them.

use std::ops::Range;
use std::path::PathBuf;

use pusht_env::{Action, Frame, State};
use pusht_vision::{ActionSmoother, FrameMeasures, InitialMotion, Registration, Tracked, VideoSize, VisionError};

use crate::blocks::Rows;
use crate::jumps::jumps;
use crate::record::{Measures, Segment, VideoRecord};
use crate::trust::{counts, reject_reason, segments};
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

/// The tracked frames of a video, and which of them cannot be trusted.
#[derive(Clone, Debug, Default)]
pub struct TrackedFrames {
    tracked: Vec<Tracked>,
    rejections: Vec<Option<RejectReason>>,
    unclear_times: bool,
}

impl TrackedFrames {
    /// Tracking result of the last frame, for [`Tracker::track_after`](pusht_vision::Tracker::track_after) on the next one.
    pub fn last(&self) -> Option<&Tracked> {
        self.tracked.last()
    }

    /// Adds the next frame at 10 Hz, 96 × 96, with its tracking result; `repeated` as in
    /// [`VideoLabeler::push`](crate::VideoLabeler::push).
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame, tracked: Tracked, repeated: bool) -> Result<(), VisionError> {
        self.rejections
            .push(reject_reason(&tracked, &FrameMeasures::of(frame)?, repeated));
        self.tracked.push(tracked);
        Ok(())
    }

    /// Trusts no action, because it is not known which frames are 0.1 s apart
    /// ([`Resampled::is_unclear`](video_io::Resampled::is_unclear)).
    pub fn set_unclear_times(&mut self) {
        self.unclear_times = true;
    }

    /// Frames before which the agent or the T jumps.
    fn jumps(&self) -> Vec<usize> {
        jumps(&self.tracked, |t| self.rejections[t].is_none())
    }

    /// Labels the frames by the agent's law of motion, inverted on the tracked positions.
    ///
    /// # Errors
    /// Fewer than two frames.
    pub fn closed_form(self, smoother: &ActionSmoother) -> Result<FrameLabels, VideoError> {
        let count = self.count()?;
        let mut rows = (vec![None; count], Some(vec![0.0; count]));
        // A frame that only fills a gap does not show where the agent is.
        let fills = |t: usize| self.rejections[t] == Some(RejectReason::Repeated);
        let track: Vec<Option<[f64; 2]>> = (self.tracked.iter().enumerate())
            .map(|(t, tracked)| tracked.agent.filter(|_| !fills(t)))
            .collect();
        // The motion before a jump says nothing about that after it.
        let mut starts = self.jumps();
        starts.insert(0, 0);
        for (n, &start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(count);
            closed_form(smoother, &track[start..end], start, &mut rows);
        }
        Ok(self.labels(rows))
    }

    /// Number of frames, at least two.
    pub(crate) fn count(&self) -> Result<usize, VideoError> {
        match self.tracked.len() {
            frames @ ..2 => Err(VideoError::TooShort { frames }),
            frames => Ok(frames),
        }
    }

    /// The labels, with the actions of each frame from an inverse dynamics method.
    pub(crate) fn labels(self, (mut actions, deviations): Rows) -> FrameLabels {
        // An action with an unbounded deviation carries no information and is dropped.
        for (action, deviation) in actions.iter_mut().zip(deviations.iter().flatten()) {
            *action = action.filter(|_| deviation.is_finite());
        }
        let mut rejections = self.rejections.clone();
        for jump in self.jumps() {
            rejections[jump - 1].get_or_insert(RejectReason::Jump);
        }
        if self.unclear_times {
            for rejection in &mut rejections {
                rejection.get_or_insert(RejectReason::UnclearTimes);
            }
        }
        let (segments, reasons) = segments(&rejections, &actions);
        FrameLabels {
            tracked: self.tracked,
            actions,
            deviations,
            reasons,
            segments,
        }
    }
}

/// Writes the actions of a track that begins at frame `start`. Frames before the agent is first seen and the last frame have
/// no action.
fn closed_form(smoother: &ActionSmoother, track: &[Option<[f64; 2]>], start: usize, rows: &mut Rows) {
    let first = track.iter().position(Option::is_some).unwrap_or(track.len());
    // A clip may begin in the middle of a motion. Without an agent in at least two frames there are no actions; the frames
    // are rejected with a reason.
    let Ok(smoothed) = smoother.smooth(&track[first..], InitialMotion::Moving) else {
        return;
    };
    for (t, (action, deviation)) in smoothed.actions.iter().zip(&smoothed.action_std).enumerate() {
        rows.0[start + first + t] = Some(*action);
        if let Some(deviations) = &mut rows.1 {
            deviations[start + first + t] = *deviation as f32;
        }
    }
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
