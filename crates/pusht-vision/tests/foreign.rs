//! Boards in frames of other sizes and shapes, and measures of frames.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_vision::{FrameMeasures, Registrar, Registration, Tracker, VisionError};

const AGENT: [f64; 2] = [320.0, 140.0];
const BLOCK: Pose = Pose::new(150.0, 330.0, 0.7);

fn picture(side: u32, agent: [f64; 2], block: Pose) -> Frame {
    let mut renderer = Renderer::new(side, FillRule::default()).unwrap();
    renderer.render(&Scene::new(agent, block, GOAL))
}

/// The board over part of a frame: its left upper corner and its size.
fn placed(frame: (u32, u32), corner: (i64, i64), size: (u32, u32), back: u8) -> Frame {
    let board = picture(512, AGENT, BLOCK);
    let board = image::imageops::resize(&board, size.0, size.1, image::imageops::FilterType::Triangle);
    let mut out = Frame::from_pixel(frame.0, frame.1, image::Rgb([back; 3]));
    image::imageops::replace(&mut out, &board, corner.0, corner.1);
    out
}

#[test]
fn the_environments_own_frames_stay_as_they_are() {
    let frame = picture(96, AGENT, BLOCK);
    let map = Registrar::new(GOAL).unwrap().register(&frame).unwrap();
    assert!(map.is_identity() && map.residual < 2.0, "{map:?}");
    assert_eq!(map.resample(&frame), frame);
}

#[test]
fn noise_moves_no_board() {
    // Interpolation between pixels averages noise, which favors positions between pixels.
    for seed in 0..3_u32 {
        let mut frame = picture(96, AGENT, BLOCK);
        let mut state = seed;
        for level in frame.iter_mut() {
            // Twelve uniform numbers make a normal one, here of 20 levels.
            let uniform = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 8) / f64::from(1 << 24)
            };
            let normal = (0..12).map(uniform).sum::<f64>() - 6.0;
            *level = (f64::from(*level) + 20.0 * normal).clamp(0.0, 255.0) as u8;
        }
        let map = Registrar::new(GOAL).unwrap().register(&frame).unwrap();
        assert!(map.is_identity(), "{map:?}");
    }
    // Nor is another size found if the board is drawn with fewer pixels than the reference images.
    let map = Registrar::new(GOAL)
        .unwrap()
        .register(&picture(64, AGENT, BLOCK))
        .unwrap();
    assert_eq!((map.offset, map.scale), ([0.0; 2], [0.125; 2]), "{map:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_board_is_found_where_it_lies(
        width in 150..500_u32,
        stretch in 0.75..1.34_f64,
        margins in prop::array::uniform4(0..60_u32),
        back in prop::sample::select(vec![0_u8, 60, 255]),
    ) {
        let size = (width, (f64::from(width) * stretch) as u32);
        let frame = placed(
            (size.0 + margins[0] + margins[1], size.1 + margins[2] + margins[3]),
            (margins[0].into(), margins[2].into()),
            size,
            back,
        );
        let map = Registrar::new(GOAL).unwrap().register(&frame).unwrap();
        let expected = [(size.0, margins[0]), (size.1, margins[2])];
        for k in 0..2 {
            let (side, start) = (f64::from(expected[k].0), f64::from(expected[k].1));
            let found = [map.offset[k], map.offset[k] + 512.0 * map.scale[k]];
            for (found, expected) in found.into_iter().zip([start, start + side]) {
                // Two px of the board.
                let off = (found - expected).abs() * 512.0 / side;
                prop_assert!(off < 2.0, "{found} for {expected} px of {side}: {map:?}");
            }
        }
        let tracked = Tracker::new(GOAL).unwrap().track(&map.resample(&frame)).unwrap();
        let agent = tracked.agent.unwrap();
        prop_assert!((agent[0] - AGENT[0]).hypot(agent[1] - AGENT[1]) < 2.5, "{agent:?}");
        let block = tracked.block.unwrap();
        prop_assert!((block.x - BLOCK.x).hypot(block.y - BLOCK.y) < 3.0, "{block:?}");
    }

    #[test]
    fn any_picture_has_a_board_or_an_error(
        width in 1..80_u32,
        height in 1..80_u32,
        pixels in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let bytes = pixels.iter().copied().cycle().take((3 * width * height) as usize).collect();
        let frame = Frame::from_raw(width, height, bytes).unwrap();
        match Registrar::new(GOAL).unwrap().register(&frame) {
            Ok(map) => prop_assert_eq!(map.resample(&frame).dimensions(), (96, 96)),
            Err(error) => prop_assert!(matches!(error, VisionError::NoBoard { .. } | VisionError::TurnedBoard { .. } | VisionError::UncertainBoard { .. } | VisionError::NoColor { .. } | VisionError::TiltedBoard { .. } | VisionError::SeveralBoards { .. }), "{}", error),
        }
    }
}

#[test]
fn a_turned_board_is_refused_and_said_to_be() {
    use image::imageops::{FilterType, flip_horizontal, flip_vertical, resize, rotate90, rotate180, rotate270};
    let registrar = Registrar::new(GOAL).unwrap();
    for (agent, block) in [(AGENT, BLOCK), ([60.0, 440.0], Pose::new(256.0, 256.0, 0.8))] {
        let board = picture(384, agent, block);
        for size in [(96, 96), (256, 256), (704, 480), (320, 480)] {
            let frame = |turned: &Frame| resize(turned, size.0, size.1, FilterType::Triangle);
            assert!(registrar.register(&frame(&board)).is_ok(), "{size:?}");
            let turned = [rotate90(&board), rotate180(&board), rotate270(&board)];
            for (turned, expected) in turned.iter().zip([90, 180, 270]) {
                let found = registrar.register(&frame(turned));
                assert_eq!(found, Err(VisionError::TurnedBoard { degrees: expected }), "{size:?}");
                // The filter of the message turns it back.
                let message = found.unwrap_err().to_string();
                let back = match () {
                    () if message.contains("transpose=2,") => rotate270(turned),
                    () if message.contains("hflip,vflip,") => rotate180(turned),
                    () => rotate90(turned),
                };
                assert_eq!(back, board, "{message}");
            }
            for mirrored in [flip_horizontal(&board), flip_vertical(&board)] {
                let found = registrar.register(&frame(&mirrored));
                assert!(
                    matches!(found, Err(VisionError::TurnedBoard { .. })),
                    "{size:?} {found:?}"
                );
            }
        }
    }
}

/// A frame of `size` px cut out of a board of `side` px at `corner`, as the environment draws 96 × 96 px or larger.
fn cut(side: u32, corner: [u32; 2], size: [u32; 2], enlarged: bool, block: Pose) -> Frame {
    use image::imageops::{FilterType, crop_imm, resize};
    let board = match enlarged {
        true => resize(&picture(96, AGENT, block), side, side, FilterType::Nearest),
        false => resize(&picture(512, AGENT, block), side, side, FilterType::Triangle),
    };
    crop_imm(&board, corner[0], corner[1], size[0], size[1]).to_image()
}

#[test]
fn a_board_without_its_margin_is_found_by_its_goal() {
    let registrar = Registrar::new(GOAL).unwrap();
    let cuts = [
        ([4, 4], [376, 376]),
        ([8, 8], [368, 368]),
        ([17, 17], [350, 350]),
        ([22, 22], [340, 340]),
        ([4, 10], [370, 370]),
        ([12, 2], [370, 370]),
        ([10, 7], [364, 370]),
        ([22, 0], [340, 384]),
    ];
    for block in [BLOCK, Pose::new(230.0, 260.0, 2.4)] {
        for enlarged in [false, true] {
            for (corner, size) in cuts {
                let frame = cut(384, corner, size, enlarged, block);
                let mut padded = Frame::from_pixel(size[0] + 60, size[1] + 20, image::Rgb([0; 3]));
                image::imageops::replace(&mut padded, &frame, 40, 8);
                for (frame, added) in [(frame, [0, 0]), (padded, [40, 8])] {
                    let map = registrar.register(&frame).unwrap();
                    for k in 0..2 {
                        let start = f64::from(added[k]) - f64::from(corner[k]);
                        let found = [map.offset[k], map.offset[k] + 512.0 * map.scale[k]];
                        for (found, expected) in found.into_iter().zip([start, start + 384.0]) {
                            // Six px of the board where its edge is out of view. As the whole board, these frames are
                            // off by up to 50.
                            let off = (found - expected).abs() * 512.0 / 384.0;
                            assert!(
                                off < 6.0,
                                "{corner:?} {size:?} {enlarged} {added:?} {found} for {expected}: {map:?}"
                            );
                        }
                    }
                    let tracked = Tracker::new(GOAL).unwrap().track(&map.resample(&frame)).unwrap();
                    let agent = tracked.agent.unwrap();
                    let off = (agent[0] - AGENT[0]).hypot(agent[1] - AGENT[1]);
                    assert!(off < 2.5, "{corner:?} {size:?} {enlarged} {added:?} {off} {map:?}");
                    let found = tracked.block.unwrap();
                    let off = (found.x - block.x).hypot(found.y - block.y);
                    assert!(off < 3.0, "{corner:?} {size:?} {enlarged} {added:?} {off} {map:?}");
                }
            }
        }
    }
}

#[test]
fn a_part_of_the_board_whose_goal_is_hidden_is_refused() {
    let registrar = Registrar::new(GOAL).unwrap();
    for size in [340, 360, 370] {
        let corner = (384 - size) / 2;
        // The T covers the goal.
        let frame = cut(384, [corner; 2], [size; 2], false, GOAL);
        let found = registrar.register(&frame);
        assert_eq!(
            found,
            Err(VisionError::UncertainBoard {
                width: size,
                height: size
            })
        );
    }
    // With the walls in view it is found.
    let found = registrar.register(&cut(384, [0; 2], [384; 2], false, GOAL)).unwrap();
    assert_eq!((found.offset, found.scale), ([0.0; 2], [0.75; 2]));
}

#[test]
fn a_gray_board_is_refused() {
    let registrar = Registrar::new(GOAL).unwrap();
    for side in [96, 384] {
        let gray = image::DynamicImage::from(picture(side, AGENT, BLOCK))
            .grayscale()
            .into_rgb8();
        let found = registrar.register(&gray);
        assert_eq!(
            found,
            Err(VisionError::NoColor {
                width: side,
                height: side
            })
        );
    }
}

/// The formula, point by point: bilinear, white outside the frame.
fn by_formula(map: &Registration, frame: &Frame) -> Frame {
    let side = [frame.width(), frame.height()];
    Frame::from_fn(96, 96, |i, j| {
        let board = [i, j].map(|i| (f64::from(i) + 0.5) * (512.0 / 96.0) - 0.5);
        let at = [0, 1].map(|k| (board[k] + 0.5) * map.scale[k] + map.offset[k] - 0.5);
        if (0..2).any(|k| !(-0.51..f64::from(side[k]) - 0.49).contains(&at[k])) {
            return image::Rgb([255; 3]);
        }
        let [(x0, x1, fx), (y0, y1, fy)] = [0, 1].map(|k| {
            let v = at[k].clamp(0.0, f64::from(side[k] - 1));
            let low = (v.floor() as u32).min(side[k].saturating_sub(2));
            (low, (low + 1).min(side[k] - 1), (v - f64::from(low)) as f32)
        });
        let pixel = |x, y| frame.get_pixel(x, y).0.map(f32::from);
        let [a, b, c, d] = [pixel(x0, y0), pixel(x1, y0), pixel(x0, y1), pixel(x1, y1)];
        image::Rgb([0, 1, 2].map(|k| {
            let (upper, lower) = (a[k] + fx * (b[k] - a[k]), c[k] + fx * (d[k] - c[k]));
            (upper + fy * (lower - upper)).round() as u8
        }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_drawn_again_as_the_formula_says(
        size in (1..120_u32, 1..120_u32),
        scale in prop::array::uniform2(0.01..0.4_f64),
        offset in prop::array::uniform2(-40.0..40.0_f64),
        seed in any::<u32>(),
    ) {
        let mut state = seed;
        let frame = Frame::from_fn(size.0, size.1, |_, _| image::Rgb([(); 3].map(|()| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })));
        let map = Registration { scale, offset, residual: 0.0 };
        prop_assert_eq!(map.resample(&frame), by_formula(&map, &frame));
        let stretched = Registration::stretched(size);
        prop_assert_eq!(stretched.resample(&frame), by_formula(&stretched, &frame));
    }
}

#[test]
fn agents_and_pieces_are_counted() {
    let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
    let whole = FrameMeasures::of(&picture(96, AGENT, BLOCK)).unwrap();
    assert_eq!((whole.agents, whole.pieces), (1, 1));
    // With the outline, which is drawn half outside.
    assert!((1.0..1.3).contains(&whole.block_area), "{whole:?}");
    assert!((0.85..1.15).contains(&whole.agent_area), "{whole:?}");
    // On the stem of the T, all across it.
    let over = FrameMeasures::of(&picture(96, [120.0, 378.0], BLOCK)).unwrap();
    assert_eq!((over.agents, over.pieces), (1, 1));
    let bare = FrameMeasures::of(&picture(96, [f64::NAN; 2], nowhere)).unwrap();
    assert_eq!((bare.agents, bare.pieces), (0, 0));
    // Two discs and two Ts; the second T is drawn over the first image.
    let mut two = picture(96, AGENT, BLOCK);
    let other = picture(96, [80.0, 90.0], Pose::new(400.0, 300.0, 2.0));
    for (to, from) in two.pixels_mut().zip(other.pixels()) {
        if from.0[2].saturating_sub(from.0[0]) > 20 {
            *to = *from;
        }
    }
    let found = FrameMeasures::of(&two).unwrap();
    assert_eq!((found.agents, found.pieces), (2, 2));
    assert!(found.block_area > 1.7 && found.agent_area > 1.7, "{found:?}");
    // Split: a white band across the T.
    let mut split = picture(96, AGENT, BLOCK);
    for (x, y, pixel) in split.enumerate_pixels_mut() {
        if (i64::from(x) + i64::from(y) - 88).abs() < 3 && pixel.0[2] > pixel.0[0] {
            *pixel = image::Rgb([255; 3]);
        }
    }
    assert_eq!(FrameMeasures::of(&split).unwrap().pieces, 2);
    assert!(FrameMeasures::of(&Frame::new(10, 10)).is_err());
}
