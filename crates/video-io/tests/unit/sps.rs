use super::*;
use rusty_h264_common::BitWriter;

/// A parameter set of the High profile, 64 × 48, with these color tags: range and matrix.
fn with_tags(signal: Option<(bool, Option<u32>)>) -> Vec<u8> {
    let mut bits = BitWriter::new();
    for byte in [100, 0, 30] {
        bits.write_bits(byte, 8);
    }
    // Number, 4:2:0, 8 bits twice.
    for value in [0, 1, 0, 0] {
        bits.write_ue(value);
    }
    // No lossless coding; a scaling matrix, all lists of the last of which are there.
    bits.write_bits(0b01, 2);
    for list in 0..8 {
        bits.write_bits(u32::from(list == 7), 1);
    }
    for _ in 0..64 {
        bits.write_se(0);
    }
    // Frame numbers, order by the third method, references, no gaps.
    for value in [0, 2, 4] {
        bits.write_ue(value);
    }
    bits.write_bits(0, 1);
    bits.write_ue(3);
    bits.write_ue(2);
    // Frames only, direct inference, no cropping; tags, with an aspect ratio of its own.
    bits.write_bits(0b110, 3);
    bits.write_bits(u32::from(signal.is_some()), 1);
    if let Some((full_range, matrix)) = signal {
        bits.write_bits(1, 1);
        bits.write_bits(255, 8);
        bits.write_bits(0x0001_0001, 32);
        bits.write_bits(0, 1);
        bits.write_bits(1, 1);
        bits.write_bits(5, 3);
        bits.write_bits(u32::from(full_range), 1);
        bits.write_bits(u32::from(matrix.is_some()), 1);
        if let Some(matrix) = matrix {
            for value in [1, 1, matrix] {
                bits.write_bits(value, 8);
            }
        }
    }
    bits.rbsp_trailing_bits();
    let mut nal = vec![0x67];
    rusty_h264_common::nal::emulation_prevent_into(&bits.into_bytes(), &mut nal);
    nal
}

#[test]
fn color_tags_are_read() {
    for full_range in [false, true] {
        for (code, matrix) in [(1, Matrix::Bt709), (6, Matrix::Bt601), (9, Matrix::Bt2020)] {
            let sps = Sps::read(&with_tags(Some((full_range, Some(code))))).unwrap();
            assert_eq!(
                sps.color,
                Tags {
                    matrix: Some(matrix),
                    full_range: Some(full_range)
                }
            );
            assert_eq!((sps.unsupported(), sps.macroblocks), (None, 12));
        }
    }
    let range_only = Sps::read(&with_tags(Some((true, None)))).unwrap().color;
    assert_eq!((range_only.matrix, range_only.full_range), (None, Some(true)));
    assert_eq!(Sps::read(&with_tags(None)).unwrap().color, Tags::default());
}

#[test]
fn cut_parameter_sets_are_no_panic() {
    let whole = with_tags(Some((true, Some(1))));
    for length in 0..whole.len() {
        let _ = Sps::read(&whole[..length]);
    }
    assert_eq!(Sps::read(&whole[..6]), None);
}
