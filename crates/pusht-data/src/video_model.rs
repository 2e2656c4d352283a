//! Generation of a video from a start frame and, optionally, an end frame.

use pusht_env::Frame;
use serde::{Deserialize, Serialize};

/// One clip to generate.
#[derive(Clone, Debug)]
pub struct VideoRequest {
    /// First frame of the clip.
    pub start: Frame,
    /// Last frame of the clip, if it is prescribed.
    pub end: Option<Frame>,
    /// Text description of what should happen; models without a text encoder ignore it and say so in their docs.
    pub prompt: Option<String>,
    /// Number of frames, start and end included. For a model that pushes the T to its goal where no end is prescribed, and
    /// says so in its docs, this is the largest number: its clip ends when the T is there.
    pub frames: usize,
    /// Seed of everything random about the clip.
    pub seed: u64,
}

/// A generated clip, and how near it came to its end, if its model knows.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoClip {
    /// Its frames, the start included.
    pub frames: Vec<Frame>,
    /// How near it came to its end.
    pub end: Option<ClipEnd>,
}

/// How near a clip came to its end: the prescribed last frame, or, where none is prescribed, the T on its goal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipEnd {
    /// Whether the last frame is the prescribed one, or the T rests on its goal; if not, it is the model's own.
    pub reached: bool,
    /// Distance of the T's center from its end in the model's own last frame, px of the 512 board.
    pub px: f64,
    /// Angle between the T's pose there and its end, degrees, 0 to 180.
    pub degrees: f64,
    /// Distance of the agent from its end, px of the 512 board, if its place is prescribed.
    pub agent_px: Option<f64>,
    /// Whether that frame shows agent and T; if not, the distances are those of where they were seen last.
    pub seen: bool,
}

/// Generates PushT clips.
///
/// # Example: the start frame throughout
///
/// ```
/// use pusht_data::{VideoModelError, VideoModel, VideoRequest};
/// use pusht_env::Frame;
///
/// struct Still;
///
/// impl VideoModel for Still {
///     fn name(&self) -> String {
///         "still".to_owned()
///     }
///
///     fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
///         Ok(requests.iter().map(|r| vec![r.start.clone(); r.frames]).collect())
///     }
/// }
///
/// let request = VideoRequest { start: Frame::new(96, 96), end: None, prompt: None, frames: 9, seed: 0 };
/// assert_eq!(Still.generate(&[request])?[0].len(), 9);
/// # Ok::<(), VideoModelError>(())
/// ```
pub trait VideoModel {
    /// Name for reports.
    fn name(&self) -> String;

    /// Generates one clip per request, in order. A clip depends on its request only, not on its neighbors in the batch.
    /// It has the frames asked for, or fewer where [`VideoRequest::frames`] is the largest number.
    ///
    /// # Errors
    /// A request that the model cannot fulfill, or a failure of the model itself.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError>;

    /// The same clips, with how near they came to their ends, if the model knows.
    ///
    /// # Errors
    /// Those of [`Self::generate`].
    fn generate_clips(&self, requests: &[VideoRequest]) -> Result<Vec<VideoClip>, VideoModelError> {
        let clips = self.generate(requests)?.into_iter();
        Ok(clips.map(|frames| VideoClip { frames, end: None }).collect())
    }
}

/// Errors of a video model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoModelError {
    /// A request that cannot be fulfilled.
    #[error("request {request}: {reason}")]
    Request {
        /// Index of the request.
        request: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A failure of the model itself.
    #[error("{model} failed: {reason}")]
    Failed {
        /// Name of the model.
        model: String,
        /// What went wrong.
        reason: String,
    },
}
