//! LTX-Video compared with recordings and parameter lists of the published implementation.
#![allow(clippy::unwrap_used)]

mod recorded;

use std::collections::BTreeMap;
use std::path::Path;

use ltx_video::{Config, Layout, Version, transformer_shapes, vae_shapes};

fn recordings_are_reproduced(reference: &Path) {
    let starts = ["ltx_", "pipe_ltx", "train_ltx"];
    assert!(recorded::all_reproduced(&reference.join("golden/video"), &starts) >= 9);
}

fn names_and_shapes_are_those_of_the_published_lists(reference: &Path) {
    let list = |name: &str| -> BTreeMap<String, Vec<usize>> {
        let path = reference.join("design/checkpoint-keys").join(name);
        let keys: Vec<(String, Vec<usize>)> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // A single number is a tensor without dimensions in these lists.
        let one = |shape: Vec<usize>| if shape.is_empty() { vec![1] } else { shape };
        keys.into_iter().map(|(name, shape)| (name, one(shape))).collect()
    };
    assert_eq!(
        transformer_shapes(&Config::default(), Layout::Folder).unwrap(),
        list("keys_LTX.json")
    );
    for (version, name) in [(Version::V090, "keys_VAE090.json"), (Version::V095, "keys_VAE095.json")] {
        assert_eq!(vae_shapes(&version.config(), Layout::Folder).unwrap(), list(name));
    }
}

test_support::main!(test_support::reference => [
    recordings_are_reproduced,
    names_and_shapes_are_those_of_the_published_lists,
]);
