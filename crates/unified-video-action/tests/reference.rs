//! Unified Video Action compared with recordings and parameter lists of the published implementation.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use model_parity::compare;
use unified_video_action::parity::MODELS;
use unified_video_action::{Config, shapes};

fn recordings_are_reproduced(reference: &Path) {
    for case in ["uva_pusht_tiny", "uva_kl_vae"] {
        let folder = reference.join("golden/video").join(case);
        let report = compare(&folder, MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

fn names_and_shapes_are_those_of_the_published_list(reference: &Path) {
    let net = shapes(&Config::default()).unwrap().net;
    let keys = reference.join("design/checkpoint-keys/keys_UVA.json");
    let keys: Vec<(String, Vec<usize>)> = serde_json::from_slice(&std::fs::read(keys).unwrap()).unwrap();
    assert_eq!(net, keys.into_iter().collect());
}

test_support::main!(test_support::reference => [
    recordings_are_reproduced,
    names_and_shapes_are_those_of_the_published_list,
]);
