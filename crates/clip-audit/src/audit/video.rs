//! Audit of videos of any size, frame rate and format.

use std::path::{Path, PathBuf};

use pusht_env::{Frame, GOAL};
use pusht_vision::appearance::FrameAudit;
use pusht_vision::{Registrar, Registration, Tracked, Tracker, VideoSize, VisionError};
use serde::{Deserialize, Serialize};
use video_io::{Rate, Resampled, VideoIoError, VideoReader};

use super::{Audit, Auditor, ClipAudit, Strip, Strips};

/// Largest frame rate of an audit, frames per second.
const HZ: u32 = 10;

/// Fewest frames, at 10 Hz, of a video that is audited: a jump shows by the steps before and after it.
pub const FEWEST_FRAMES: usize = 4;

/// Callback for a frame of a video, with the video's size and registration.
type FrameSink<'a> = dyn FnMut(VideoSize, &Registration, &Frame) -> Result<(), VisionError> + 'a;

/// The audit of a video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoAudit {
    /// Path of the video as passed in.
    pub video: PathBuf,
    /// `H.264`, `AV1`, `GIF` or `PNG`.
    pub codec: String,
    /// Size of the frames.
    pub size: VideoSize,
    /// Position of the board in the frames.
    pub registration: Registration,
    /// The audit. Frames are counted at 10 Hz, without those that a slower video repeats.
    pub audit: ClipAudit,
}

/// Audits videos; built once, it can be shared between threads.
///
/// # Example
///
/// ```no_run
/// use clip_audit::VideoAuditor;
/// use video_io::Rate;
///
/// let (video, _measures_per_frame) = VideoAuditor::new()?.audit("clip.mp4".as_ref(), Rate::Stated)?;
/// for finding in &video.audit.findings {
///     println!("{} in frames {:?}", finding.kind.description(), finding.frames);
/// }
/// println!("physics: {} of 5", video.audit.scores.physics.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct VideoAuditor {
    auditor: Auditor,
    registrar: Registrar,
}

impl VideoAuditor {
    /// An auditor of videos of boards with the default goal.
    ///
    /// # Errors
    /// Does not fail.
    pub fn new() -> Result<Self, AuditError> {
        Ok(Self {
            auditor: Auditor::new()?,
            registrar: Registrar::new(GOAL)?,
        })
    }

    /// Finds the board in the first frame of a video.
    ///
    /// # Errors
    /// A frame that shows no board.
    pub fn register(&self, first: &Frame) -> Result<Registration, AuditError> {
        Ok(self.registrar.register(first)?)
    }

    /// Begins the audit of a video whose frames the caller reads: pass every new frame at 10 Hz, resampled by `map`, to
    /// the audit.
    ///
    /// # Errors
    /// A board of a size that the renderer refuses.
    pub fn begin(&self, map: &Registration) -> Result<Audit<'_>, AuditError> {
        Ok(self.auditor.begin_from(side(map))?)
    }

    /// Audits a video and returns the measures of each frame as well. One frame at a time is in memory.
    ///
    /// # Errors
    /// A video that cannot be read, shows no board in its first frame, or has fewer than [`FEWEST_FRAMES`].
    pub fn audit(&self, path: &Path, rate: Rate) -> Result<(VideoAudit, Vec<FrameAudit>), AuditError> {
        let (mut size, mut begun) = (VideoSize::default(), None);
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
        if audit.frames < FEWEST_FRAMES {
            let (path, frames) = (path.into(), audit.frames);
            return Err(AuditError::TooShort { path, frames });
        }
        let video = VideoAudit {
            video: path.into(),
            codec,
            size,
            registration,
            audit,
        };
        Ok((video, reading.frames))
    }

    /// Audits a clip in memory: frames of any size at 10 Hz.
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

    /// Reads an audited video again for its strips of `columns` frames, every pixel `scale` × `scale`, and for the
    /// track of its original frames: the audit tracks cleaned frames, in which an agent half behind a wall does not
    /// stand out.
    ///
    /// # Errors
    /// A video that can no longer be read.
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

    /// Calls `take` with the video's size, its registration and every new frame at 10 Hz, resampled to a 96 × 96 image
    /// of the board; returns the codec's name.
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
            if last == Some(picked.index) && !picked.held {
                continue;
            }
            last = Some(picked.index);
            let map = match registration {
                Some(map) => map,
                None => *registration.insert(self.registrar.register(&picked.frame)?),
            };
            let (width, height) = picked.frame.dimensions();
            let size = VideoSize { width, height };
            take(size, &map, &map.resample(&picked.frame))?;
        }
        Ok(codec)
    }
}

/// Side of the board in a video, px.
fn side(map: &Registration) -> u32 {
    (512.0 * map.scale[0].min(map.scale[1])).round() as u32
}

/// Errors from auditing a video.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The video cannot be read.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// The video shows no board.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The video has fewer frames than the measures need.
    #[error(
        "{} has {frames} frames at 10 per second; {FEWEST_FRAMES} are needed to measure motion, so it is not audited",
        path.display()
    )]
    TooShort {
        /// The video.
        path: PathBuf,
        /// Frames at 10 Hz, without repeated ones.
        frames: usize,
    },
    /// The video has no frames.
    #[error("{} has no frames", path.display())]
    NoFrames {
        /// The video.
        path: PathBuf,
    },
}
