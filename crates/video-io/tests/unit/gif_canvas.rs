//! Tests of `src/read/gif_canvas.rs`.

use crate::Frame;
use crate::read::gif::GifSource;
use gif::{DisposalMethod, Encoder, Frame as GifFrame};
use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder, DynamicImage};
use std::borrow::Cow;
use std::io::Cursor;

const COLORS: [u8; 12] = [0, 0, 0, 250, 10, 20, 30, 240, 40, 50, 60, 230];

/// A file of twenty frames that change parts anywhere, also outside of the canvas of 16 × 12 px.
fn file(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = |most: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % most
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 16, 12, &COLORS).unwrap();
    for _ in 0..20 {
        let [left, top] = [next(18), next(14)].map(|v| v as u16);
        let [width, height] = [1 + next(17), 1 + next(13)].map(|v| v as u16);
        let pixels: Vec<u8> = (0..u32::from(width) * u32::from(height))
            .map(|_| next(4) as u8)
            .collect();
        let dispose = [
            DisposalMethod::Any,
            DisposalMethod::Keep,
            DisposalMethod::Background,
            DisposalMethod::Previous,
        ][next(4) as usize];
        encoder
            .write_frame(&GifFrame {
                left,
                top,
                width,
                height,
                dispose,
                transparent: (next(2) == 0).then_some(0),
                buffer: Cow::Owned(pixels),
                ..GifFrame::default()
            })
            .unwrap();
    }
    drop(encoder);
    bytes
}

fn ours(bytes: &[u8]) -> Vec<Frame> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let mut source = GifSource::open(file.path()).unwrap();
    std::iter::from_fn(|| source.next_frame().unwrap())
        .map(|(frame, _)| frame)
        .collect()
}

#[test]
fn parts_are_drawn_and_disposed_of_as_another_decoder_does() {
    for seed in 0..50 {
        let bytes = file(seed);
        let frames = GifDecoder::new(Cursor::new(&bytes)).unwrap().into_frames();
        let theirs: Vec<Frame> = frames
            .map(|frame| DynamicImage::from(frame.unwrap().into_buffer()).into_rgb8())
            .collect();
        assert_eq!(theirs.len(), 20);
        assert!(ours(&bytes) == theirs, "seed {seed}");
    }
}
