//! Cosmos-Predict1 compared with recordings and parameter lists of the published implementation.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use cosmos_predict::parity::MODELS;
use cosmos_predict::{AutoencoderConfig, Config, Layout, autoencoder_shapes, transformer_shapes};
use model_parity::compare;

fn recordings_are_reproduced(reference: &Path) {
    let cases = [
        "cosmos_transformer_text2world",
        "cosmos_transformer_video2world_start_end",
        "cosmos_vae_haar",
        "cosmos_vae_image",
        "sched_edm_cosmos",
        "sched_edm_vpred_zero",
        "train_cosmos_edm_start_end",
        "pipe_cosmos_text2world",
        "pipe_cosmos_video2world",
    ];
    for case in cases {
        let folder = reference.join("golden/video").join(case);
        let report = compare(&folder, MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

fn names_and_shapes_are_those_of_the_published_lists(reference: &Path) {
    let read = |name: &str| -> BTreeMap<String, Vec<usize>> {
        let path = reference.join("design/checkpoint-keys").join(name);
        let list: Vec<(String, Vec<usize>)> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        list.into_iter().collect()
    };
    let video = transformer_shapes(&Config::video2world_7b(), Layout::Folder).unwrap();
    assert_eq!(video, read("keys_COS.json"));
    let coder = autoencoder_shapes(&AutoencoderConfig::default(), Layout::Folder).unwrap();
    assert_eq!(coder, read("keys_CVAE.json"));
}

test_support::main!(test_support::reference => [
    recordings_are_reproduced,
    names_and_shapes_are_those_of_the_published_lists,
]);
