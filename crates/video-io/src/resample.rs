//! A video of any rate as a sequence of a fixed rate: frame k of the sequence is the frame of the video whose time is
//! nearest to k / rate (of two, the earlier). Times are compared as integers, so 30000/1001 Hz does not drift.

use crate::Frame;
use crate::error::VideoIoError;
use crate::reader::{TimedFrame, VideoReader};

/// When the frames of a video are taken to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// As the file says; a PNG folder, which says nothing, has the rate asked for.
    Stated,
    /// Evenly, so many a second, whatever the file says. Generators often tag clips with another rate than that of the
    /// data they were trained on.
    Fixed(u32),
}

/// One frame of a resampled video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The picture.
    pub frame: Frame,
    /// Its index in the video.
    pub index: usize,
}

/// The frames of a video at a fixed rate. One frame is held back, no more.
pub struct Resampled {
    reader: VideoReader,
    hz: i128,
    /// Ticks a second, and whether the reader's ticks count or its frame numbers.
    timescale: i128,
    stated: bool,
    read: usize,
    /// The frame that is nearest so far, its time, and the one after it.
    current: Option<(usize, i128, Frame)>,
    ahead: Option<(usize, i128, Frame)>,
    /// Between the last two frames, ticks.
    gap: i128,
    made: i128,
}

impl Resampled {
    /// Makes a sequence of `hz` frames a second, at least 1.
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

    /// Frames read from the video so far; at the end, all it has.
    pub fn frames_read(&self) -> usize {
        self.read
    }

    /// The next frame of the sequence; `None` when the video ends, half a frame after its last frame is shown.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn next_frame(&mut self) -> Result<Option<Picked>, VideoIoError> {
        if self.current.is_none() {
            self.current = self.fetch()?;
            self.ahead = self.fetch()?;
        }
        // Twice the time asked for, in ticks times hz, against twice the middle between two frames.
        let asked = 2 * self.made * self.timescale;
        while let (Some((_, now, _)), Some((_, then, _))) = (&self.current, &self.ahead) {
            if asked <= (now + then) * self.hz {
                break;
            }
            self.gap = then - now;
            let next = self.fetch()?;
            self.current = std::mem::replace(&mut self.ahead, next);
        }
        let Some((index, time, frame)) = &self.current else {
            return Ok(None);
        };
        if self.ahead.is_none() && asked > (2 * time + self.gap) * self.hz {
            return Ok(None);
        }
        self.made += 1;
        Ok(Some(Picked {
            frame: frame.clone(),
            index: *index,
        }))
    }

    fn fetch(&mut self) -> Result<Option<(usize, i128, Frame)>, VideoIoError> {
        let Some(TimedFrame { frame, time }) = self.reader.next_frame()? else {
            return Ok(None);
        };
        let index = self.read;
        self.read += 1;
        let time = if self.stated { time.into() } else { index as i128 };
        Ok(Some((index, time, frame)))
    }
}

impl Iterator for Resampled {
    type Item = Result<Picked, VideoIoError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}
