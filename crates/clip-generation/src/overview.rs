//! Overview image of clips.

use pusht_env::Frame;
use video_io::{FilmStrip, VideoIoError, film_strip};

/// Number of clips shown.
const CLIPS: usize = 8;
/// Number of frames shown per clip.
const FRAMES: usize = 9;
/// Maximum side of a frame in the image, px.
const SIDE: u32 = 128;

/// Overview of the first clips: one row per clip of evenly spaced frames, including the first and last.
#[derive(Default)]
pub(crate) struct Overview {
    rows: Vec<Frame>,
}

impl Overview {
    /// Whether the overview is full.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= CLIPS * FRAMES
    }

    /// Adds a clip, if there is room and its frames have the same size.
    pub(crate) fn add(&mut self, clip: &[Frame]) {
        let same_size = self.rows.first().is_none_or(|first| {
            clip.first()
                .is_some_and(|f| small(f).dimensions() == first.dimensions())
        });
        if clip.is_empty() || self.is_full() || !same_size {
            return;
        }
        let last = clip.len() - 1;
        self.rows
            .extend((0..FRAMES).map(|i| small(&clip[i * last / (FRAMES - 1)])));
    }

    /// The image; `None` without clips.
    pub(crate) fn picture(&self) -> Result<Option<Frame>, VideoIoError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        film_strip(&self.rows, FilmStrip::new(FRAMES)).map(Some)
    }
}

fn small(frame: &Frame) -> Frame {
    let (width, height) = frame.dimensions();
    let most = width.max(height);
    if most <= SIDE {
        return frame.clone();
    }
    let size = |side: u32| (side * SIDE / most).max(1);
    image::imageops::resize(frame, size(width), size(height), image::imageops::FilterType::Triangle)
}
