//! Quality measures of one clip.

use image_similarity::{SimilarityError, psnr, video_ssim};
use pusht_env::{Frame, GOAL};
use pusht_vision::appearance::{ClipReading, FrameAudit, FrameReader};
use pusht_vision::{Tracked, VisionError, executability_residual};
use serde::{Deserialize, Serialize};

use crate::replay::{BlockPath, block_path};

/// Board px per pixel of the 96 × 96 frame.
const PIXEL: f64 = 512.0 / 96.0;

/// Errors from measuring a clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QualityError {
    /// There are no clips.
    #[error("there are no clips; expected at least one")]
    Empty,
    /// The clip is too short.
    #[error("a clip has {frames} frames; expected at least 3")]
    Short {
        /// Frames of the clip.
        frames: usize,
    },
    /// The clip cannot be compared with its demonstration.
    #[error(transparent)]
    Similarity(#[from] SimilarityError),
    /// A frame cannot be read.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The statistics cannot be computed.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}

/// Quality measures of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipQuality {
    /// Frames of the clip.
    pub frames: usize,
    /// Peak signal-to-noise ratio relative to the demonstration with the same start and end frames, dB; over all frames
    /// but the first and last.
    pub psnr: f64,
    /// Structural similarity with that demonstration, over the same frames.
    pub ssim: f64,
    /// Share of frames with exactly one agent.
    pub one_agent: f64,
    /// Deviation of the T from a rigid one, mean over frames: the difference of its stretch from 1 plus stray and
    /// missing gray over the T's area (see [`Shape`](pusht_vision::appearance::Shape)); at most 1, and 1 for a frame
    /// without a T.
    pub deformation: f64,
    /// Share of the T's motion that the agent pushed, as [`ClipReading::pushed_share`].
    pub pushed: Option<f64>,
    /// Mean distance, px, between the tracked agent and an agent that follows it as closely as actions on the board
    /// allow; `None` if fewer than half of the frames show an agent.
    pub residual: Option<f64>,
    /// Distance of agent or T (the larger one) in the first frame from the given start frame, image px (96 × 96);
    /// `None` if either is not seen.
    pub start_error: Option<f64>,
    /// The same for the last frame and the given end frame.
    pub end_error: Option<f64>,
    /// Path of the T in the demonstration.
    #[serde(alias = "asked")]
    pub target: BlockPath,
}

/// Measures the quality of clips; built once, used for many.
pub struct ClipEvaluator {
    reader: FrameReader,
}

impl ClipEvaluator {
    /// An evaluator for boards with the default goal.
    ///
    /// # Errors
    /// Does not fail.
    pub fn new() -> Result<Self, VisionError> {
        Ok(Self {
            reader: FrameReader::new(GOAL)?,
        })
    }

    /// Measures a clip; `truth` is the demonstration of the same length with the given start and end frames.
    ///
    /// # Errors
    /// Frames that are not 96 × 96, clips of different lengths, or of fewer than 3 frames.
    pub fn clip(&self, clip: &[Frame], truth: &[Frame]) -> Result<ClipQuality, QualityError> {
        let last = clip.len().saturating_sub(1);
        if clip.len() < 3 {
            return Err(QualityError::Short { frames: clip.len() });
        }
        let (ssim, psnr) = (
            video_ssim(clip, truth)?,
            psnr(clip[1..last].iter().zip(&truth[1..last])),
        );
        let own = self.look(clip)?;
        let (seen, wanted) = (&own.frames, self.look(truth)?.frames);
        let inner = &ssim[1..last];
        // Tracked independently of the frames before.
        let given = |at: usize| -> Result<Option<f64>, VisionError> {
            let one = |frames: &[Frame]| self.look(&frames[at..=at]).map(|seen| seen.frames[0].tracked);
            Ok(apart(&one(clip)?, &one(truth)?))
        };
        Ok(ClipQuality {
            frames: clip.len(),
            psnr,
            ssim: mean(inner.iter().copied()),
            one_agent: mean(seen.iter().map(|f| f64::from(u8::from(f.measures.agents == 1)))),
            deformation: mean(seen.iter().map(deformation)),
            pushed: own.pushed_share(),
            residual: residual(seen)?,
            start_error: given(0)?,
            end_error: given(last)?,
            target: block_path(&wanted.iter().map(|f| f.tracked).collect::<Vec<_>>()),
        })
    }

    fn look(&self, clip: &[Frame]) -> Result<ClipReading, VisionError> {
        let mut reader = self.reader.begin();
        for frame in clip {
            reader.push(frame)?;
        }
        Ok(reader.finish())
    }
}

/// Deviation of the T from a rigid one in one frame, as in [`ClipQuality::deformation`].
pub fn deformation(frame: &FrameAudit) -> f64 {
    frame.shape.map_or(1.0, |shape| {
        let lengths = shape.stretch.map(|s| (s - 1.0).abs());
        (lengths[0].max(lengths[1]) + shape.stray + shape.missing).min(1.0)
    })
}

/// Frames without an agent keep the position of the previous one.
fn residual(frames: &[FrameAudit]) -> Result<Option<f64>, VisionError> {
    let seen = frames.iter().filter(|f| f.tracked.agent.is_some()).count();
    let Some(first) = frames
        .iter()
        .find_map(|f| f.tracked.agent)
        .filter(|_| 2 * seen >= frames.len())
    else {
        return Ok(None);
    };
    let track: Vec<[f64; 2]> = frames
        .iter()
        .scan(first, |last, frame| {
            *last = frame.tracked.agent.unwrap_or(*last);
            Some(*last)
        })
        .collect();
    Ok(Some(mean(executability_residual(&track)?)))
}

fn apart(a: &Tracked, b: &Tracked) -> Option<f64> {
    let (agent, wanted) = (a.agent?, b.agent?);
    let (block, goal) = (a.block?, b.block?);
    let agents = (agent[0] - wanted[0]).hypot(agent[1] - wanted[1]);
    Some(agents.max((block.x - goal.x).hypot(block.y - goal.y)) / PIXEL)
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .into_iter()
        .fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}
