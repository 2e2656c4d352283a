//! I3D against a PyTorch implementation (`fixtures/i3d.py`), on weights and a video that both compute from a formula.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use burn::tensor::Device;
use clip_audit::fvd::{FvdError, I3D_CLASSES, I3D_FRAMES, I3d, fvd};
use image::RgbImage;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::Path;

const BLOCKS: [(&str, usize, [usize; 6]); 9] = [
    ("Mixed_3b", 192, [64, 96, 128, 16, 32, 32]),
    ("Mixed_3c", 256, [128, 128, 192, 32, 96, 64]),
    ("Mixed_4b", 480, [192, 96, 208, 16, 48, 64]),
    ("Mixed_4c", 512, [160, 112, 224, 24, 64, 64]),
    ("Mixed_4d", 512, [128, 128, 256, 24, 64, 64]),
    ("Mixed_4e", 512, [112, 144, 288, 32, 64, 64]),
    ("Mixed_4f", 528, [256, 160, 320, 32, 128, 128]),
    ("Mixed_5b", 832, [256, 160, 320, 32, 128, 128]),
    ("Mixed_5c", 832, [384, 192, 384, 48, 128, 128]),
];

/// SplitMix64 from the FNV-1a hash of the name.
fn bits(name: &str, count: usize) -> impl Iterator<Item = u64> {
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    (1..=count as u64).map(move |i| {
        let z = seed.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// gain · u + offset, u uniform in [0, 1).
fn add(all: &mut Tensors, name: String, shape: &[usize], gain: f64, offset: f64) {
    let values = bits(&name, shape.iter().product()).map(|bits| {
        let u = (bits >> 40) as f64 / f64::from(1 << 24);
        (gain * u + offset) as f32
    });
    let bytes = values.flat_map(f32::to_le_bytes).collect();
    all.insert(name, (shape.to_vec(), bytes));
}

fn add_unit(all: &mut Tensors, name: &str, [before, after]: [usize; 2], kernel: usize) {
    let bound = (6.0 / (before * kernel.pow(3)) as f64).sqrt();
    let shape = [after, before, kernel, kernel, kernel];
    add(all, format!("{name}.conv3d.weight"), &shape, 2.0 * bound, -bound);
    for (part, gain, offset) in [
        ("weight", 0.4, 0.8),
        ("bias", 0.2, -0.1),
        ("running_mean", 0.2, -0.1),
        ("running_var", 0.8, 0.6),
    ] {
        add(all, format!("{name}.bn.{part}"), &[after], gain, offset);
    }
}

fn weights() -> Tensors {
    let mut all = Tensors::new();
    add_unit(&mut all, "Conv3d_1a_7x7", [3, 64], 7);
    add_unit(&mut all, "Conv3d_2b_1x1", [64, 64], 1);
    add_unit(&mut all, "Conv3d_2c_3x3", [64, 192], 3);
    for (name, before, [a, b1, b2, c1, c2, d]) in BLOCKS {
        for (part, channels, kernel) in [
            ("b0", [before, a], 1),
            ("b1a", [before, b1], 1),
            ("b1b", [b1, b2], 3),
            ("b2a", [before, c1], 1),
            ("b2b", [c1, c2], 3),
            ("b3b", [before, d], 1),
        ] {
            add_unit(&mut all, &format!("{name}.{part}"), channels, kernel);
        }
    }
    let bound = (6.0_f64 / 1024.0).sqrt();
    let shape = [I3D_CLASSES, 1024, 1, 1, 1];
    add(&mut all, "logits.conv3d.weight".into(), &shape, 2.0 * bound, -bound);
    add(&mut all, "logits.conv3d.bias".into(), &[I3D_CLASSES], 1.0, -0.5);
    all
}

fn save(all: &Tensors, path: &Path) {
    let views = all.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[derive(serde::Deserialize)]
struct Expected {
    frames: usize,
    height: u32,
    width: u32,
    logits: Vec<f64>,
}

#[test]
fn logits_as_in_pytorch_and_what_does_not_fit_is_refused() {
    let expected: Expected = serde_json::from_str(include_str!("fixtures/i3d.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("i3d.safetensors");
    let mut all = weights();
    save(&all, &path);
    let device = Device::flex();
    let network = I3d::load(&path, &device).unwrap();

    let size = (expected.height * expected.width * 3) as usize;
    let bytes: Vec<u8> = bits("video", expected.frames * size).map(|b| (b >> 56) as u8).collect();
    let video: Vec<RgbImage> = bytes
        .chunks_exact(size)
        .map(|frame| RgbImage::from_raw(expected.width, expected.height, frame.to_vec()).unwrap())
        .collect();
    let found = network.features(&video).unwrap();
    let scale = expected.logits.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let worst = found
        .iter()
        .zip(&expected.logits)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert_eq!(found.len(), expected.logits.len());
    assert!(worst < 2e-5 * scale, "{worst} of {scale}");

    let short = network.features(&video[..I3D_FRAMES - 1]);
    assert!(matches!(short, Err(FvdError::TooShort { found: 8, .. })));
    let mut mixed = video;
    mixed[3] = RgbImage::new(5, 5);
    assert!(matches!(
        network.features(&mixed),
        Err(FvdError::FrameSize { index: 3, .. })
    ));

    let other = found.iter().map(|x| x + 1.0).collect();
    assert!(fvd(&[found.clone(), other], &[found]).is_err());

    all.get_mut("Mixed_4c.b1b.bn.bias").unwrap().0 = vec![8, 28];
    save(&all, &path);
    assert!(matches!(I3d::load(&path, &device), Err(FvdError::Shape { name, .. }) if name == "Mixed_4c.b1b.bn.bias"));
    all.remove("Mixed_5c.b3b.conv3d.weight");
    save(&all, &path);
    assert!(I3d::load(&path, &device).is_err());
}
