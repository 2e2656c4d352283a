//! Some frames of some clips in one picture.

use pusht_env::Frame;
use video_io::{FilmStrip, VideoIoError, film_strip};

/// Clips that are shown.
const CLIPS: usize = 8;
/// Frames that are shown of each.
const FRAMES: usize = 9;
/// Side of a frame in the picture, px, at most.
const SIDE: u32 = 128;

/// A row of frames for each of the first clips, evenly over time, the first and the last among them; none without clips.
#[derive(Default)]
pub(crate) struct Overview {
    rows: Vec<Frame>,
}

impl Overview {
    /// Whether there is no room for more.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= CLIPS * FRAMES
    }

    /// Takes a clip in, where there is room.
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

    /// The picture.
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
