//! The recorded images of `PUSHT_REFERENCE`, rendered again.
#![allow(clippy::unwrap_used)]

mod npz;

use std::path::Path;

use npz::{Npz, differing};
use pusht_env::{ContactTick, FillRule, Pose, Renderer, Scene, draw_marker};

fn recorded_pictures_are_drawn_anew(reference: &Path) {
    let folder = reference.join("golden/env");
    for (file, size) in [("renders96.npz", 96), ("vis680.npz", 680)] {
        let mut npz = Npz::open(&folder, file);
        let (images, states) = (npz.bytes("image"), npz.numbers("state"));
        let (counts, lines) = (npz.numbers("contact_count"), npz.numbers("contact_lines"));
        let actions = npz.numbers("action");
        let mut renderer = Renderer::new(size, FillRule::Pygame26).unwrap();
        for (i, image) in images.chunks((size * size * 3) as usize).enumerate() {
            let s = &states[10 * i..10 * (i + 1)];
            let contacts = lines[32 * i..].chunks(4).take(counts[i] as usize).map(|t| ContactTick {
                from: [t[0], t[1]],
                to: [t[2], t[3]],
            });
            let mut frame = renderer.render(&Scene {
                agent: [s[0], s[1]],
                block: Pose::new(s[4], s[5], s[6]),
                goal: pusht_env::GOAL,
                contacts: contacts.collect(),
            });
            if size == 680 {
                draw_marker(&mut frame, [actions[2 * i] as f32, actions[2 * i + 1] as f32]);
            }
            assert_eq!(differing(&frame, image), 0, "{file} {i}");
        }
    }
}

test_support::main!(test_support::reference => [recorded_pictures_are_drawn_anew]);
