//! Images for tests: flat colors and hard edges, as in PushT, and the frame's index readable from the image.

use std::path::{Path, PathBuf};
use video_io::{Frame, ReadOptions, VideoBackend, VideoIoError, VideoReader};

/// A blue disc moves over a green and a gray bar; frame `i` of any size from 16×16 on.
pub fn frame(width: u32, height: u32, i: u32) -> Frame {
    let (cx, cy) = ((8 + 3 * i) % width, (8 + 2 * i) % height);
    Frame::from_fn(width, height, |x, y| {
        let inside = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) < 36;
        image::Rgb(match () {
            () if inside => [65, 105, 225],
            () if y > height / 2 && y < height / 2 + 10 => [144, 238, 144],
            () if x > width / 2 && x < width / 2 + 10 => [119, 136, 153],
            () => [255, 255, 255],
        })
    })
}

pub fn clip(width: u32, height: u32, n: u32) -> Vec<Frame> {
    (0..n).map(|i| frame(width, height, i)).collect()
}

/// Peak signal-to-noise ratio in dB over all channels.
#[allow(dead_code)]
pub fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum();
    20.0 * 255f64.log10() - 10.0 * (sum / a.len() as f64).log10()
}

/// Opens a video with the built-in readers only.
#[allow(dead_code)]
pub fn built_in(path: impl AsRef<Path>) -> Result<VideoReader, VideoIoError> {
    let options = ReadOptions {
        backend: VideoBackend::BuiltIn,
        ..ReadOptions::default()
    };
    VideoReader::open_with(path, &options)
}

#[allow(dead_code)]
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Names, without `.mp4`, of the fixtures that the built-in readers read.
#[allow(dead_code)]
pub fn readable() -> Vec<&'static str> {
    let mut clips = vec![
        "high_bframes",
        "open_gop",
        "main_slices",
        "baseline",
        "fragmented",
        "variable_rate",
    ];
    if cfg!(feature = "av1") {
        clips.push("av1");
    }
    clips
}
