//! One clip.

use pusht_env::{Frame, GOAL};
use pusht_vision::appearance::{ClipReading, FrameAudit, FrameReader};
use pusht_vision::{SimilarityError, Tracked, VisionError, executability_residual, psnr, video_ssim};
use serde::{Deserialize, Serialize};

use crate::replay::{BlockPath, block_path};

/// Board px of a pixel of the 96 × 96 frame.
const PIXEL: f64 = 512.0 / 96.0;

/// Why a clip cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QualityError {
    /// Nothing to measure.
    #[error("there are no clips; expected at least one")]
    Empty,
    /// A clip that is too short.
    #[error("a clip has {frames} frames; expected at least 3")]
    Short {
        /// Its frames.
        frames: usize,
    },
    /// A clip and the demonstration it is held against.
    #[error(transparent)]
    Similarity(#[from] SimilarityError),
    /// A frame that cannot be read.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// Statistics.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}

/// The measures of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipQuality {
    /// Frames of the clip.
    pub frames: usize,
    /// Peak signal-to-noise ratio against the demonstration between the same ends, dB; all frames but the first and last.
    pub psnr: f64,
    /// Structural similarity with it.
    pub ssim: f64,
    /// Share of frames with exactly one agent.
    pub one_agent: f64,
    /// How far the T is from a rigid one, mean over frames: what the lengths of its best affine image differ from a T's by,
    /// plus gray beside that image and missing in it, over the T's area; 1 at most, and 1 where there is no T.
    pub deformation: f64,
    /// See [`ClipReading::pushed_share`].
    pub pushed: Option<f64>,
    /// Mean distance from the tracked agent at which an agent stays that is steered as close to it as actions on the board
    /// allow, px; none where fewer than half of the frames show an agent.
    pub residual: Option<f64>,
    /// Distance of agent and T (the larger one) in the first frame from the frame that was given, in px of 96; none where
    /// either is not seen.
    pub start_error: Option<f64>,
    /// The same of the last frame.
    pub end_error: Option<f64>,
    /// How the T goes in the demonstration.
    #[serde(alias = "asked")]
    pub target: BlockPath,
}

/// Measures clips; made once.
pub struct ClipEvaluator {
    reader: FrameReader,
}

impl ClipEvaluator {
    /// Of boards with the usual goal.
    ///
    /// # Errors
    /// None that the usual goal can cause.
    pub fn new() -> Result<Self, VisionError> {
        Ok(Self {
            reader: FrameReader::new(GOAL)?,
        })
    }

    /// Measures a clip; `truth` is the demonstration that begins and ends with the frames that were given, of the same
    /// length.
    ///
    /// # Errors
    /// Frames that are not 96 × 96, clips of two lengths, or of fewer than 3 frames.
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
        // Each by itself: a frame is given whatever came before it.
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

fn deformation(frame: &FrameAudit) -> f64 {
    frame.shape.map_or(1.0, |shape| {
        let lengths = shape.stretch.map(|s| (s - 1.0).abs());
        (lengths[0].max(lengths[1]) + shape.stray + shape.missing).min(1.0)
    })
}

/// Frames without an agent keep the place of the one before.
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
