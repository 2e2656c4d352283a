//! Notes on videos: which ones failed, and which have a frame rate that looks wrong.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::{LabelError, Labeled, RejectReason, VideoRecord};

/// Mean velocity of the actions of demonstrations, px per step.
const USUAL_VELOCITY: f64 = 10.0;
/// Velocity above which the video's frames are probably more than 0.1 s apart, px per step.
const FAST: f64 = 2.0 * USUAL_VELOCITY;

/// Mean standard deviation of the actions, px per axis, above which the motion is not that of an agent whose frames are 0.1 s
/// apart; that of clean videos is below 1.
const UNCERTAIN: f64 = 2.0;

/// A warning about one video for users of its labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VideoNote {
    /// The video has no labels at all.
    Failed {
        /// The video: a file or folder.
        video: PathBuf,
        /// The reason.
        error: String,
    },
    /// Most frames at 10 Hz repeat the previous one: the stated frame rate of the video is too low.
    Repeated {
        /// The video: a file or folder.
        video: PathBuf,
    },
    /// It is not known which frames are 0.1 s apart: the video shows pictures longer than a frame, at uneven times.
    UnclearTimes {
        /// The video: a file or folder.
        video: PathBuf,
    },
    /// The actions are much less certain than those of clean videos.
    Uncertain {
        /// The video: a file or folder.
        video: PathBuf,
        /// Mean standard deviation, px per axis.
        deviation: f64,
    },
    /// Actions are much faster than in demonstrations: the stated frame rate of the video is too high.
    Fast {
        /// The video: a file or folder.
        video: PathBuf,
        /// Mean velocity, px per step.
        velocity: f64,
    },
}

impl VideoNote {
    /// The note on a video, if any.
    pub fn of(record: &VideoRecord) -> Option<Self> {
        let video = record.video.clone();
        let repeated = record.dropped.get(&RejectReason::Repeated).copied().unwrap_or(0);
        if let Some(error) = record.error.clone() {
            Some(Self::Failed { video, error })
        } else if record.dropped.contains_key(&RejectReason::UnclearTimes) {
            Some(Self::UnclearTimes { video })
        } else if 2 * repeated > record.frames.resampled {
            Some(Self::Repeated { video })
        } else {
            let measures = record.measures.as_ref()?;
            let (velocity, deviation) = (measures.velocity.mean, measures.deviation.unwrap_or(0.0));
            match () {
                () if velocity > FAST => Some(Self::Fast { video, velocity }),
                () if deviation > UNCERTAIN => Some(Self::Uncertain { video, deviation }),
                () => None,
            }
        }
    }
}

impl fmt::Display for VideoNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { video, error } => write!(f, "failed: {}: {error}", video.display()),
            Self::Repeated { video } => write!(
                f,
                "{}: most frames at 10 Hz repeat the one before; if its frames are 0.1 s apart, say --fps 10",
                video.display()
            ),
            Self::UnclearTimes { video } => write!(
                f,
                "{}: it shows pictures in several frames, at uneven times, so that nothing tells which are 0.1 s apart; label \
                 the video that it was made from, or, if every frame has a new picture, say --fps",
                video.display()
            ),
            Self::Uncertain { video, deviation } => write!(
                f,
                "{}: actions are uncertain by {deviation:.1} px (clean videos: below 1); frames may be missing, shown twice, or \
                 not 0.1 s apart",
                video.display()
            ),
            Self::Fast { video, velocity } => write!(
                f,
                "{}: {velocity:.0} px a step (demonstrations: {USUAL_VELOCITY:.0}); if its frames are 0.1 s apart, say --fps 10",
                video.display()
            ),
        }
    }
}

impl Labeled {
    /// The notes on all videos, in the order of the job.
    ///
    /// # Errors
    /// A file of labels that can no longer be read.
    pub fn notes(&self) -> Result<Vec<VideoNote>, LabelError> {
        let notes = self.records().map(|record| Ok(VideoNote::of(&record?)));
        notes.filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameCounts, Measures, Segment};

    /// A video of 60 frames at 10 Hz whose actions move by `step` px.
    fn record(step: f32) -> VideoRecord {
        let actions: Vec<[f32; 2]> = (0..20).map(|t| [t as f32 * step, 100.0]).collect();
        let segment = Segment {
            first: 0,
            states: actions
                .iter()
                .map(|a| [f64::from(a[0]), 100.0, 250.0, 250.0, 0.0])
                .collect(),
            actions,
            deviations: None,
        };
        VideoRecord {
            error: None,
            frames: FrameCounts {
                read: 60,
                resampled: 60,
            },
            measures: Measures::of(std::slice::from_ref(&segment)).unwrap(),
            ..VideoRecord::failed("clips/a.mp4".into(), String::new(), String::new())
        }
    }

    #[test]
    fn usual_videos_have_no_note_and_odd_ones_one() {
        assert_eq!(VideoNote::of(&record(10.0)), None);
        let fast = VideoNote::of(&record(24.0)).unwrap();
        assert_eq!(
            fast.to_string(),
            "clips/a.mp4: 24 px a step (demonstrations: 10); if its frames are 0.1 s apart, say --fps 10"
        );
        let mut slow = record(24.0);
        slow.dropped.insert(RejectReason::Repeated, 30);
        assert!(matches!(VideoNote::of(&slow), Some(VideoNote::Fast { .. })));
        slow.dropped.insert(RejectReason::Repeated, 31);
        let slow = VideoNote::of(&slow).unwrap();
        assert!(slow.to_string().contains("repeat the one before"), "{slow}");
        let mut uncertain = record(10.0);
        if let Some(measures) = &mut uncertain.measures {
            measures.deviation = Some(2.6);
        }
        let note = VideoNote::of(&uncertain).unwrap().to_string();
        assert!(note.contains("uncertain by 2.6 px"), "{note}");
        uncertain.dropped.insert(RejectReason::UnclearTimes, 60);
        assert!(matches!(
            VideoNote::of(&uncertain),
            Some(VideoNote::UnclearTimes { .. })
        ));
        let failed = VideoRecord::failed("clips/a.mp4".into(), String::new(), "no board".into());
        let note = VideoNote::of(&failed).unwrap();
        assert_eq!(note.to_string(), "failed: clips/a.mp4: no board");
        assert_eq!(
            serde_json::to_value(&note).unwrap(),
            serde_json::json!({"kind": "failed", "video": "clips/a.mp4", "error": "no board"})
        );
    }
}
