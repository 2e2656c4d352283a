//! Videos of any size, rate and format.

use std::path::{Path, PathBuf};

use pusht_env::{Frame, GOAL};
use pusht_vision::appearance::FrameAudit;
use pusht_vision::{Registrar, Registration, Tracked, Tracker, VisionError};
use serde::{Deserialize, Serialize};
use video_io::{Rate, Resampled, VideoIoError, VideoReader};

use super::{Audit, Auditor, ClipAudit, Strip, Strips};

/// Frames a second at most.
const HZ: u32 = 10;

/// What is done with a frame of a video, given the video's size and registration.
type FrameSink<'a> = dyn FnMut([u32; 2], &Registration, &Frame) -> Result<(), VisionError> + 'a;

/// The audit of a video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoAudit {
    /// Its path, as handed in.
    pub video: PathBuf,
    /// `H.264`, `AV1`, `GIF` or `PNG`.
    pub codec: String,
    /// Width and height, px.
    pub size: [u32; 2],
    /// Where the board lies in it.
    pub registration: Registration,
    /// What was found. Frames are those at 10 a second, without those that a slower video repeats.
    pub audit: ClipAudit,
}

/// Audits videos; made once, it can be shared between threads.
pub struct VideoAuditor {
    auditor: Auditor,
    registrar: Registrar,
}

impl VideoAuditor {
    /// An auditor of videos of boards with the usual goal.
    ///
    /// # Errors
    /// None that the usual goal can cause.
    pub fn new() -> Result<Self, AuditError> {
        Ok(Self {
            auditor: Auditor::new()?,
            registrar: Registrar::new(GOAL)?,
        })
    }

    /// Where the board lies in the first frame of a video.
    ///
    /// # Errors
    /// A frame that shows no board.
    pub fn register(&self, first: &Frame) -> Result<Registration, AuditError> {
        Ok(self.registrar.register(first)?)
    }

    /// Begins with a video whose frames are read elsewhere: hand in every new frame at 10 Hz, resampled by `map`.
    ///
    /// # Errors
    /// A board of a size that cannot be drawn.
    pub fn begin(&self, map: &Registration) -> Result<Audit<'_>, AuditError> {
        Ok(self.auditor.begin_from(side(map))?)
    }

    /// Reads a video and says what is wrong with it, and what each frame measures. One frame at a time is in memory.
    ///
    /// # Errors
    /// A video that cannot be read, shows no board in its first frame, or has no frames.
    pub fn audit(&self, path: &Path, rate: Rate) -> Result<(VideoAudit, Vec<FrameAudit>), AuditError> {
        let (mut size, mut begun) = ([0; 2], None);
        let codec = self.frames(path, rate, None, &mut |shown, registration, frame| {
            let (audit, _) = match &mut begun {
                Some(begun) => begun,
                None => {
                    size = shown;
                    begun.insert((self.auditor.begin_from(side(registration))?, *registration))
                }
            };
            audit.push(frame).map(drop)
        })?;
        let (audit, registration) = begun.ok_or_else(|| AuditError::NoFrames { path: path.into() })?;
        let (audit, reading) = audit.finish();
        let video = VideoAudit {
            video: path.into(),
            codec,
            size,
            registration,
            audit,
        };
        Ok((video, reading.frames))
    }

    /// Audits a clip that is in memory: frames of any size, 10 a second.
    ///
    /// # Errors
    /// A first frame that shows no board.
    pub fn audit_frames(&self, frames: &[Frame]) -> Result<ClipAudit, AuditError> {
        let mut audit = self.auditor.begin();
        if let Some(first) = frames.first() {
            let map = self.registrar.register(first)?;
            audit = self.auditor.begin_from(side(&map))?;
            for frame in frames {
                audit.push(&map.resample(frame))?;
            }
        }
        Ok(audit.finish().0)
    }

    /// Reads an audited video again for its strips of `columns` frames, every pixel `scale` × `scale`, and for what the
    /// tracker sees in its frames as they are: the audit reads cleaned ones, in which an agent that is half behind a wall
    /// does not stand out.
    ///
    /// # Errors
    /// A video that cannot be read any more.
    pub fn reread_for_strips(
        &self,
        of: &VideoAudit,
        rate: Rate,
        columns: usize,
        scale: u32,
    ) -> Result<(Vec<Strip>, Vec<Tracked>), AuditError> {
        let mut strips = Strips::new(&of.audit, columns, scale);
        let tracker = Tracker::new(GOAL)?;
        let mut track: Vec<Tracked> = Vec::new();
        self.frames(&of.video, rate, Some(of.registration), &mut |_, _, frame| {
            strips.push(track.len(), frame);
            track.push(tracker.track_after(frame, track.last())?);
            Ok(())
        })?;
        Ok((strips.finish()?, track))
    }

    /// Calls `take` with the video's size, its registration and every new frame at 10 Hz, drawn as 96 × 96 picture of the
    /// board; returns the codec's name.
    fn frames(
        &self,
        path: &Path,
        rate: Rate,
        registration: Option<Registration>,
        take: &mut FrameSink<'_>,
    ) -> Result<String, AuditError> {
        let reader = VideoReader::open(path)?;
        let codec = reader.codec().to_owned();
        let mut frames = Resampled::new(reader, rate, HZ);
        let (mut registration, mut last) = (registration, None);
        while let Some(picked) = frames.next_frame()? {
            if last == Some(picked.index) {
                continue;
            }
            last = Some(picked.index);
            let map = match registration {
                Some(map) => map,
                None => *registration.insert(self.registrar.register(&picked.frame)?),
            };
            let size = [picked.frame.width(), picked.frame.height()];
            take(size, &map, &map.resample(&picked.frame))?;
        }
        Ok(codec)
    }
}

/// Pixels that a side of the board has in a video.
fn side(map: &Registration) -> u32 {
    (512.0 * map.scale[0].min(map.scale[1])).round() as u32
}

/// Why a video could not be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// It cannot be read.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// It shows no board.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// It is empty.
    #[error("{} has no frames", path.display())]
    NoFrames {
        /// The video.
        path: PathBuf,
    },
}
