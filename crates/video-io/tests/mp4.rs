//! Contents of MP4 files, and frames after decoding.
#![cfg(feature = "mp4")]
// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{clip, psnr};
use mp4_atom::{Atom, Codec, Colr, DecodeMaybe, FourCC, Header, Moov, StszSamples};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use std::io::{Cursor, Seek, SeekFrom};
use video_io::*;

/// The top-level boxes: name, offset, size.
fn boxes(bytes: &[u8]) -> Vec<(FourCC, usize, usize)> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(bytes);
    while (cursor.position() as usize) < bytes.len() {
        let at = cursor.position() as usize;
        let header = Header::decode_maybe(&mut cursor).unwrap().unwrap();
        cursor.seek(SeekFrom::Current(header.size.unwrap() as i64)).unwrap();
        found.push((header.kind, at, cursor.position() as usize - at));
    }
    assert_eq!(cursor.position() as usize, bytes.len(), "the boxes fill the file");
    found
}

fn moov(bytes: &[u8]) -> Moov {
    let boxes = boxes(bytes);
    let names: Vec<_> = boxes.iter().map(|b| b.0).collect();
    assert_eq!(
        names,
        [FourCC::new(b"ftyp"), FourCC::new(b"mdat"), FourCC::new(b"moov")]
    );
    let body = &bytes[boxes[2].1 + 8..];
    Moov::decode_body(&mut Cursor::new(body)).unwrap()
}

/// Every picture decoded to RGB, by the file's own index.
fn decode(bytes: &[u8]) -> Vec<((usize, usize), Vec<u8>)> {
    let moov = moov(bytes);
    let stbl = &moov.trak[0].mdia.minf.stbl;
    let Codec::Avc1(avc1) = &stbl.stsd.codecs[0] else {
        panic!("{:?}", stbl.stsd)
    };
    let StszSamples::Different { sizes } = &stbl.stsz.samples else {
        panic!("{:?}", stbl.stsz)
    };
    let mut at = stbl.stco.as_ref().unwrap().entries[0] as usize;
    let mut decoder = Decoder::new().unwrap();
    let mut annex_b = Vec::new();
    for set in [
        &avc1.avcc.sequence_parameter_sets[0],
        &avc1.avcc.picture_parameter_sets[0],
    ] {
        annex_b.extend([0, 0, 0, 1]);
        annex_b.extend(set);
    }
    let mut pictures = Vec::new();
    for &size in sizes {
        let end = at + size as usize;
        while at < end {
            let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            annex_b.extend([0, 0, 0, 1]);
            annex_b.extend(&bytes[at + 4..at + 4 + length]);
            at += 4 + length;
        }
        let yuv = decoder.decode(&annex_b).unwrap().expect("a picture for every sample");
        let mut rgb = vec![0; 3 * yuv.dimensions().0 * yuv.dimensions().1];
        yuv.write_rgb8(&mut rgb);
        pictures.push((yuv.dimensions(), rgb));
        annex_b.clear();
    }
    pictures
}

#[test]
fn the_index_is_exact() {
    for (fps, n) in [(10, 45), (1, 3), (30, 7), (240, 5)] {
        let bytes = mp4_bytes(&clip(96, 96, n), VideoOptions { fps, scale: 1 }).unwrap();
        let moov = moov(&bytes);
        let trak = &moov.trak[0];
        let stbl = &trak.mdia.minf.stbl;
        assert_eq!(trak.mdia.mdhd.timescale, 1000 * fps);
        assert_eq!(trak.mdia.mdhd.duration, 1000 * u64::from(n));
        assert_eq!(
            moov.mvhd.duration * u64::from(fps),
            u64::from(n) * u64::from(moov.mvhd.timescale)
        );
        assert_eq!(
            (stbl.stts.entries[0].sample_count, stbl.stts.entries[0].sample_delta),
            (n, 1000)
        );
        assert!(stbl.ctts.is_none(), "shown in the order of decoding");
        let keys = &stbl.stss.as_ref().unwrap().entries;
        assert_eq!(keys[0], 1);
        assert!(keys.windows(2).all(|k| k[1] - k[0] <= 2 * fps), "{keys:?}");
        let Codec::Avc1(avc1) = &stbl.stsd.codecs[0] else {
            panic!()
        };
        assert_eq!((avc1.visual.width, avc1.visual.height), (96, 96));
        let bt601 = Colr::new(6, 6, 6, false).unwrap();
        assert_eq!(avc1.colr, Some(bt601));
    }
}

#[test]
fn every_frame_comes_back_in_order() {
    let frames = clip(96, 96, 45);
    let pictures = decode(&mp4_bytes(&frames, VideoOptions::default()).unwrap());
    assert_eq!(pictures.len(), 45);
    for (i, (size, rgb)) in pictures.iter().enumerate() {
        assert_eq!(*size, (96, 96));
        let own = psnr(rgb, frames[i].as_raw());
        // Most of the loss at hard edges is due to color at half the resolution.
        assert!(own > 28.0, "frame {i}: {own} dB");
        for other in [i.wrapping_sub(1), i + 1] {
            assert!(
                frames.get(other).is_none_or(|f| psnr(rgb, f.as_raw()) < own),
                "frame {i} looks like {other}"
            );
        }
    }
}

#[test]
fn scaled_frames_keep_their_colors() {
    let frames = clip(96, 96, 10);
    let pictures = decode(&mp4_bytes(&frames, VideoOptions { fps: 10, scale: 4 }).unwrap());
    for (frame, (size, rgb)) in frames.iter().zip(&pictures) {
        assert_eq!(*size, (384, 384));
        let found = psnr(rgb, upscale(frame, 4).as_raw());
        assert!(found > 38.0, "{found} dB");
    }
}

#[test]
fn odd_sides_are_made_even_by_repeating_the_edge() {
    let frames = clip(33, 47, 5);
    let bytes = mp4_bytes(&frames, VideoOptions::default()).unwrap();
    for (frame, (size, rgb)) in frames.iter().zip(decode(&bytes)) {
        assert_eq!(size, (34, 48));
        let padded = Frame::from_fn(34, 48, |x, y| *frame.get_pixel(x.min(32), y.min(46)));
        let found = psnr(&rgb, padded.as_raw());
        assert!(found > 26.0, "{found} dB");
    }
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let frames = clip(64, 48, 25);
    let bytes = mp4_bytes(&frames, VideoOptions::default()).unwrap();
    assert_eq!(bytes, mp4_bytes(&frames, VideoOptions::default()).unwrap());
    let path = dir.path().join("clip.mp4");
    save_video(&path, &frames, VideoOptions::default()).unwrap();
    assert_eq!(bytes, std::fs::read(path).unwrap());
}

#[test]
fn sizes_that_h264_cannot_hold_are_refused() {
    let tiny = mp4_bytes(&[Frame::new(15, 40)], VideoOptions::default());
    assert!(matches!(tiny, Err(VideoIoError::Size { .. })));
    assert!(mp4_bytes(&clip(16, 16, 2), VideoOptions::default()).is_ok());
    assert!(mp4_bytes(&[Frame::new(15, 40)], VideoOptions { fps: 10, scale: 2 }).is_ok());
    let large = mp4_bytes(&[Frame::new(96, 96)], VideoOptions { fps: 10, scale: 23 });
    assert!(matches!(
        large,
        Err(VideoIoError::Size {
            width: 2208,
            max_short: 2160,
            ..
        })
    ));
    assert!(matches!(
        mp4_bytes(&[], VideoOptions::default()),
        Err(VideoIoError::NoFrames { .. })
    ));
}
