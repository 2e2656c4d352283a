//! Frames of a video by their times.

use std::path::{Path, PathBuf};

use pusht_env::Frame;
use video_io::{RawFrame, VideoIoError, VideoReader};

use super::FPS;

/// A video that is read from front to back, with the frame before the last time asked for and the one after it; other frames
/// are dropped undecoded to RGB.
pub(super) struct FrameCursor {
    video: PathBuf,
    reader: VideoReader,
    before: Option<Shown>,
    next: Option<Shown>,
}

struct Shown {
    frame: RawFrame,
    /// s
    time: f64,
}

/// Why there is no frame.
pub(super) enum Missed {
    /// The nearest frame, if the video has one, is not within the tolerance; its time, s.
    Far(Option<f64>),
    Unreadable(VideoIoError),
}

impl FrameCursor {
    pub(super) fn open(video: &Path) -> Result<Self, VideoIoError> {
        Ok(Self {
            reader: VideoReader::open(video)?,
            video: video.to_path_buf(),
            before: None,
            next: None,
        })
    }

    /// Whether the frame nearest to this time of the video is still to come.
    pub(super) fn can_read(&self, video: &Path, time: f64) -> bool {
        self.video == video && self.before.as_ref().is_none_or(|before| before.time <= time)
    }

    /// The frame nearest to a time, which is not earlier than in the call before.
    pub(super) fn nearest(&mut self, time: f64, tolerance: f64) -> Result<Frame, Missed> {
        loop {
            if self.next.is_none() {
                self.next = self.read().map_err(Missed::Unreadable)?;
            }
            match self.next.take_if(|next| next.time < time) {
                Some(passed) => self.before = Some(passed),
                None => break,
            }
        }
        let away = |shown: &&Shown| (shown.time - time).abs();
        let both = self.before.iter().chain(&self.next);
        match both.min_by(|a, b| away(a).total_cmp(&away(b))) {
            Some(shown) if away(&shown) <= tolerance => Ok(shown.frame.to_rgb()),
            nearest => Err(Missed::Far(nearest.map(|shown| shown.time))),
        }
    }

    fn read(&mut self) -> Result<Option<Shown>, VideoIoError> {
        // A folder of pictures states no times.
        let ticks = f64::from(self.reader.timescale().unwrap_or(FPS));
        let next = self.reader.next_raw()?;
        Ok(next.map(|timed| Shown {
            frame: timed.frame,
            time: timed.time as f64 / ticks,
        }))
    }
}
