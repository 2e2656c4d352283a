//! A transformed image compared with the image of the transformed scene.
//!
//! They are not equal: the reference rounds corners to whole pixels and its shapes are not symmetric to the pixel (a
//! disc of radius 15 covers 30 columns, x − 15 to x + 14), so edges differ by up to a pixel of the 512 board. The test
//! excludes a wrong angle or center, for which the difference is many times as large.
#![allow(clippy::unwrap_used)]

use std::f64::consts::PI;

use pusht_data::{FrameTransform, Transform};
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene, State};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn draw(renderer: &mut Renderer, state: State, goal: Pose) -> Frame {
    renderer.render(&Scene::new(state.agent, state.block, goal))
}

/// Mean absolute difference of pixel values within the circle that touches the walls, which a rotation moves.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let (mut sum, mut n) = (0, 0);
    for (x, y, pixel) in a.enumerate_pixels() {
        if (f64::from(x) - 47.5).hypot(f64::from(y) - 47.5) < 45.0 {
            let other = b.get_pixel(x, y);
            sum += (0..3).map(|c| u64::from(pixel.0[c].abs_diff(other.0[c]))).sum::<u64>();
            n += 3;
        }
    }
    sum as f64 / f64::from(n)
}

/// States whose T and agent stay on the board under any rotation.
fn states(n: usize) -> Vec<State> {
    let mut rng = Pcg64::seed_from_u64(7);
    let mut near = |spread: f64| 255.5 + rng.random_range(-spread..spread);
    let mut all = Vec::new();
    for _ in 0..n {
        let agent = [near(140.0), near(140.0)];
        let block = Pose::new(near(60.0), near(60.0), near(PI) - 255.5);
        all.push(State { agent, block });
    }
    all
}

/// Mean difference over states, for the transform and for a wrong one.
fn against_render(t: &Transform, wrong: &Transform) -> (f64, f64) {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let pixels = FrameTransform::new(t, 96);
    let (mut right_sum, mut wrong_sum) = (0.0, 0.0);
    let states = states(20);
    for &state in &states {
        let turned = pixels.frame(&draw(&mut renderer, state, GOAL)).unwrap();
        right_sum += difference(&turned, &draw(&mut renderer, t.state(state), t.pose(GOAL)));
        wrong_sum += difference(&turned, &draw(&mut renderer, wrong.state(state), wrong.pose(GOAL)));
    }
    (right_sum / states.len() as f64, wrong_sum / states.len() as f64)
}

#[test]
fn exact_transforms() {
    for t in Transform::dihedral() {
        let (right, wrong) = against_render(&t, &t.then(&Transform::rotation(0.1)));
        assert!(
            right < 0.35 && wrong > 2.0,
            "{t:?}: {right:.3}, turned by 0.1 rad {wrong:.3}"
        );
    }
}

#[test]
fn rotations_by_any_angle() {
    // Resampling blurs edges that the renderer draws sharp.
    for t in Transform::fourteen().into_iter().filter(|t| !t.is_exact()) {
        let (right, wrong) = against_render(&t, &t.then(&Transform::rotation(0.1)));
        assert!(
            right < 1.2 && wrong > 2.0,
            "{t:?}: {right:.3}, turned by 0.1 rad {wrong:.3}"
        );
    }
}
