//! Resamples a video of any rate to a fixed rate: frame k of the result is the frame that is shown at k / rate. A frame
//! whose time is within half a frame of k / rate counts as shown, whichever of the two rates has the shorter frames (of
//! two, the earlier). Times are compared as integers, so 30000/1001 Hz does not drift.
//!
//! A faster video that shows the same picture in several frames is read once before, to see when new pictures come: each
//! of them then stands for one frame of the result.

use crate::error::VideoIoError;
use crate::read::reader::{TimedFrame, VideoReader};
use crate::read::shown::{MOST_REPEATED, Pictures, ShownFrame, is_fast, pictures};
use crate::read::timing::{LONGEST_PAUSE, Timing};
use crate::{Frame, RawFrame};

/// Frames by which it is seen whether a video is fast, and whether each frame shows a new picture.
const FIRST: usize = 16;
const MANY: usize = 300;

/// Share of the pixels that differ in a new picture, at least. An agent that moves by a pixel of the board changes three
/// times as many.
const NEW_SHARE: f64 = 1e-4;

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
    /// The same frame as before, because the video shows it longer, for two seconds at most: the picture does not
    /// change meanwhile. GIF files with a steady rate of at least the requested one join equal frames. False for the first
    /// use of a frame, and for one that is repeated because the video is slower or irregular, or has a gap: there nobody
    /// knows what happens.
    pub held: bool,
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
    timing: Timing,
    /// Index of the last frame of the result, and how many repeat the one before.
    last: Option<usize>,
    repeated: usize,
    /// After an error there are no more frames.
    ended: bool,
    /// The frames of the result, where they follow from the pictures.
    picks: Option<Vec<usize>>,
    unclear: bool,
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
        let timing = if stated { reader.timing() } else { Timing::default() };
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
            timing,
            last: None,
            repeated: 0,
            ended: false,
            picks: None,
            unclear: false,
        }
    }

    /// True if the video shows pictures longer than a frame, but neither the times of the frames nor those of the pictures
    /// give one per frame of the result. Frames of the result may repeat a picture or pass over one. Known from the first
    /// frame on.
    pub fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// Number of frames read from the video so far.
    pub fn frames_read(&self) -> usize {
        self.read
    }

    /// The next frame of the result; `None` when the video ends, and after an error.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`]; by [`Rate::Stated`] also wrong time stamps: a duration below zero, a frame that is
    /// shown for more than a minute, more than an hour of repeated frames (apart from ten for every frame).
    pub fn next_frame(&mut self) -> Result<Option<ResampledFrame>, VideoIoError> {
        let raw = self.next_raw()?;
        Ok(raw.map(|ResampledFrame { frame, index, held }| ResampledFrame {
            frame: frame.into_rgb(),
            index,
            held,
        }))
    }

    /// The next frame of the result as it is stored, for readers that need only some pixels.
    ///
    /// # Errors
    /// As [`VideoReader::next_frame`].
    pub fn next_raw(&mut self) -> Result<Option<ResampledFrame<RawFrame>>, VideoIoError> {
        if self.ended {
            return Ok(None);
        }
        let next = self.next_shown();
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }

    fn next_shown(&mut self) -> Result<Option<ResampledFrame<RawFrame>>, VideoIoError> {
        if self.current.is_none() && self.read == 0 {
            if let Some(fault) = &self.timing.fault {
                return Err(self.wrong_time(fault.clone()));
            }
            match self.look() {
                Pictures::ByTime => {}
                Pictures::OnePerPeriod(picks) => self.picks = Some(picks),
                Pictures::Unclear => self.unclear = true,
            }
            self.current = self.fetch()?;
            self.ahead = self.fetch()?;
            self.check_pause()?;
        }
        if self.picks.is_some() {
            return self.next_picked();
        }
        while self.passed() {
            let (Some((_, now, _)), Some((_, then, _))) = (&self.current, &self.ahead) else {
                return Ok(None);
            };
            self.gap = then - now;
            let next = self.fetch()?;
            self.current = std::mem::replace(&mut self.ahead, next);
            self.check_pause()?;
        }
        let Some((index, ..)) = self.current else {
            return Ok(None);
        };
        let repeated = self.last.replace(index) == Some(index);
        self.repeated += usize::from(repeated);
        if self.repeated > MOST_REPEATED + 10 * self.read {
            let (repeated, read) = (self.repeated, self.read);
            return Err(self.wrong_time(format!(
                "its first {read} frames are shown so long that {repeated} are repeated"
            )));
        }
        self.made += 1;
        let passed = self.passed();
        let held = repeated && self.is_steady() && self.is_short();
        Ok(self.current.as_mut().map(|(_, _, frame)| ResampledFrame {
            // A frame that is not needed again is moved.
            frame: if passed {
                std::mem::replace(frame, Frame::default().into())
            } else {
                frame.clone()
            },
            index,
            held,
        }))
    }

    /// The next frame of [`Resampled::picks`].
    fn next_picked(&mut self) -> Result<Option<ResampledFrame<RawFrame>>, VideoIoError> {
        let place = usize::try_from(self.made).ok();
        let pick = |after: usize| self.picks.as_ref()?.get(place? + after).copied();
        let (wanted, next) = (pick(0), pick(1));
        // After the last pick all remaining frames are read, as they are checked and counted.
        while wanted.is_none_or(|wanted| self.current.as_ref().is_some_and(|(index, ..)| *index < wanted)) {
            let ahead = self.fetch()?;
            self.current = std::mem::replace(&mut self.ahead, ahead);
            if self.current.is_none() {
                break;
            }
        }
        let Some(index) = wanted else {
            return Ok(None);
        };
        let repeated = self.last.replace(index) == Some(index);
        self.made += 1;
        let held = repeated && self.is_steady() && self.is_short();
        Ok(self.current.as_mut().map(|(_, _, frame)| ResampledFrame {
            frame: match next == Some(index) {
                true => frame.clone(),
                false => std::mem::replace(frame, Frame::default().into()),
            },
            index,
            held,
        }))
    }

    /// Reads a video that may be fast to see which pictures it shows. What cannot be read is reported later.
    fn look(&self) -> Pictures {
        // A slower video that states its rate need not be read.
        let usual = if self.stated { self.timing.usual } else { Some(1) };
        let slow = |usual: i64| 100 * i128::from(usual) * self.hz >= 92 * self.timescale;
        if usual.is_some_and(slow) {
            return Pictures::ByTime;
        }
        let Ok(mut reader) = self.reader.again() else {
            return Pictures::ByTime;
        };
        let periods = |ticks: i128| (ticks * self.hz) as f64 / self.timescale as f64;
        let mut frames: Vec<ShownFrame> = Vec::new();
        let (mut before, mut least): (Option<RawFrame>, usize) = (None, 0);
        while let Ok(Some(TimedFrame { frame, time })) = reader.next_raw() {
            let (width, height) = frame.dimensions();
            least = ((NEW_SHARE * f64::from(width) * f64::from(height)) as usize).max(2);
            let ticks = self.ticks(time, frames.len());
            frames.push(ShownFrame {
                at: periods(ticks),
                changed: before.as_ref().map_or(0, |before| frame.changed(before)),
            });
            before = Some(frame);
            let end = frames.last().map_or(0.0, |frame| frame.at);
            let by_time = match frames.len() {
                FIRST => !is_fast(&frames),
                MANY => pictures(&frames, end, least) == Pictures::ByTime,
                _ => false,
            };
            if by_time {
                return Pictures::ByTime;
            }
        }
        let longest = periods(i128::from(LONGEST_PAUSE) * self.timescale);
        if frames.windows(2).any(|pair| pair[1].at - pair[0].at > longest) {
            return Pictures::ByTime;
        }
        let end = self.timing.end.filter(|_| self.stated).map(|end| periods(end.into()));
        let last = frames.last().map_or(0.0, |frame| frame.at);
        let after = frames.len().checked_sub(2).map_or(0.0, |index| last - frames[index].at);
        pictures(&frames, end.unwrap_or(last + after).max(last), least)
    }

    /// The time of a frame, in ticks.
    fn ticks(&self, time: i64, index: usize) -> i128 {
        match self.stated || self.reader.timescale().is_none() {
            true => time.into(),
            false => index as i128,
        }
    }

    /// True if the video joins equal frames and has a steady rate of at least the requested one, within a twentieth.
    fn is_steady(&self) -> bool {
        let usual = self.timing.usual.map(i128::from);
        self.reader.joins_equal_frames() && usual.is_some_and(|usual| 20 * usual * self.hz <= 21 * self.timescale)
    }

    /// True if the current frame is shown for at most two seconds, as one that equals its neighbors. A longer one rather is
    /// a gap in the recording.
    fn is_short(&self) -> bool {
        let shown = self.current.as_ref().map(|(_, now, _)| self.next_time(*now) - now);
        shown.is_some_and(|shown| shown <= 2 * self.timescale)
    }

    /// Returns an error if the current frame is shown too long.
    fn check_pause(&self) -> Result<(), VideoIoError> {
        let Some((index, now, _)) = &self.current else {
            return Ok(());
        };
        let shown = self.next_time(*now) - now;
        if self.stated && shown > i128::from(LONGEST_PAUSE) * self.timescale {
            let seconds = shown / self.timescale;
            return Err(self.wrong_time(format!("frame {index} is shown for {seconds} s")));
        }
        Ok(())
    }

    /// When the frame after the current one is shown, or the video ends.
    fn next_time(&self, now: i128) -> i128 {
        match (&self.ahead, self.timing.end) {
            (Some((_, then, _)), _) => *then,
            (None, Some(end)) if i128::from(end) > now => end.into(),
            (None, _) if self.stated => now + self.gap,
            (None, _) => now + 1,
        }
    }

    fn wrong_time(&self, reason: String) -> VideoIoError {
        let path = self.reader.path().into();
        VideoIoError::WrongTime { path, reason }
    }

    /// True if at the requested time the frame after the current one is shown, or the video has ended.
    fn passed(&self) -> bool {
        let Some((_, now, _)) = &self.current else {
            return false;
        };
        is_past(self.made, self.hz, self.timescale, *now, self.next_time(*now))
    }

    fn fetch(&mut self) -> Result<Option<(usize, i128, RawFrame)>, VideoIoError> {
        let Some(TimedFrame { frame, time }) = self.reader.next_raw()? else {
            return Ok(None);
        };
        let index = self.read;
        self.read += 1;
        let time = self.ticks(time, index);
        Ok(Some((index, time, frame)))
    }
}

/// Whether frame `made` of a result of `hz` frames per second comes after the frame that is shown from `now` to `then`, in
/// ticks.
fn is_past(made: i128, hz: i128, timescale: i128, now: i128, then: i128) -> bool {
    // Twice the requested time, in ticks times hz, against twice the time of the change less half a frame.
    let half = (hz * (then - now)).min(timescale);
    2 * made * timescale > 2 * hz * then - half
}

/// Which of `frames` frames at `fps` per second a result of `hz` frames per second consists of: the indices that
/// [`Resampled`] gives with [`Rate::Fixed`], for frames that are in memory. A rate of 0 counts as 1.
///
/// ```
/// assert_eq!(video_io::resampled_indices(6, 20, 10), [0, 2, 4]);
/// assert_eq!(video_io::resampled_indices(3, 5, 10), [0, 0, 1, 1, 2, 2]);
/// ```
pub fn resampled_indices(frames: usize, fps: u32, hz: u32) -> Vec<usize> {
    let (hz, timescale) = (i128::from(hz.max(1)), i128::from(fps.max(1)));
    let mut indices = Vec::new();
    let mut current = 0;
    while current < frames {
        let now = current as i128;
        if is_past(indices.len() as i128, hz, timescale, now, now + 1) {
            current += 1;
        } else {
            indices.push(current);
        }
    }
    indices
}

impl Iterator for Resampled {
    type Item = Result<ResampledFrame, VideoIoError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}
