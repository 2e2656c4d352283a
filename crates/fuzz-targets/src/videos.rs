//! Videos: MP4, GIF, folders of PNG files.

use std::path::Path;

use video_io::{Rate, ReadOptions, Resampled, VideoBackend, VideoReader};

use crate::boxes::{Coding, one_track};
use crate::scratch::Scratch;
use crate::unpack_files;

thread_local! {
    static FOLDER: Scratch = Scratch::new();
}

pub(crate) fn mp4(input: &[u8]) {
    FOLDER.with(|folder| read(&folder.file("x.mp4", input)));
}

pub(crate) fn gif(input: &[u8]) {
    FOLDER.with(|folder| read(&folder.file("x.gif", input)));
}

pub(crate) fn png(input: &[u8]) {
    FOLDER.with(|folder| read(&folder.files("png", input)));
}

pub(crate) fn h264(input: &[u8]) {
    coded(Coding::H264, input);
}

pub(crate) fn av1(input: &[u8]) {
    coded(Coding::Av1, input);
}

/// Coded pictures, in an index that is in order.
fn coded(coding: Coding, input: &[u8]) {
    let files = unpack_files(input);
    if let [(_, configuration), samples @ ..] = files.as_slice() {
        let samples: Vec<&[u8]> = samples.iter().map(|(_, sample)| *sample).collect();
        mp4(&one_track(coding, configuration, &samples));
    }
}

/// Reads a video to its end, without FFmpeg: once as RGB at its own times, once as it is stored at 10 Hz.
fn read(path: &Path) {
    let options = ReadOptions {
        backend: VideoBackend::BuiltIn,
        ..ReadOptions::default()
    };
    let Ok(mut reader) = VideoReader::open_with(path, &options) else {
        return;
    };
    let mut before = None;
    while let Ok(Some(timed)) = reader.next_frame() {
        assert!(before <= Some(timed.time), "{} after {before:?}", timed.time);
        before = Some(timed.time);
    }
    if let Ok(reader) = VideoReader::open_with(path, &options) {
        let mut frames = Resampled::new(reader, Rate::Stated, 10);
        while let Ok(Some(_)) = frames.next_raw() {}
    }
}
