//! Frames of the public demonstration set, read back.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{errors, track};
use pusht_env::{Frame, Pose};

fn recorded_frames_are_read(reference: &Path) {
    let path = reference.join("golden/env/demo_replay.npz");
    let mut npz = npyz::npz::NpzArchive::open(path).unwrap();
    for episode in [0, 23, 61, 105, 166] {
        let name = |key: &str| format!("ep{episode}_{key}");
        let images: Vec<u8> = npz.by_name(&name("img")).unwrap().unwrap().into_vec().unwrap();
        let rows: Vec<i64> = npz.by_name(&name("img_index")).unwrap().unwrap().into_vec().unwrap();
        let states: Vec<f32> = npz
            .by_name(&name("dataset_state"))
            .unwrap()
            .unwrap()
            .into_vec()
            .unwrap();
        for (image, row) in images.chunks(96 * 96 * 3).zip(rows) {
            let state: Vec<f64> = states[5 * row as usize..]
                .iter()
                .take(5)
                .copied()
                .map(f64::from)
                .collect();
            let tracked = track(&Frame::from_raw(96, 96, image.to_vec()).unwrap());
            let block = Pose::new(state[2], state[3], state[4]);
            let [agent, origin, angle] = errors(&tracked, [state[0], state[1]], block);
            assert!(
                agent < 0.75 && origin < 2.5 && angle < 0.03,
                "{episode} {row}: {agent} {origin} {angle}"
            );
        }
    }
}

test_support::main!(test_support::reference => [recorded_frames_are_read]);
