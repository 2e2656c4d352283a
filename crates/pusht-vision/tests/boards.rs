//! Boards that lie askew in the frame, and several in one frame: refused, or so little askew that it does not matter.
#![allow(clippy::unwrap_used)]

use image::imageops::{FilterType, replace, resize};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_vision::{Registrar, Tracker, VisionError};

const SCENES: [([f64; 2], Pose); 3] = [
    ([320.0, 140.0], Pose::new(150.0, 330.0, 0.7)),
    ([60.0, 440.0], Pose::new(256.0, 256.0, 0.8)),
    ([400.0, 380.0], Pose::new(230.0, 260.0, 2.4)),
];

fn picture(side: u32, (agent, block): ([f64; 2], Pose)) -> Frame {
    let mut renderer = Renderer::new(side, FillRule::default()).unwrap();
    renderer.render(&Scene::new(agent, block, GOAL))
}

/// A frame of `side` px that shows the board turned clockwise about its middle and made smaller; `back` where there is none.
fn turned(scene: ([f64; 2], Pose), degrees: f64, scale: f64, side: u32, back: u8) -> Frame {
    let board = picture(512, scene);
    let (sin, cos) = degrees.to_radians().sin_cos();
    // Four points for each pixel, as a filter has it.
    let fine = Frame::from_fn(2 * side, 2 * side, |i, j| {
        let [x, y] = [i, j].map(|i| ((f64::from(i) + 0.5) / f64::from(side) - 1.0) * 256.0 / scale);
        let at = [cos * x + sin * y, cos * y - sin * x].map(|c| (c + 256.0).floor());
        match at.iter().all(|c| (0.0..512.0).contains(c)) {
            true => *board.get_pixel(at[0] as u32, at[1] as u32),
            false => image::Rgb([back; 3]),
        }
    });
    resize(&fine, side, side, FilterType::Triangle)
}

/// By how many px of the board agent and T are off in a frame that is accepted.
fn off(registrar: &Registrar, frame: &Frame, (agent, block): ([f64; 2], Pose)) -> Result<f64, VisionError> {
    let map = registrar.register(frame)?;
    let tracked = Tracker::new(GOAL)?.track(&map.resample(frame))?;
    let far = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let Some(state) = tracked.state() else {
        return Ok(f64::INFINITY);
    };
    Ok(far(state.agent, agent).max(far([state.block.x, state.block.y], [block.x, block.y])))
}

#[test]
fn a_board_turned_by_any_angle_is_refused_with_its_angle() {
    let registrar = Registrar::new(GOAL).unwrap();
    let mut wrong = Vec::new();
    for scene in [SCENES[0], SCENES[2]] {
        for (side, back, scale) in [(96, 255, 1.0), (300, 0, 1.0), (300, 255, 0.7)] {
            for degrees in [1.5, -4.0, 12.0, 130.0_f64] {
                let found = off(&registrar, &turned(scene, degrees, scale, side, back), scene);
                let right = match &found {
                    Err(VisionError::TiltedBoard { degrees: found }) => (found - degrees).abs() < 4.0,
                    // Corners of a black border can look like boards of their own.
                    Err(VisionError::SeveralBoards { .. }) => degrees.abs() > 30.0 && back == 0,
                    Err(_) => false,
                    Ok(px) => *px < 3.0,
                };
                if !right {
                    wrong.push(format!(
                        "{degrees}° at {side} px, {scale} on {back}, {:?}: {found:?}",
                        scene.1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_upright_board_is_not_said_to_lie_askew() {
    let registrar = Registrar::new(GOAL).unwrap();
    for scene in SCENES {
        for (side, back, scale) in [(96, 255, 1.0), (131, 90, 0.8), (300, 0, 0.7), (200, 255, 1.0)] {
            for degrees in [0.0, -0.2] {
                let px = match off(&registrar, &turned(scene, degrees, scale, side, back), scene) {
                    Err(VisionError::UncertainBoard { .. }) => continue,
                    found => found.unwrap(),
                };
                // A pixel of the frame where the board is small in it.
                let most = f64::max(4.0, 512.0 / (scale * f64::from(side)));
                assert!(
                    px < most,
                    "{px} px: {degrees}° at {side} px, {scale} on {back}, {scene:?}"
                );
            }
        }
    }
}

#[test]
fn several_boards_are_refused() {
    let registrar = Registrar::new(GOAL).unwrap();
    let [one, _, other] = SCENES;
    for side in [96_u32, 130] {
        for gap in [0, 20] {
            for [columns, rows] in [[2, 1], [1, 2], [2, 2], [3, 1]] {
                for (other, back) in [(one, 0), (other, 255), (other, 128)] {
                    let size = [columns, rows].map(|count| count * side + (count - 1) * gap);
                    let mut frame = Frame::from_pixel(size[0], size[1], image::Rgb([back; 3]));
                    for (column, row) in (0..columns).flat_map(|c| (0..rows).map(move |r| (c, r))) {
                        let scene = if column + row == 0 { one } else { other };
                        let corner = [column, row].map(|at| i64::from(at * (side + gap)));
                        replace(&mut frame, &picture(side, scene), corner[0], corner[1]);
                    }
                    let found = registrar.register(&frame);
                    let [width, height] = size;
                    let expected = Err(VisionError::SeveralBoards { width, height });
                    assert_eq!(found, expected, "{columns} × {rows} of {side} px, {gap} px apart");
                    if gap > 0 {
                        continue;
                    }
                    // Made narrow again, as a video of one board would be.
                    let narrow = resize(&frame, side, side, FilterType::Triangle);
                    let found = registrar.register(&narrow);
                    assert!(
                        found.is_err(),
                        "{columns} × {rows} in {side} px, {gap} px apart: {found:?}"
                    );
                }
            }
        }
    }
}
