//! From a start (and an end) to a video.

use pusht_env::Frame;

/// One clip to generate.
#[derive(Clone, Debug)]
pub struct VideoRequest {
    /// First frame of the clip.
    pub start: Frame,
    /// Last frame of the clip, where it is prescribed.
    pub end: Option<Frame>,
    /// What should happen, in words; models without a text encoder ignore it and say so in their docs.
    pub prompt: Option<String>,
    /// Number of frames, start and end included.
    pub frames: usize,
    /// Everything random about the clip follows from it.
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
    /// A name for reports.
    fn name(&self) -> String;

    /// One clip a request, in order. A clip depends on its request only, not on its neighbors in the batch.
    ///
    /// # Errors
    /// A request the model cannot serve, or the model's own failure.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError>;
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoModelError {
    /// The request cannot be served.
    #[error("request {request}: {reason}")]
    Request {
        /// Index of the request.
        request: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The model's own failure.
    #[error("{model} failed: {reason}")]
    Failed {
        /// Its name.
        model: String,
        /// What went wrong.
        reason: String,
    },
}
