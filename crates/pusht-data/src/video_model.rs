//! Generation of a video from a start frame and, optionally, an end frame.

use pusht_env::Frame;

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

/// Generates PushT clips.
///
/// # Example
///
/// A model that shows the start frame throughout:
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
