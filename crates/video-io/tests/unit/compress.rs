//! Tests of `src/compress.rs`.

use super::*;

#[test]
fn coarser_quantizers_take_fewer_bits_and_do_more_damage() {
    let frame = |t: u32| {
        Frame::from_fn(96, 95, |x, y| {
            let inside = (x.abs_diff(20 + 2 * t)).pow(2) + y.abs_diff(40).pow(2) < 36;
            image::Rgb(if inside {
                [65, 105, 225]
            } else {
                [255, 250, (2 * y) as u8]
            })
        })
    };
    let frames: Vec<Frame> = (0..25).map(frame).collect();
    let damage = |quantizer| {
        let (damaged, rate) = h264_round_trip(&frames, 10, quantizer).unwrap();
        assert_eq!((damaged.len(), damaged[24].dimensions()), (25, (96, 95)));
        let pairs = damaged
            .iter()
            .zip(&frames)
            .flat_map(|(a, b)| a.as_raw().iter().zip(b.as_raw()));
        (rate, pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum::<f64>())
    };
    // Halving the colors' resolution is part of both.
    let (fine, coarse) = (damage(16), damage(44));
    assert!(
        fine.0 > 3.0 * coarse.0 && coarse.1 > 1.5 * fine.1,
        "{fine:?} {coarse:?}"
    );
    assert!(
        h264_round_trip(&frames, 10, 52)
            .unwrap_err()
            .to_string()
            .contains("12 to 51")
    );
    assert!(h264_round_trip(&[], 10, 20).is_err());
    assert!(h264_round_trip(&[Frame::new(96, 96), Frame::new(96, 90)], 10, 20).is_err());
}

#[test]
fn flat_colors_come_back() {
    for color in [
        [65, 105, 225],
        [255, 255, 255],
        [144, 238, 144],
        [119, 136, 153],
        [0, 0, 0],
    ] {
        let frames = vec![Frame::from_pixel(32, 32, image::Rgb(color)); 2];
        let (damaged, _) = h264_round_trip(&frames, 10, 16).unwrap();
        let found = damaged[1].get_pixel(16, 16).0;
        let off = found.iter().zip(color).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off.unwrap() <= 4, "{found:?} for {color:?}");
    }
}
