//! A whole clip, frame by frame.

use pusht_env::{Frame, GOAL, Pose};
use pusht_vision::VisionError;
use pusht_vision::appearance::{Border, Eyes, Looked};
use serde::{Deserialize, Serialize};

use super::findings::findings;
use super::motion::{self, Motion};
use super::reach::{Reach, reach};
use super::score::{Scores, scores};
use super::{Finding, FrameAudit, Kind, limits};

/// So many frames with a solid world tell the picture's quality.
const LEAST_CLEAR: usize = 3;

/// What an audit finds in a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipAudit {
    /// Number of frames, 10 a second.
    pub frames: usize,
    /// What is wrong, in the order of [`Kind`] and then of frames.
    pub findings: Vec<Finding>,
    /// What looks wrong with the world in a picture that is too bad to tell; empty for a picture that can be read.
    #[serde(default)]
    pub withheld: Vec<Finding>,
    /// The three scales of the paper.
    pub scores: Scores,
    /// The T's way, and what of it was pushed.
    pub motion: Motion,
    /// How near the T comes to its goal; none where no frame shows a T.
    pub reach: Option<Reach>,
    /// Medians of the picture's quality; none where no frame tells.
    pub noise: f64,
    /// See above.
    pub blur: Option<f64>,
    /// See above.
    pub colour_blur: Option<f64>,
    /// See above.
    pub ringing: Option<f64>,
}

impl ClipAudit {
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
pub struct Auditor {
    eyes: Eyes,
    goal: Pose,
}

impl Auditor {
    /// An auditor of boards with the usual goal.
    ///
    /// # Errors
    /// None that the usual goal can cause.
    pub fn new() -> Result<Self, VisionError> {
        Ok(Self {
            eyes: Eyes::new(GOAL)?,
            goal: GOAL,
        })
    }

    /// Begins with a clip.
    pub fn begin(&self) -> Audit<'_> {
        Audit {
            auditor: self,
            border: None,
            last: None,
            frames: Vec::new(),
        }
    }

    /// Begins with a clip whose frames are resampled from pictures in which the board has `side` pixels: a picture is
    /// blurred by what it is beyond that.
    ///
    /// # Errors
    /// A size that cannot be drawn.
    pub fn begin_from(&self, side: u32) -> Result<Audit<'_>, VisionError> {
        Ok(Audit {
            border: self.eyes.border(side)?,
            ..self.begin()
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
    auditor: &'a Auditor,
    border: Option<Border>,
    last: Option<Looked>,
    frames: Vec<FrameAudit>,
}

impl Audit<'_> {
    /// The next frame, 96 × 96.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame) -> Result<&FrameAudit, VisionError> {
        let looked = self
            .auditor
            .eyes
            .look(frame, self.last.as_ref(), self.border.as_ref())?;
        self.frames.push(looked.audit);
        Ok(&self.last.insert(looked).audit)
    }

    /// The clip's audit and the measures of its frames.
    pub fn finish(self) -> (ClipAudit, Vec<FrameAudit>) {
        let frames = self.frames;
        let seen = motion::trusted(&frames);
        let steps: Vec<_> = seen.windows(2).map(|pair| motion::step(pair[0], pair[1])).collect();
        let alone = motion::alone(&steps, &seen);
        let quality = Quality::of(&frames, self.border.map_or(0.0, |b| b.blur));
        let (withheld, findings): (Vec<_>, Vec<_>) = findings(&frames, &seen, &steps, &alone, &quality)
            .into_iter()
            .partition(|f| f.kind.is_physical() && !quality.is_legible());
        let motion = motion::motion(&seen, &steps, &alone, &findings);
        let poses: Vec<Pose> = seen.iter().filter_map(|s| s.block).collect();
        let reach = reach(&poses, self.auditor.goal);
        let audit = ClipAudit {
            frames: frames.len(),
            scores: scores(frames.len(), &findings, !withheld.is_empty(), &motion, reach.as_ref()),
            findings,
            withheld,
            motion,
            reach,
            noise: quality.noise,
            blur: quality.blur,
            colour_blur: quality.colour_blur,
            ringing: quality.ringing,
        };
        (audit, frames)
    }
}

/// The clip's picture: medians over the frames that tell.
pub(crate) struct Quality {
    pub(crate) noise: f64,
    /// What resampling to 96 × 96 blurs, beside what is below.
    pub(crate) resampling: f64,
    pub(crate) blur: Option<f64>,
    pub(crate) colour_blur: Option<f64>,
    pub(crate) ringing: Option<f64>,
}

impl Quality {
    /// A goal that is not where it should be says nothing about the picture, and what melts over it says the wrong thing:
    /// frames with nothing translucent are asked first.
    fn of(frames: &[FrameAudit], resampling: f64) -> Self {
        let solid = |f: &&FrameAudit| f.shape.is_some_and(|s| s.translucent < limits::SOLID);
        let all = |of: fn(&FrameAudit) -> Option<f64>| {
            let known = || frames.iter().filter(|f| f.goal < limits::GOAL);
            let clear: Vec<f64> = known().filter(solid).filter_map(of).collect();
            let enough = clear.len() >= LEAST_CLEAR;
            median(if enough {
                clear
            } else {
                known().filter_map(of).collect()
            })
        };
        Self {
            resampling,
            noise: median(frames.iter().map(|f| f.quality.noise).collect()).unwrap_or(0.0),
            blur: all(|f| f.quality.blur),
            colour_blur: all(|f| f.quality.colour_blur),
            ringing: all(|f| f.quality.ringing),
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
