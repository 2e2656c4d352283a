//! Group laws, and that pixels, positions and angles move together.
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;

use proptest::prelude::*;
use pusht_data::{FrameTransform, Transform};
use pusht_env::{Frame, GOAL, Pose, State};

fn transforms() -> impl Strategy<Value = Transform> {
    prop_oneof![
        (any::<bool>(), 0_u8..4).prop_map(|(flip, quarters)| Transform::exact(flip, quarters)),
        (-10.0..10.0).prop_map(Transform::rotation),
        (-10.0..10.0).prop_map(|a| Transform::HORIZONTAL_FLIP.then(&Transform::rotation(a))),
    ]
}

fn states() -> impl Strategy<Value = State> {
    (prop::array::uniform4(0.0..512.0), -7.0..7.0).prop_map(|(p, angle)| State {
        agent: [p[0], p[1]],
        block: Pose::new(p[2], p[3], angle),
    })
}

fn close(a: State, b: State) -> bool {
    let (a, b) = (a.to_row(), b.to_row());
    let turn = (a[4] - b[4]).rem_euclid(TAU);
    a[..4].iter().zip(&b[..4]).all(|(x, y)| (x - y).abs() < 1e-9) && turn.min(TAU - turn) < 1e-9
}

/// The T as drawn: world position of a point in body coordinates.
fn world(pose: Pose, q: [f64; 2]) -> [f64; 2] {
    let (s, c) = pose.angle.sin_cos();
    [pose.x + c * q[0] - s * q[1], pose.y + s * q[0] + c * q[1]]
}

fn noise(size: u32) -> Frame {
    Frame::from_fn(size, size, |x, y| image_pixel(x * 7919 + y * 104_729))
}

fn image_pixel(seed: u32) -> image::Rgb<u8> {
    let h = seed.wrapping_mul(2_654_435_761);
    image::Rgb([(h >> 8) as u8, (h >> 16) as u8, (h >> 24) as u8])
}

proptest! {
    #[test]
    fn the_inverse_restores(t in transforms(), state in states()) {
        prop_assert!(close(t.inverse().state(t.state(state)), state));
        prop_assert!(close(t.state(t.inverse().state(state)), state));
        prop_assert!(close(t.then(&t.inverse()).state(state), state));
    }

    #[test]
    fn then_is_composition_and_associative(a in transforms(), b in transforms(), c in transforms(), state in states()) {
        prop_assert!(close(a.then(&b).state(state), b.state(a.state(state))));
        prop_assert!(close(a.then(&b).then(&c).state(state), a.then(&b.then(&c)).state(state)));
    }

    #[test]
    fn the_t_moves_as_its_points_do(t in transforms(), state in states(), q in prop::array::uniform2(-60.0..120.0)) {
        // A flipped T is the T again with its own left and right exchanged.
        let moved = t.point(world(state.block, q));
        let side = if t.is_flip() { -q[0] } else { q[0] };
        let drawn = world(t.pose(state.block), [side, q[1]]);
        prop_assert!((moved[0] - drawn[0]).hypot(moved[1] - drawn[1]) < 1e-9);
    }

    #[test]
    fn exact_transforms_move_pixels_as_they_move_points(flip: bool, quarters in 0_u8..4, x in 0_u32..96, y in 0_u32..96) {
        let t = Transform::exact(flip, quarters);
        let mut frame = Frame::new(96, 96);
        frame.put_pixel(x, y, image::Rgb([1, 2, 3]));
        let turned = FrameTransform::new(&t, 96).frame(&frame).unwrap();
        // The board coordinate that pixel i shows.
        let board = |i: u32| (f64::from(i) + 0.5) * 512.0 / 96.0 - 0.5;
        let pixel = |b: f64| ((b + 0.5) * 96.0 / 512.0 - 0.5).round() as u32;
        let [bx, by] = t.point([board(x), board(y)]);
        prop_assert_eq!(turned.get_pixel(pixel(bx), pixel(by)).0, [1, 2, 3]);
        prop_assert!((board(pixel(bx)) - bx).abs() < 1e-9);
        let back = FrameTransform::new(&t.inverse(), 96).frame(&turned).unwrap();
        prop_assert_eq!(back, frame);
    }

    #[test]
    fn actions_move_as_points(t in transforms(), a in prop::array::uniform2(0.0_f32..512.0)) {
        let want = t.point(a.map(f64::from));
        let got = t.action(a);
        prop_assert!((0..2).all(|k| (f64::from(got[k]) - want[k]).abs() < 1e-4));
    }
}

#[test]
fn the_dihedral_group_is_closed() {
    let group = Transform::dihedral();
    let frame = noise(96);
    let pictures: Vec<Frame> = group
        .iter()
        .map(|t| FrameTransform::new(t, 96).frame(&frame).unwrap())
        .collect();
    for (i, a) in group.iter().enumerate() {
        assert!(a.is_exact());
        assert!(pictures[..i].iter().all(|p| *p != pictures[i]));
        for b in &group {
            let both = a.then(b);
            let index = group.iter().position(|t| *t == both).expect("closed");
            assert_eq!(FrameTransform::new(b, 96).frame(&pictures[i]).unwrap(), pictures[index]);
        }
    }
}

#[test]
fn fourteen_are_different_and_begin_with_the_identity() {
    let all = Transform::fourteen();
    assert_eq!(all.len(), 14);
    assert_eq!(all[0], Transform::IDENTITY);
    assert_eq!(all.iter().filter(|t| t.is_flip()).count(), 2);
    let points: Vec<[i64; 2]> = all
        .iter()
        .map(|t| t.point([300.0, 400.0]).map(|x| x.round() as i64))
        .collect();
    for i in 0..14 {
        assert!(!points[..i].contains(&points[i]));
    }
}

#[test]
fn known_values() {
    assert_eq!(Transform::HORIZONTAL_FLIP.point([5.0, 30.0]), [506.0, 30.0]);
    assert_eq!(Transform::VERTICAL_FLIP.point([5.0, 30.0]), [5.0, 481.0]);
    // A quarter turn takes right to down: clockwise on the screen.
    assert_eq!(Transform::exact(false, 1).point([355.5, 255.5]), [255.5, 355.5]);
    let flipped = Transform::HORIZONTAL_FLIP.pose(GOAL);
    assert_eq!((flipped.x, flipped.y, flipped.angle), (255.0, 256.0, -GOAL.angle));
    assert_eq!(
        Transform::VERTICAL_FLIP.pose(GOAL).angle,
        std::f64::consts::PI - GOAL.angle
    );
}

#[test]
fn resampling_agrees_with_the_exact_turn_and_fills_with_white() {
    let frame = noise(96);
    let quarter = FrameTransform::new(&Transform::exact(false, 1), 96)
        .frame(&frame)
        .unwrap();
    let resampled = FrameTransform::new(&Transform::rotation(std::f64::consts::FRAC_PI_2), 96)
        .frame(&frame)
        .unwrap();
    let worst = quarter
        .as_raw()
        .iter()
        .zip(resampled.as_raw())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(worst <= Some(1), "{worst:?}");

    let black = Frame::new(96, 96);
    let turned = FrameTransform::new(&Transform::rotation(std::f64::consts::FRAC_PI_4), 96)
        .frame(&black)
        .unwrap();
    assert_eq!(turned.get_pixel(0, 0).0, [255; 3]);
    assert_eq!(turned.get_pixel(48, 48).0, [0; 3]);
    let white = Frame::from_pixel(96, 96, image::Rgb([255; 3]));
    let turned = FrameTransform::new(&Transform::rotation(0.3), 96)
        .frame(&white)
        .unwrap();
    assert!(turned.as_raw().iter().all(|&b| b == 255));
}

#[test]
fn frames_that_are_not_square_are_refused() {
    let t = FrameTransform::new(&Transform::HORIZONTAL_FLIP, 96);
    let e = t.frame(&Frame::new(96, 80)).unwrap_err();
    assert!(
        e.to_string().contains("(96, 80)") && e.to_string().contains("square"),
        "{e}"
    );
}
