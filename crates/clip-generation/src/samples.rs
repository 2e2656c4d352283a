//! Sample clips of a model, for viewing.

use std::path::Path;

use pusht_data::{Episode, VideoModel, VideoModelError, VideoRequest};
use video_io::{FilmStrip, VideoIoError, VideoOptions, film_strip, png_bytes, save_video};

/// Stride between frames of a film strip.
const STRIDE: usize = 4;
/// Most frames in a row of a film strip.
const COLUMNS: usize = 8;

/// Errors of writing sample clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// An error of the video model.
    #[error(transparent)]
    Model(#[from] VideoModelError),
    /// A clip cannot be written.
    #[error(transparent)]
    Clip(#[from] VideoIoError),
    /// A film strip cannot be written.
    #[error("writing {path:?} failed: {source}")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

/// Which sample clips to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// Maximum number of clips.
    pub clips: usize,
    /// Frames per clip.
    pub frames: usize,
    /// Seed of the first clip; clip i is sampled with this seed + i.
    pub seed: u64,
}

/// Generates clips, each between the first frame and the last of [`SampleOptions::frames`] rows of one of the first
/// episodes that are long enough, and writes them to `folder` as `sample-0.mp4` and `sample-0.png` (a film strip) etc.
/// Returns the number of clips.
///
/// # Errors
/// A model that fails, or a file that cannot be written.
pub fn write_samples(
    model: &dyn VideoModel,
    episodes: &[&Episode],
    options: SampleOptions,
    folder: &Path,
) -> Result<usize, SamplesError> {
    let SampleOptions { clips, frames, seed } = options;
    let long = episodes.iter().filter(|e| frames > 0 && e.frames.len() >= frames);
    let request = |(i, e): (usize, &&Episode)| VideoRequest {
        start: e.frames[0].clone(),
        end: Some(e.frames[frames - 1].clone()),
        prompt: None,
        frames,
        seed: seed.wrapping_add(i as u64),
    };
    let requests: Vec<VideoRequest> = long.take(clips).enumerate().map(request).collect();
    for (i, clip) in model.generate(&requests)?.iter().enumerate() {
        let path = |extension: &str| folder.join(format!("sample-{i}.{extension}"));
        let options = VideoOptions {
            scale: 4,
            ..VideoOptions::default()
        };
        save_video(path("mp4"), clip, options)?;
        let shown: Vec<_> = clip.iter().step_by(STRIDE).cloned().collect();
        // Rows of equal length, as far as possible.
        let columns = shown.len().div_ceil(shown.len().div_ceil(COLUMNS).max(1));
        let png = png_bytes(&film_strip(&shown, FilmStrip::new(columns))?)?;
        let path = path("png");
        pusht_jobs::write_bytes(&path, &png).map_err(|source| SamplesError::Write { path, source })?;
    }
    Ok(requests.len())
}
