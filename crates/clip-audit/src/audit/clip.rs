//! Audit of a whole clip, frame by frame.

use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::appearance::{ClipReader, ClipReading, FrameAudit, FrameReader};
use pusht_vision::motion::{Motion, StepCounts};
use pusht_vision::{FrameRange, VisionError};
use serde::{Deserialize, Serialize};

use super::rules::findings;
use super::score::{ClipScores, merged, scores};
use super::task_progress::{TaskProgress, task_progress};
use super::{Finding, FindingKind};

/// Result of the audit of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipAudit {
    /// Number of frames, at 10 Hz.
    pub frames: usize,
    /// Findings, sorted by [`FindingKind`] and then by frame.
    pub findings: Vec<Finding>,
    /// Physical findings in images that are too poor to judge them by; empty if the images are legible.
    #[serde(default)]
    #[serde(alias = "withheld")]
    pub suppressed: Vec<Finding>,
    /// The three scales of the paper.
    pub scores: ClipScores,
    /// Path length of the T, and the part of it that was pushed.
    pub motion: Motion,
    /// Steps in which the T moves or is pushed, and those that the simulator reproduces; `None` in files of before.
    #[serde(default)]
    pub steps: Option<StepCounts>,
    /// Task progress; `None` if no frame shows a T.
    #[serde(alias = "reach")]
    pub progress: Option<TaskProgress>,
    /// Median noise of the images, as [`ClipPicture::noise`](pusht_vision::appearance::ClipPicture::noise).
    pub noise: f64,
    /// Median blur of brightness; `None` if no frame shows enough of the goal's border.
    pub blur: Option<f64>,
    /// Median blur of color; `None` likewise.
    #[serde(alias = "colour_blur")]
    pub color_blur: Option<f64>,
    /// Median ringing; `None` likewise.
    pub ringing: Option<f64>,
}

impl ClipAudit {
    /// Audit of a clip that was read, with the goal at `goal`.
    pub fn of(clip: &ClipReading, goal: Pose) -> Self {
        let legible = clip.picture.is_legible();
        let (suppressed, findings): (Vec<_>, Vec<_>) = findings(clip)
            .into_iter()
            .partition(|f| f.kind.is_physical() && !legible);
        let poses: Vec<Pose> = clip.steps.seen.iter().filter_map(|s| s.block).collect();
        let (progress, count) = (task_progress(&poses, goal), clip.frames.len());
        let gone = clip
            .frames
            .iter()
            .enumerate()
            .filter(|(_, frame)| frame.tracked.agent.is_none());
        let without_agent = merged(gone.map(|(t, _)| FrameRange::new(t, t)).collect());
        Self {
            frames: count,
            scores: scores(
                count,
                &without_agent,
                &findings,
                !suppressed.is_empty(),
                &clip.motion,
                progress.as_ref(),
            ),
            findings,
            suppressed,
            motion: clip.motion,
            steps: Some(clip.steps.counts()),
            progress,
            noise: clip.picture.noise,
            blur: clip.picture.blur,
            color_blur: clip.picture.color_blur,
            ringing: clip.picture.ringing,
        }
    }

    /// The first kind of finding, which explains the most; `None` for a clean clip.
    pub fn main(&self) -> Option<FindingKind> {
        self.findings.first().map(|f| f.kind)
    }

    /// True if there is a physical finding.
    pub fn is_unphysical(&self) -> bool {
        self.findings.iter().any(|f| f.kind.is_physical())
    }

    /// True if there is a finding of this kind.
    pub fn has(&self, kind: FindingKind) -> bool {
        self.findings.iter().any(|f| f.kind == kind)
    }
}

/// Audits clips; built once, it can be shared between threads.
///
/// # Example
///
/// ```
/// use clip_audit::{Auditor, FindingKind};
/// use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
///
/// // The T moves by 8 px per frame, and the agent is far from it.
/// let mut renderer = Renderer::new(96, FillRule::default())?;
/// let mut draw = |t: i32| {
///     let block = Pose::new(150.0 + 8.0 * f64::from(t), 200.0, 0.0);
///     renderer.render(&Scene::new([400.0, 450.0], block, GOAL))
/// };
/// let frames: Vec<_> = (0..12).map(&mut draw).collect();
/// assert!(Auditor::new()?.audit(&frames)?.has(FindingKind::MotionWithoutContact));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Auditor {
    reader: FrameReader,
    goal: Pose,
}

impl Auditor {
    /// An auditor of boards with the default goal ([`GOAL`]), the only one that the audit supports.
    ///
    /// # Errors
    /// Does not fail.
    pub fn new() -> Result<Self, VisionError> {
        Ok(Self {
            reader: FrameReader::new(GOAL)?,
            goal: GOAL,
        })
    }

    /// Begins the audit of a clip.
    pub fn begin(&self) -> Audit<'_> {
        Audit {
            reader: self.reader.begin(),
            goal: self.goal,
        }
    }

    /// Begins the audit of a clip whose frames are resampled from images in which the board has `side` × `side` pixels.
    /// Only blur beyond that of the resampling counts.
    ///
    /// # Errors
    /// A size that the renderer refuses.
    pub fn begin_from(&self, side: u32) -> Result<Audit<'_>, VisionError> {
        Ok(Audit {
            reader: self.reader.begin_from(side)?,
            goal: self.goal,
        })
    }

    /// Audits a clip in memory: frames of 96 × 96 at 10 Hz.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn audit<'a>(&self, frames: impl IntoIterator<Item = &'a Frame>) -> Result<ClipAudit, VisionError> {
        let mut audit = self.begin();
        for frame in frames {
            audit.push(frame)?;
        }
        Ok(audit.finish().0)
    }
}

/// The audit of a clip in progress; keeps about 300 bytes per frame, not the frames.
pub struct Audit<'a> {
    reader: ClipReader<'a>,
    goal: Pose,
}

impl Audit<'_> {
    /// Adds the next frame, 96 × 96.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame) -> Result<&FrameAudit, VisionError> {
        self.reader.push(frame)
    }

    /// Returns the clip's audit and the measures of its frames.
    pub fn finish(self) -> (ClipAudit, ClipReading) {
        let reading = self.reader.finish();
        (ClipAudit::of(&reading, self.goal), reading)
    }
}
