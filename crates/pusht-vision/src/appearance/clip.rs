//! A whole clip, frame by frame.

use pusht_env::Frame;

use super::broken::broken;
use super::frame::Looked;
use super::picture::Border;
use super::{ClipPicture, FrameAudit, FrameReader};
use crate::VisionError;
use crate::motion::{ClipSteps, Motion};

impl FrameReader {
    /// Begins with a clip.
    pub fn begin(&self) -> ClipReader<'_> {
        ClipReader {
            reader: self,
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
    pub fn begin_from(&self, side: u32) -> Result<ClipReader<'_>, VisionError> {
        Ok(ClipReader {
            border: self.border(side)?,
            ..self.begin()
        })
    }
}

/// A clip that is being read; keeps some 300 bytes a frame, and no frame.
pub struct ClipReader<'a> {
    reader: &'a FrameReader,
    border: Option<Border>,
    last: Option<Looked>,
    frames: Vec<FrameAudit>,
}

impl ClipReader<'_> {
    /// The next frame, 96 × 96.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame) -> Result<&FrameAudit, VisionError> {
        let looked = self.reader.look(frame, self.last.as_ref(), self.border.as_ref())?;
        self.frames.push(looked.audit);
        Ok(&self.last.insert(looked).audit)
    }

    /// What all frames show.
    pub fn finish(self) -> ClipReading {
        let resampling = self.border.map_or(0.0, |b| b.blur);
        ClipReading::of(self.frames, resampling)
    }
}

/// What the frames of a clip show, and what follows from all of them together.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipReading {
    /// Frame by frame.
    pub frames: Vec<FrameAudit>,
    /// How good the picture is.
    pub picture: ClipPicture,
    /// Who moves in which step, and who touches whom.
    pub steps: ClipSteps,
    /// The T's path, and what of it was pushed.
    pub motion: Motion,
}

impl ClipReading {
    fn of(frames: Vec<FrameAudit>, resampling: f64) -> Self {
        let picture = ClipPicture::of(&frames, resampling);
        let steps = ClipSteps::of(&frames);
        let motion = steps.motion(&broken(&frames, &picture));
        Self {
            frames,
            picture,
            steps,
            motion,
        }
    }

    /// Share of the T's motion that the agent pushed; none where it does not move, or fewer than half of the frames show it.
    pub fn pushed_share(&self) -> Option<f64> {
        let seen = self.frames.iter().filter(|f| f.shape.is_some()).count();
        (self.motion.path_length > 0.0 && 2 * seen >= self.frames.len()).then(|| self.motion.share())
    }
}
