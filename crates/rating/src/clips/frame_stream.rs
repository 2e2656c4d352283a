//! The stream of a clip for the page: still images with their times, encoded while they are sent.
//!
//! Images are sent instead of the file so that every format looks the same in every browser, each frame can be reached
//! exactly, and neither name, format nor tags of the file reveal the model to a rater.
//!
//! A record is two little-endian u32, length and time, then `length` bytes: a PNG or JPEG file, with its time in µs
//! since the first frame. The last record has the time [`END`] and the reason why the clip ends there; it is empty if
//! nothing is wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Notify;
use video_io::{Frame, png_bytes};

use super::Clip;
use super::folder::open_clip;

/// Time of the last record.
pub(crate) const END: u32 = u32::MAX;
/// Largest frame that is sent losslessly as PNG, pixels; larger ones are sent as JPEG, a tenth of the size.
const EXACT_PIXELS: u32 = 256 * 256;
/// Quality of JPEG, 4:4:4: without visible differences.
const JPEG_QUALITY: u8 = 92;
/// Most bytes that are sent of a clip, as a browser holds all of it in memory.
const MOST_BYTES: usize = 192 << 20;
/// Time between frames of a file without times, µs.
const TENTH: u64 = 100_000;

/// The records of one clip, complete or still being encoded.
#[derive(Default)]
pub(crate) struct FrameStream {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    records: Vec<Bytes>,
    bytes: usize,
    complete: bool,
    broken: bool,
}

impl FrameStream {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is always consistent, even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Record `index`, as soon as it is ready; `None` after the last.
    pub(crate) async fn record(&self, index: usize) -> Option<Bytes> {
        loop {
            // Receives every change from here on.
            let changed = self.changed.notified();
            {
                let state = self.lock();
                if let Some(record) = state.records.get(index) {
                    return Some(record.clone());
                }
                if state.complete {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Bytes so far, whether the stream is complete, and whether there was an error.
    pub(crate) fn progress(&self) -> (usize, bool, bool) {
        let state = self.lock();
        (state.bytes, state.complete, state.broken)
    }

    fn push(&self, time: u32, bytes: &[u8]) -> usize {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let record = [&length.to_le_bytes(), &time.to_le_bytes(), bytes].concat();
        let mut state = self.lock();
        state.bytes += record.len();
        state.records.push(record.into());
        self.changed.notify_waiters();
        state.bytes
    }

    /// Ends the clip, with the error or an empty reason.
    pub(crate) fn end(&self, reason: &str) {
        self.push(END, reason.as_bytes());
        let mut state = self.lock();
        state.complete = true;
        state.broken = !reason.is_empty();
        self.changed.notify_waiters();
    }

    /// Encodes all records of a clip but the last, at `fps` frames per second or at the times of its file.
    pub(crate) fn fill(&self, clip: &Clip, fps: Option<u32>) -> Result<(), String> {
        let failed = |e: video_io::VideoIoError| match e {
            // The texts of other errors name the file, which must not be revealed.
            video_io::VideoIoError::SizeChanged { .. } => e.to_string(),
            _ => "its file cannot be decoded any further".into(),
        };
        let mut reader = open_clip(clip.path()).map_err(failed)?;
        let mut index: u64 = 0;
        let mut last = None;
        while let Some(timed) = reader.next_frame().map_err(failed)? {
            let time = match (fps, reader.timescale()) {
                (Some(fps), _) => index * 1_000_000 / u64::from(fps.max(1)),
                (None, Some(scale)) => {
                    u64::try_from(i128::from(timed.time) * 1_000_000 / i128::from(scale.max(1))).unwrap_or(0)
                }
                (None, None) => index * TENTH,
            };
            // Only damaged files have equal times.
            let time = time.max(last.map_or(0, |last| last + 1_000)).min(u64::from(END) - 1);
            last = Some(time);
            let sent = self.push(time as u32, &picture(&timed.frame)?);
            index += 1;
            if sent > MOST_BYTES {
                return Err(format!(
                    "it is too long to be shown whole: these are its first {index} frames"
                ));
            }
        }
        match index {
            0 => Err("it has no frames".into()),
            _ => Ok(()),
        }
    }
}

fn picture(frame: &Frame) -> Result<Vec<u8>, String> {
    let (width, height) = frame.dimensions();
    if width.saturating_mul(height) <= EXACT_PIXELS {
        return png_bytes(frame).map_err(|e| e.to_string());
    }
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode(frame.as_raw(), width, height, ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}
