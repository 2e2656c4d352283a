//! The frames of a clip that are sent, as PNG files.

use std::path::Path;

use image::imageops::{FilterType, resize};
use video_io::{Frame, VideoIoError, VideoReader, png_bytes, upscale};

/// Frames are enlarged by a whole number until the longer side has so many pixels: models see little in small images.
const SMALLEST: u32 = 288;
/// Longer side of the largest image that is sent, px.
const LARGEST: u32 = 768;
/// Frames per second of a folder of PNG files, which states none.
const FOLDER_FPS: u32 = 10;

/// A frame that is sent.
#[derive(Debug)]
pub(crate) struct Picture {
    /// Its number in the clip, from 1.
    pub(crate) number: usize,
    /// Its time, s.
    pub(crate) time: f64,
    /// The PNG file.
    pub(crate) png: Vec<u8>,
}

/// Pictures of a clip, and the number of all its frames.
#[derive(Debug)]
pub(crate) struct Pictures {
    pub(crate) pictures: Vec<Picture>,
    pub(crate) frames: usize,
}

impl Pictures {
    /// Reads a clip: once to count its frames, and once for those that are sent. `fps` overrides the times of the file.
    pub(crate) fn read(path: &Path, most: usize, fps: Option<u32>) -> Result<Self, VideoIoError> {
        let mut frames = 0;
        let mut reader = VideoReader::open(path)?;
        while reader.next_raw()?.is_some() {
            frames += 1;
        }
        if frames == 0 {
            return Err(VideoIoError::NoFrames { path: path.into() });
        }
        let chosen = chosen(frames, most);
        let mut reader = VideoReader::open(path)?;
        let timescale = reader.timescale();
        let mut pictures = Vec::with_capacity(chosen.len());
        let last = chosen.last().copied().unwrap_or_default();
        for index in 0..=last {
            let Some(timed) = reader.next_raw()? else { break };
            if chosen.binary_search(&index).is_err() {
                continue;
            }
            let time = match (fps, timescale) {
                (Some(fps), _) => index as f64 / f64::from(fps),
                (None, Some(ticks)) => timed.time as f64 / f64::from(ticks),
                (None, None) => index as f64 / f64::from(FOLDER_FPS),
            };
            pictures.push(Picture {
                number: index + 1,
                time,
                png: png_bytes(&sized(timed.frame.into_rgb()))?,
            });
        }
        Ok(Self { pictures, frames })
    }
}

/// Indices of at most `most` of `frames` frames, ascending: the first, the last, and between them at equal distances.
fn chosen(frames: usize, most: usize) -> Vec<usize> {
    let count = frames.min(most);
    let steps = count.saturating_sub(1).max(1);
    // Rounded to the nearest frame.
    (0..count)
        .map(|k| (2 * k * (frames - 1) + steps) / (2 * steps))
        .collect()
}

/// The frame in a size for a model.
fn sized(frame: Frame) -> Frame {
    let (width, height) = frame.dimensions();
    let longer = width.max(height).max(1);
    if longer < SMALLEST {
        return upscale(&frame, SMALLEST.div_ceil(longer));
    }
    if longer <= LARGEST {
        return frame;
    }
    let side = |pixels: u32| {
        let scaled = u64::from(pixels) * u64::from(LARGEST) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(LARGEST).max(1)
    };
    resize(&frame, side(width), side(height), FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_chosen_at_equal_distances() {
        assert_eq!(chosen(5, 16), [0, 1, 2, 3, 4]);
        assert_eq!(chosen(48, 4), [0, 16, 31, 47]);
        assert_eq!(chosen(1, 16), [0]);
        assert_eq!(chosen(100, 2), [0, 99]);
    }

    #[test]
    fn frames_get_a_size_for_a_model() {
        for (size, expected) in [
            ((96, 96), (288, 288)),
            ((64, 48), (320, 240)),
            ((512, 512), (512, 512)),
            ((1536, 768), (768, 384)),
            ((4000, 1), (768, 1)),
        ] {
            assert_eq!(sized(Frame::new(size.0, size.1)).dimensions(), expected);
        }
    }

    #[test]
    fn times_are_those_of_the_file_or_of_the_rate() {
        let folder = tempfile::tempdir().unwrap();
        let frames: Vec<Frame> = (0..5)
            .map(|k| Frame::from_pixel(32, 32, image::Rgb([40 * k; 3])))
            .collect();
        for (name, fps, expected) in [
            ("a.gif", None, [0.0, 0.4, 0.8]),
            ("b.gif", Some(10), [0.0, 0.2, 0.4]),
            ("c", None, [0.0, 0.2, 0.4]),
        ] {
            let path = folder.path().join(name);
            video_io::save_video(&path, &frames, video_io::VideoOptions { fps: 5, scale: 1 }).unwrap();
            let read = Pictures::read(&path, 3, fps).unwrap();
            assert_eq!(read.frames, 5);
            let times: Vec<f64> = read.pictures.iter().map(|picture| picture.time).collect();
            assert_eq!(times, expected, "{name}");
            let numbers: Vec<usize> = read.pictures.iter().map(|picture| picture.number).collect();
            assert_eq!(numbers, [1, 3, 5]);
        }
    }
}
