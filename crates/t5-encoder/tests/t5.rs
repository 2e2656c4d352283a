//! Encoder and tokenizer: comparison with recordings, published configurations, 8-bit weights.
//! `ltx-video/tests/fixtures/make_ltx.py` wrote the small recordings.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use model_parity::{Case, compare};
use t5_encoder::parity::MODELS;
use t5_encoder::{Config, Encoder, Int8Encoder, shapes};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn small_recordings_are_reproduced() {
    for case in ["t5_gated", "t5_relu", "tokenizer"] {
        let report = compare(&fixture(case), MODELS, &Device::flex()).unwrap();
        assert_eq!(report.problems(), [""; 0], "{case}");
    }
}

#[test]
fn the_published_sizes_have_the_published_parameters() {
    let count = |shapes: &BTreeMap<String, Vec<usize>>| -> usize {
        shapes.values().map(|shape| shape.iter().product::<usize>()).sum()
    };
    assert_eq!(count(&shapes(&Config::default())), 4_762_310_656);
    assert_eq!(count(&shapes(&Config::t5_11b())), 4_864_791_552);
}

/// Relative error of a recorded encoder's states with 8-bit weights.
fn error_of_8_bits(case: &str) -> f64 {
    let case = Case::open(&fixture(case)).unwrap();
    let device = Device::flex();
    let config: Config = case.setting("/model").unwrap();
    let weights = || case.weights().unwrap().clone();
    let plain = Encoder::load(&config, weights(), "", FloatDType::F32, &device).unwrap();
    let small = Int8Encoder::load(&config, weights(), &device).unwrap();
    let ids: Vec<i64> = (0..24).map(|i| (i * 7) % config.vocab_size as i64).collect();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [2, 12]), &device);
    let (a, b) = (plain.forward(ids.clone(), None), small.forward(ids, None));
    let most = a.clone().abs().max().into_scalar::<f32>();
    let off = (a - b).abs().max().into_scalar::<f32>();
    let matrices: usize = shapes(&config)
        .iter()
        .filter(|(name, shape)| shape.len() == 2 && name.contains("block") && !name.contains("relative"))
        .map(|(_, shape)| shape.iter().product::<usize>() + 4 * shape[0])
        .sum();
    assert_eq!(small.bytes(), matrices);
    f64::from(off / most)
}

#[test]
fn a_text_encoder_in_8_bits_says_nearly_the_same() {
    for case in ["t5_gated", "t5_relu"] {
        let error = error_of_8_bits(case);
        println!("{case}: {error:.4} of the largest magnitude");
        assert!(error > 0.0 && error < 0.02, "{case}: {error}");
    }
}
