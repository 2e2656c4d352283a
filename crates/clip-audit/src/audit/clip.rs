//! A whole clip, frame by frame.

use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::VisionError;
use pusht_vision::appearance::{ClipReader, ClipReading, FrameAudit, FrameReader};
use pusht_vision::motion::Motion;
use serde::{Deserialize, Serialize};

use super::rules::findings;
use super::score::{ClipScores, scores};
use super::task_progress::{TaskProgress, task_progress};
use super::{Finding, Kind};

/// What an audit finds in a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipAudit {
    /// Number of frames, 10 a second.
    pub frames: usize,
    /// What is wrong, in the order of [`Kind`] and then of frames.
    pub findings: Vec<Finding>,
    /// What looks wrong with the world in a picture that is too bad to tell; empty for a picture that can be read.
    #[serde(default)]
    #[serde(alias = "withheld")]
    pub suppressed: Vec<Finding>,
    /// The three scales of the paper.
    pub scores: ClipScores,
    /// The T's path, and what of it was pushed.
    pub motion: Motion,
    /// How near the T comes to its goal; none where no frame shows a T.
    #[serde(alias = "reach")]
    pub progress: Option<TaskProgress>,
    /// Medians of the picture's quality; none where no frame tells.
    pub noise: f64,
    /// See above.
    pub blur: Option<f64>,
    /// See above.
    #[serde(alias = "colour_blur")]
    pub color_blur: Option<f64>,
    /// See above.
    pub ringing: Option<f64>,
}

impl ClipAudit {
    /// Of what the frames of a clip show, with the goal at `goal`.
    pub fn of(clip: &ClipReading, goal: Pose) -> Self {
        let legible = clip.picture.is_legible();
        let (suppressed, findings): (Vec<_>, Vec<_>) = findings(clip)
            .into_iter()
            .partition(|f| f.kind.is_physical() && !legible);
        let poses: Vec<Pose> = clip.steps.seen.iter().filter_map(|s| s.block).collect();
        let (progress, count) = (task_progress(&poses, goal), clip.frames.len());
        Self {
            frames: count,
            scores: scores(
                count,
                &findings,
                !suppressed.is_empty(),
                &clip.motion,
                progress.as_ref(),
            ),
            findings,
            suppressed,
            motion: clip.motion,
            progress,
            noise: clip.picture.noise,
            blur: clip.picture.blur,
            color_blur: clip.picture.color_blur,
            ringing: clip.picture.ringing,
        }
    }

    /// The finding that explains most; none for a clean clip.
    pub fn main(&self) -> Option<Kind> {
        self.findings.first().map(|f| f.kind)
    }

    /// True where the clip shows a world that is wrong.
    pub fn is_unphysical(&self) -> bool {
        self.findings.iter().any(|f| f.kind.is_physical())
    }

    /// True where there is a finding of this kind.
    pub fn has(&self, kind: Kind) -> bool {
        self.findings.iter().any(|f| f.kind == kind)
    }
}

/// Audits clips; made once, it can be shared between threads.
///
/// # Example
///
/// ```
/// use clip_audit::{Auditor, Kind};
/// use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
///
/// // The T moves by 8 px per frame, and the agent is far from it.
/// let mut renderer = Renderer::new(96, FillRule::default())?;
/// let mut draw = |t: i32| {
///     let block = Pose::new(150.0 + 8.0 * f64::from(t), 200.0, 0.0);
///     renderer.render(&Scene::new([400.0, 450.0], block, GOAL))
/// };
/// let frames: Vec<_> = (0..12).map(&mut draw).collect();
/// assert!(Auditor::new()?.audit(&frames)?.has(Kind::MotionWithoutContact));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Auditor {
    reader: FrameReader,
    goal: Pose,
}

impl Auditor {
    /// An auditor of boards with the usual goal.
    ///
    /// # Errors
    /// None that the usual goal can cause.
    pub fn new() -> Result<Self, VisionError> {
        Ok(Self {
            reader: FrameReader::new(GOAL)?,
            goal: GOAL,
        })
    }

    /// Begins with a clip.
    pub fn begin(&self) -> Audit<'_> {
        Audit {
            reader: self.reader.begin(),
            goal: self.goal,
        }
    }

    /// Begins with a clip whose frames are resampled from pictures in which the board has `side` pixels: a picture is
    /// blurred by what it is beyond that.
    ///
    /// # Errors
    /// A size that cannot be drawn.
    pub fn begin_from(&self, side: u32) -> Result<Audit<'_>, VisionError> {
        Ok(Audit {
            reader: self.reader.begin_from(side)?,
            goal: self.goal,
        })
    }

    /// Audits a clip that is in memory: frames of 96 × 96, 10 a second.
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

/// A clip that is being audited; keeps some 300 bytes a frame, and no frame.
pub struct Audit<'a> {
    reader: ClipReader<'a>,
    goal: Pose,
}

impl Audit<'_> {
    /// The next frame, 96 × 96.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame) -> Result<&FrameAudit, VisionError> {
        self.reader.push(frame)
    }

    /// The clip's audit and what its frames show.
    pub fn finish(self) -> (ClipAudit, ClipReading) {
        let reading = self.reader.finish();
        (ClipAudit::of(&reading, self.goal), reading)
    }
}
