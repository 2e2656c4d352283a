//! Resamples a video of any rate to a fixed rate: frame k of the result is the frame of the video whose time is nearest
//! to k / rate (of two, the earlier). Times are compared as integers, so 30000/1001 Hz does not drift.

use crate::error::VideoIoError;
use crate::read::reader::{TimedFrame, VideoReader};
use crate::{Frame, RawFrame};

/// The times of a video's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// As stated in the file; a PNG folder, which states no times, has the requested rate.
    Stated,
    /// A fixed number of frames per second, regardless of the file. Video models often tag clips with another rate than
    /// that of their training data.
    Fixed(u32),
}

/// One frame of a resampled video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResampledFrame<F = Frame> {
    /// The image: RGB, or a [`RawFrame`].
    pub frame: F,
    /// Its index in the video.
    pub index: usize,
}

/// Resamples the frames of a video to a fixed rate. At most one frame is held back.
pub struct Resampled {
    reader: VideoReader,
    hz: i128,
    /// Ticks per second. The next field states whether times are the reader's ticks or its frame numbers.
    timescale: i128,
    stated: bool,
    read: usize,
    /// The nearest frame so far with its index and time; `ahead` is the one after it.
    current: Option<(usize, i128, RawFrame)>,
    ahead: Option<(usize, i128, RawFrame)>,
    /// Time between the last two frames, ticks.
    gap: i128,
    made: i128,
}

impl Resampled {
    /// Resamples to `hz` frames per second, at least 1.
    pub fn new(reader: VideoReader, rate: Rate, hz: u32) -> Self {
        let hz = hz.max(1);
        let (timescale, stated) = match (rate, reader.timescale()) {
            (Rate::Fixed(fps), _) => (fps.max(1), false),
            (Rate::Stated, Some(timescale)) => (timescale, true),
            (Rate::Stated, None) => (hz, false),
        };
        Self {
            reader,
            hz: hz.into(),
            timescale: timescale.into(),
            stated,
            read: 0,
            current: None,
            ahead: None,
            gap: 0,
            made: 0,
        }
    }

    /// Number of frames read from the video so far.
    pub fn frames_read(&self) -> usize {
        self.read
    }

    /// The next frame of the result; `None` when the video ends, half a frame after the time of its last frame.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn next_frame(&mut self) -> Result<Option<ResampledFrame>, VideoIoError> {
        let raw = self.next_raw()?;
        Ok(raw.map(|ResampledFrame { frame, index }| ResampledFrame {
            frame: frame.into_rgb(),
            index,
        }))
    }

    /// The next frame of the result as it is stored, for readers that need only some pixels.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn next_raw(&mut self) -> Result<Option<ResampledFrame<RawFrame>>, VideoIoError> {
        if self.current.is_none() {
            self.current = self.fetch()?;
            self.ahead = self.fetch()?;
        }
        while self.passed() {
            let (Some((_, now, _)), Some((_, then, _))) = (&self.current, &self.ahead) else {
                return Ok(None);
            };
            self.gap = then - now;
            let next = self.fetch()?;
            self.current = std::mem::replace(&mut self.ahead, next);
        }
        if self.current.is_none() {
            return Ok(None);
        }
        self.made += 1;
        let passed = self.passed();
        Ok(self.current.as_mut().map(|(index, _, frame)| ResampledFrame {
            // A frame that is not needed again is moved.
            frame: if passed {
                std::mem::replace(frame, Frame::default().into())
            } else {
                frame.clone()
            },
            index: *index,
        }))
    }

    /// True if the requested time is nearer to the frame after the current one, or after the video's end.
    fn passed(&self) -> bool {
        let Some((_, now, _)) = &self.current else {
            return false;
        };
        // Compares twice the requested time, in ticks times hz, with twice the midpoint between two frames.
        let middle = match &self.ahead {
            Some((_, then, _)) => now + then,
            None => 2 * now + self.gap,
        };
        2 * self.made * self.timescale > middle * self.hz
    }

    fn fetch(&mut self) -> Result<Option<(usize, i128, RawFrame)>, VideoIoError> {
        let Some(TimedFrame { frame, time }) = self.reader.next_raw()? else {
            return Ok(None);
        };
        let index = self.read;
        self.read += 1;
        let time = if self.stated { time.into() } else { index as i128 };
        Ok(Some((index, time, frame)))
    }
}

impl Iterator for Resampled {
    type Item = Result<ResampledFrame, VideoIoError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}
