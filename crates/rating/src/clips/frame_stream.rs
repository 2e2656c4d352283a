//! A clip as the page gets it: a stream of still pictures with their times, made while it is sent.
//!
//! Pictures instead of the file: every format of clip looks the same in every browser, each frame can be reached
//! exactly, and neither name, format nor tags of the file tell a rater which model made it.
//!
//! A record is two little-endian u32, length and time, then as many bytes: a PNG or JPEG file, and its time in µs since
//! the first frame. The last record has the time [`END`] and a text that says why the clip ends there; it is empty when
//! nothing is wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tokio::sync::Notify;
use video_io::{Frame, VideoReader, png_bytes};

use super::Clip;

/// Time of the last record.
pub(crate) const END: u32 = u32::MAX;
/// Frames up to this many pixels are sent as they are, as PNG; larger ones as JPEG, a tenth of the size.
const EXACT_PIXELS: u32 = 256 * 256;
/// JPEG, 4:4:4: differences that cannot be seen.
const JPEG_QUALITY: u8 = 92;
/// A browser holds a clip whole, so there is an end to what is sent of one.
const MOST_BYTES: usize = 192 << 20;
/// µs between frames where the file has no times.
const TENTH: u64 = 100_000;

/// The records of one clip, complete or in the making.
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
        // Nothing in here can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Record `index`, as soon as it is made; `None` after the last.
    pub(crate) async fn record(&self, index: usize) -> Option<Bytes> {
        loop {
            // Hears of every change from here on.
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

    /// Bytes so far, whether these are all, and whether something was wrong.
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

    /// Ends the clip, with what is wrong or nothing.
    pub(crate) fn end(&self, reason: &str) {
        self.push(END, reason.as_bytes());
        let mut state = self.lock();
        state.complete = true;
        state.broken = !reason.is_empty();
        self.changed.notify_waiters();
    }

    /// Makes all records but the last of a clip, whose frames are `fps` a second or as its file says.
    pub(crate) fn fill(&self, clip: &Clip, fps: Option<u32>) -> Result<(), String> {
        let failed = |e: video_io::VideoIoError| match e {
            // Its text names the file.
            video_io::VideoIoError::SizeChanged { .. } => e.to_string(),
            _ => "its file cannot be decoded any further".into(),
        };
        let mut reader = VideoReader::open(clip.path()).map_err(failed)?;
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
            // Time stands still only in damaged files.
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
