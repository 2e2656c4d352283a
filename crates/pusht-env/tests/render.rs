//! Images compared with those of the references: small fixtures drawn by gym-pusht
//! (`fixtures/make_render_fixtures.py`).
#![allow(clippy::unwrap_used)]

mod npz;

use npz::{Npz, differing};
use pusht_env::{ContactTick, FillRule, Frame, Pose, RenderError, Renderer, Scene, draw_marker};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const RULES: [(FillRule, &str); 2] = [
    (FillRule::Pygame26, "render_pygame26.npz"),
    (FillRule::Pygame25, "render_pygame25.npz"),
];

fn fixture(name: &str) -> Npz {
    Npz::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures").as_ref(), name)
}

/// The `i`-th scene of a group of the fixtures.
fn scene(npz: &mut Npz, group: &str, i: usize) -> Scene {
    let mut row = |key: &str, width: usize| {
        let all = npz.numbers(&format!("{group}_{key}"));
        all[i * width..(i + 1) * width].to_vec()
    };
    let pose = |v: Vec<f64>| Pose::new(v[0], v[1], v[2]);
    let agent = row("agent", 2);
    let count = row("tick_count", 1)[0] as usize;
    let ticks = row("ticks", 80);
    Scene {
        agent: [agent[0], agent[1]],
        block: pose(row("block", 3)),
        goal: pose(row("goal", 3)),
        contacts: ticks
            .chunks(4)
            .take(count)
            .map(|t| ContactTick {
                from: [t[0], t[1]],
                to: [t[2], t[3]],
            })
            .collect(),
    }
}

#[test]
fn pictures_equal_those_of_gym_pusht() {
    for (rule, file) in RULES {
        let mut npz = fixture(file);
        for (group, size) in [("obs96", 96), ("surface512", 512), ("vis680", 680), ("obs341", 341)] {
            let images = npz.bytes(&format!("{group}_image"));
            let actions = npz.numbers(&format!("{group}_action"));
            let bytes = size as usize * size as usize * 3;
            let mut renderer = Renderer::new(size, rule).unwrap();
            for (i, image) in images.chunks(bytes).enumerate() {
                let scene = scene(&mut npz, group, i);
                let mut frame = renderer.render(&scene);
                if size == 680 {
                    draw_marker(&mut frame, [actions[2 * i] as f32, actions[2 * i + 1] as f32]);
                }
                assert_eq!(differing(&frame, image), 0, "{file} {group} {i}: {scene:?}");
            }
        }
    }
}

#[test]
fn markers_equal_those_of_opencv() {
    let mut npz = fixture("render_pygame26.npz");
    for size in [96_u32, 150, 192, 250, 341, 512, 680, 1000] {
        let at = npz.numbers(&format!("marker{size}_at"));
        let bits = npz.bytes(&format!("marker{size}_bits"));
        let pixels = (size * size) as usize;
        for (action, bits) in at.chunks(2).zip(bits.chunks(pixels.div_ceil(8))) {
            let mut frame = Frame::from_pixel(size, size, image::Rgb([255; 3]));
            draw_marker(&mut frame, [action[0] as f32, action[1] as f32]);
            for (i, pixel) in frame.pixels().enumerate() {
                let red = bits[i / 8] >> (7 - i % 8) & 1 == 1;
                assert_eq!(pixel.0[1] == 0, red, "size {size}, action {action:?}, pixel {i}");
            }
        }
    }
}

/// A scene that may lie anywhere, with a few ticks.
fn random_scene(rng: &mut Pcg64, margin: f64) -> Scene {
    let mut at = || rng.random_range(-margin..512.0 + margin);
    let [x, y, ax, ay, tx, ty] = std::array::from_fn(|_| at());
    let mut near = || rng.random_range(-9.0..9.0);
    let contacts = (0..2)
        .map(|_| ContactTick {
            from: [tx + near(), ty + near()],
            to: [tx + near(), ty + near()],
        })
        .collect();
    Scene {
        agent: [ax, ay],
        block: Pose::new(x, y, rng.random_range(-7.0..7.0)),
        goal: Pose::new(rng.random_range(0.0..512.0), 256.0, rng.random_range(-7.0..7.0)),
        contacts,
    }
}

/// OpenCV's rule written out, from the whole surface.
fn resized(surface: &Frame, size: usize) -> Vec<u8> {
    let axis = |i: usize, horizontal: bool| {
        let f = ((i as f64 + 0.5) / (size as f64 / 512.0) - 0.5) as f32;
        let (mut s, mut f) = (f.floor() as i64, f - f.floor());
        if horizontal && !(0..511).contains(&s) {
            (s, f) = (s.clamp(0, 511), 0.0);
        }
        let w = [1.0 - f, f].map(|w| (w * 2048.0).round_ties_even() as i64);
        ([s.clamp(0, 511) as u32, (s + 1).clamp(0, 511) as u32], w)
    };
    let mut out = Vec::with_capacity(size * size * 3);
    for j in 0..size {
        for i in 0..size {
            let ((xs, a), (ys, b)) = (axis(i, true), axis(j, false));
            for c in 0..3 {
                let h = ys.map(|y| {
                    (0..2)
                        .map(|k| i64::from(surface.get_pixel(xs[k], y)[c]) * a[k])
                        .sum::<i64>()
                });
                let [above, below] = [0, 1].map(|k| (b[k] * (h[k] >> 4)) >> 16);
                out.push(((above + below + 2) >> 2) as u8);
            }
        }
    }
    out
}

#[test]
fn the_drawn_rows_and_columns_give_the_same_picture_as_the_whole_surface() {
    let mut rng = Pcg64::seed_from_u64(3);
    for (rule, _) in RULES {
        let mut whole = Renderer::new(512, rule).unwrap();
        // One renderer for all scenes, so that its cache is tested as well.
        for size in [96, 64, 31, 128] {
            let mut renderer = Renderer::new(size, rule).unwrap();
            for i in 0..60 {
                let scene = random_scene(&mut rng, [0.0, 80.0][i % 2]);
                let expected = resized(&whole.render(&scene), size as usize);
                assert_eq!(
                    differing(&renderer.render(&scene), &expected),
                    0,
                    "{rule:?} {size} {scene:?}"
                );
            }
        }
    }
}

#[test]
fn a_renderer_forgets_what_it_drew_before() {
    let mut rng = Pcg64::seed_from_u64(4);
    let mut used = Renderer::new(96, FillRule::default()).unwrap();
    let goal = pusht_env::GOAL;
    for _ in 0..200 {
        let scene = Scene {
            goal,
            ..random_scene(&mut rng, 60.0)
        };
        let new = Renderer::new(96, FillRule::default()).unwrap().render(&scene);
        assert_eq!(differing(&used.render(&scene), &new), 0, "{scene:?}");
    }
}

#[test]
fn images_need_not_be_square() {
    let mut rng = Pcg64::seed_from_u64(5);
    let mut square = Renderer::new(512, FillRule::default()).unwrap();
    let mut flat = Renderer::with_dimensions(512, 256, FillRule::default()).unwrap();
    assert_eq!(flat.dimensions(), (512, 256));
    for _ in 0..20 {
        let scene = random_scene(&mut rng, 60.0);
        let (full, half) = (square.render(&scene), flat.render(&scene));
        assert_eq!(half.dimensions(), (512, 256));
        for (x, y, pixel) in half.enumerate_pixels() {
            // Two rows with equal weights.
            let [above, below] = [2 * y, 2 * y + 1].map(|row| full.get_pixel(x, row).0.map(u16::from));
            let mixed = [0, 1, 2].map(|c| (above[c] + below[c]).div_ceil(2) as u8);
            assert_eq!(pixel.0, mixed, "({x}, {y})");
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_or_left_out() {
    assert_eq!(
        Renderer::new(0, FillRule::default()).unwrap_err(),
        RenderError::Size { width: 0, height: 0 }
    );
    assert!(Renderer::new(1 << 20, FillRule::default()).is_err());
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let far = Pose::new(1e300, -1e9, 1.0);
    let empty = renderer.render(&Scene::new([-1e12, 1e300], far, pusht_env::GOAL));
    let nan = Pose::new(f64::NAN, 0.0, 0.0);
    let undrawn = renderer.render(&Scene::new([f64::NAN, 0.0], nan, pusht_env::GOAL));
    assert_eq!(differing(&empty, &undrawn), 0);
    let error = renderer
        .render_into(&Scene::new([0.0; 2], far, far), &mut [0; 7])
        .unwrap_err();
    assert!(error.to_string().contains("27648"), "{error}");
    draw_marker(&mut Frame::new(96, 96), [f32::NAN, 1.0]);
    draw_marker(&mut Frame::new(0, 0), [1.0, 1e30]);
}
