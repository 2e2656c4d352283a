//! Reads a whole clip, frame by frame.

use pusht_env::Frame;

use super::broken::broken;
use super::frame::Looked;
use super::picture::Border;
use super::{ClipPicture, FrameAudit, FrameReader};
use crate::VisionError;
use crate::motion::{ClipSteps, Motion, StepSimulator};

impl FrameReader {
    /// Begins to read a clip.
    pub fn begin(&self) -> ClipReader<'_> {
        ClipReader {
            reader: self,
            border: None,
            last: None,
            frames: Vec::new(),
        }
    }

    /// Begins to read a clip whose frames are resampled from images in which the board has `side` × `side` pixels. Only
    /// blur beyond that of the resampling counts.
    ///
    /// # Errors
    /// A size that the renderer refuses.
    pub fn begin_from(&self, side: u32) -> Result<ClipReader<'_>, VisionError> {
        Ok(ClipReader {
            border: self.border(side)?,
            ..self.begin()
        })
    }
}

/// Reader of one clip; keeps about 300 bytes per frame, not the frames.
pub struct ClipReader<'a> {
    reader: &'a FrameReader,
    border: Option<Border>,
    last: Option<Looked>,
    frames: Vec<FrameAudit>,
}

impl ClipReader<'_> {
    /// Adds the next frame, 96 × 96.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn push(&mut self, frame: &Frame) -> Result<&FrameAudit, VisionError> {
        let looked = self.reader.look(frame, self.last.as_ref(), self.border.as_ref())?;
        self.frames.push(looked.audit);
        Ok(&self.last.insert(looked).audit)
    }

    /// Returns the reading of all frames.
    pub fn finish(self) -> ClipReading {
        let resampling = self.border.map_or(0.0, |b| b.blur);
        ClipReading::of(self.frames, resampling, StepSimulator::new(self.reader.env))
    }
}

/// Measures of the frames of a clip, and of the clip as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipReading {
    /// Measures of each frame.
    pub frames: Vec<FrameAudit>,
    /// Image quality of the clip.
    pub picture: ClipPicture,
    /// Motion of agent and T in each step, and their contacts.
    pub steps: ClipSteps,
    /// Path length of the T, and the part of it that was pushed.
    pub motion: Motion,
}

impl ClipReading {
    fn of(frames: Vec<FrameAudit>, resampling: f64, simulator: StepSimulator) -> Self {
        let picture = ClipPicture::of(&frames, resampling);
        let steps = ClipSteps::of(&frames, &picture, simulator);
        let motion = steps.motion(&broken(&frames, &picture));
        Self {
            frames,
            picture,
            steps,
            motion,
        }
    }

    /// Share of the T's motion that the agent pushed; `None` if the T does not move, or fewer than half of the frames
    /// show it.
    pub fn pushed_share(&self) -> Option<f64> {
        let seen = self.frames.iter().filter(|f| f.shape.is_some()).count();
        (self.motion.path_length > 0.0 && 2 * seen >= self.frames.len()).then(|| self.motion.share())
    }
}
