//! Reads MP4 files: takes coded pictures in decoding order, returns frames in presentation order.

#[cfg(feature = "av1")]
mod av1;
mod boxes;
mod description;
mod display_order;
mod edits;
mod error;
mod fragments;
mod h264;
mod open_gop;
mod sps;
mod tables;
mod track;

pub(crate) use error::Mp4Error;

use crate::RawFrame;
use crate::read::timing::Timing;
use description::Description;
use error::{Mp4Result, damaged};
use h264::H264;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use track::{Picture, Track};

/// Most pictures that wait for an earlier one; H.264 holds back at most 16.
const MOST_WAITING: usize = 32;

/// Most pixels of all pictures that wait for an earlier one, if there is more than one; level 6.2 of H.264 holds back
/// fewer.
const MOST_PIXELS_WAITING: u64 = 200_000_000;

/// An open MP4 file.
pub(crate) struct Mp4Source {
    file: File,
    track: Track,
    decoder: Decoder,
    /// Next picture to decode.
    next: usize,
    /// Next frame to show.
    shown: u32,
    /// Decoded frames that wait for their turn, by rank.
    waiting: BTreeMap<u32, RawFrame>,
}

enum Decoder {
    H264(H264),
    #[cfg(feature = "av1")]
    Av1(Box<av1::Av1>),
}

impl Mp4Source {
    pub(crate) fn open(path: &Path) -> Mp4Result<Self> {
        let mut file = pusht_jobs::open_file(path)?;
        let track = Track::read(&mut file)?;
        let decoder = guarded(|| Decoder::of(&track))?;
        Ok(Self {
            file,
            track,
            decoder,
            next: 0,
            shown: 0,
            waiting: BTreeMap::new(),
        })
    }

    pub(crate) fn codec(&self) -> &'static str {
        match self.decoder {
            Decoder::H264(_) => "H.264",
            #[cfg(feature = "av1")]
            Decoder::Av1(_) => "AV1",
        }
    }

    /// Number of frames and ticks per second.
    pub(crate) fn extent(&self) -> (usize, u32) {
        (self.track.times.len(), self.track.timescale)
    }

    /// What is known of the times of the frames.
    pub(crate) fn timing(&self) -> Timing {
        self.track.timing.clone()
    }

    /// The next frame and its time in ticks.
    pub(crate) fn next_frame(&mut self) -> Mp4Result<Option<(RawFrame, i64)>> {
        loop {
            let all = self.track.times.len();
            let Some(&time) = usize::try_from(self.shown)
                .ok()
                .and_then(|shown| self.track.times.get(shown))
            else {
                return Ok(None);
            };
            if let Some(frame) = self.waiting.remove(&self.shown) {
                self.shown += 1;
                return Ok(Some((frame, time)));
            }
            let Some(&picture) = self.track.pictures.get(self.next) else {
                self.finish()?;
                if self.waiting.contains_key(&self.shown) {
                    continue;
                }
                let shown = self.shown;
                return Err(damaged(format!("frame {shown} of {all} cannot be decoded")));
            };
            let pixels = |frame: &RawFrame| u64::from(frame.dimensions().0) * u64::from(frame.dimensions().1);
            let many = self.waiting.len() > 1 && self.waiting.values().map(pixels).sum::<u64>() > MOST_PIXELS_WAITING;
            if self.waiting.len() > MOST_WAITING || many {
                return Err(damaged("its time stamps are out of order"));
            }
            // Checked to lie within the file.
            let mut bytes = vec![0; picture.size as usize];
            self.file.seek(SeekFrom::Start(picture.offset))?;
            self.file.read_exact(&mut bytes)?;
            self.decode(bytes, picture)?;
            self.next += 1;
        }
    }

    fn decode(&mut self, bytes: Vec<u8>, picture: Picture) -> Mp4Result<()> {
        let (decoder, number) = (&mut self.decoder, self.next);
        if picture.restart && number > 0 {
            self.finish()?;
            guarded(|| self.decoder.restart())?;
            return self.decode(
                bytes,
                Picture {
                    restart: false,
                    ..picture
                },
            );
        }
        match guarded(|| decoder.decode(bytes, number)) {
            Ok(frames) => self.take(frames),
            // It refers to pictures before the one at which decoding started.
            Err(Mp4Error::Damaged { .. }) if picture.leading && picture.rank.is_none() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Frames that the decoder still holds.
    fn finish(&mut self) -> Mp4Result<()> {
        let frames = guarded(|| self.decoder.finish(self.next))?;
        self.take(frames);
        Ok(())
    }

    /// Keeps those of the frames that are shown.
    fn take(&mut self, frames: Vec<(usize, RawFrame)>) {
        for (number, frame) in frames {
            if let Some(rank) = self.track.pictures.get(number).and_then(|picture| picture.rank) {
                self.waiting.insert(rank, frame);
            }
        }
    }
}

/// The decoders report damage as errors. If one of them panics on unexpected damage, one broken video must not end a job
/// over a thousand.
fn guarded<T>(run: impl FnOnce() -> Mp4Result<T>) -> Mp4Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(damaged("the decoder gave up on damaged data")))
}

impl Decoder {
    fn of(track: &Track) -> Mp4Result<Self> {
        match &track.description {
            Description::H264 {
                sets,
                length_size,
                color,
            } => Ok(Self::H264(H264::new(sets, *length_size, *color, track.orientation)?)),
            #[cfg(feature = "av1")]
            Description::Av1 => Ok(Self::Av1(Box::new(av1::Av1::new(track.orientation)?))),
            #[cfg(not(feature = "av1"))]
            Description::Av1 => Err(error::unsupported(
                "AV1, which this program was built without (feature `av1` of video-io)",
            )),
        }
    }

    fn restart(&mut self) -> Mp4Result<()> {
        match self {
            Self::H264(decoder) => decoder.restart(),
            #[cfg(feature = "av1")]
            Self::Av1(decoder) => decoder.restart(),
        }
    }

    /// Decodes the picture with this number; returns frames with the numbers of their pictures.
    fn decode(&mut self, bytes: Vec<u8>, number: usize) -> Mp4Result<Vec<(usize, RawFrame)>> {
        match self {
            Self::H264(decoder) => Ok(decoder
                .decode(&bytes)?
                .map(|frame| (number, frame))
                .into_iter()
                .collect()),
            #[cfg(feature = "av1")]
            Self::Av1(decoder) => Ok(numbered(decoder.decode(bytes, av1_number(number))?)),
        }
    }

    /// Frames that the decoder still holds before the picture with this number.
    #[cfg_attr(
        not(feature = "av1"),
        expect(
            unused_variables,
            clippy::unnecessary_wraps,
            reason = "H.264 pictures are given at once"
        )
    )]
    fn finish(&mut self, number: usize) -> Mp4Result<Vec<(usize, RawFrame)>> {
        match self {
            Self::H264(_) => Ok(Vec::new()),
            #[cfg(feature = "av1")]
            Self::Av1(decoder) => Ok(numbered(decoder.finish(av1_number(number) - 1)?)),
        }
    }
}

/// A picture's number as the AV1 decoder hands it through.
#[cfg(feature = "av1")]
fn av1_number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(feature = "av1")]
fn numbered(frames: Vec<(i64, RawFrame)>) -> Vec<(usize, RawFrame)> {
    let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
    frames.into_iter().map(|(at, frame)| (number(at), frame)).collect()
}
