//! Files written on one backend and read on the other.

use std::path::Path;

use bc_policy::{Cnn, ResNet18Config};
use burn::module::Module;
use burn::tensor::{Device, FloatDType};
use ltx_video::Transformer;
use nn_kit::Checkpoint;
use pixel_world::PixelWorld;
use t5_encoder::{Encoder, Int8Encoder};
use training::{ModelFile, save_model, save_model_in_bf16};
use video_gen::PathFlow;

use crate::backend::BackendTest;
use crate::compare::{Named, check_forward, difference, weights};
use crate::numbers::{flat, model, values};
use crate::published::{ltx_config, t5_config, t5_tokens};

pub(crate) const TESTS: &[BackendTest] = &[
    ("files_of_our_models", ours),
    ("files_in_bf16", in_bf16),
    ("files_of_published_models", published),
    ("files_of_adapters", adapters),
    ("files_of_base_weights", base_weights),
    ("t5_8_bits", t5_8_bits),
];

const KIND: &str = "backend-tests/1";

/// Both directions, every bit; batch norm has running statistics.
fn ours(device: &Device) {
    let cpu = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let resnet = ResNet18Config::new().with_outputs(Some(2)).with_width(8);
    for (from, to) in [(&cpu, device), (device, &cpu)] {
        let net = model(|d| Cnn::new(12, 2, d));
        save_model(&path, &net.clone().to_device(from), KIND, &()).unwrap();
        let loaded = ModelFile::open(&path).unwrap().load_into(&Cnn::new(12, 2, to)).unwrap();
        assert!(on(&loaded, to));
        assert_eq!(weights(&loaded), weights(&net));

        let net = model(|d| resnet.init(d));
        save_model(&path, &net.clone().to_device(from), KIND, &()).unwrap();
        let loaded = ModelFile::open(&path).unwrap().load_into(&resnet.init(to)).unwrap();
        assert!(on(&loaded, to));
        assert_eq!(weights(&loaded), weights(&net));
    }
}

fn on<M: Module>(model: &M, device: &Device) -> bool {
    model.devices().iter().all(|found| found == device)
}

/// A file in bf16 has the same bytes from every device, and the same weights on every device, in f32.
fn in_bf16(device: &Device) {
    let folder = tempfile::tempdir().unwrap();
    let net = model(|d| Cnn::new(12, 2, d));
    let [cpu, other] = [("cpu", &Device::flex()), ("other", device)].map(|(name, device)| {
        let path = folder.path().join(name);
        save_model_in_bf16(&path, &net.clone().to_device(device), KIND, &()).unwrap();
        path
    });
    assert!(std::fs::read(&cpu).unwrap() == std::fs::read(&other).unwrap());
    let load = |device: &Device| -> Named {
        let file = ModelFile::open(&cpu).unwrap();
        weights(&file.load_into(&Cnn::new(12, 2, device)).unwrap())
    };
    assert_eq!(load(&Device::flex()), load(device));
    let (error, _) = difference(&weights(&net), &load(device), 0.0);
    assert!(error > 0.0 && error < 0.004, "{error}");
}

fn published(device: &Device) {
    let cpu = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t5.safetensors");
    let net = model(|d| Encoder::new(&t5_config(), d));
    for (from, to) in [(&cpu, device), (device, &cpu)] {
        net.clone().to_device(from).save(&path).unwrap();
        assert_eq!(weights(&load_t5(&path, to)), weights(&net));
    }
}

fn load_t5(path: &Path, device: &Device) -> Encoder {
    let file = Checkpoint::open(path).unwrap();
    Encoder::load(&t5_config(), file, "", FloatDType::F32, device).unwrap()
}

fn adapters(device: &Device) {
    let cpu = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lora.safetensors");
    let lora = ltx_video::Lora {
        rank: 2,
        ..ltx_video::Lora::default()
    };
    let base = model(|d| Transformer::new(&ltx_config(), d).unwrap());
    for (from, to) in [(&cpu, device), (device, &cpu)] {
        let adapted = base.clone().to_device(from).adapted(&lora, from).unwrap();
        adapted.save_adapters(&path).unwrap();
        let loaded = base.clone().to_device(to).with_adapters(&path, to).unwrap();
        assert_eq!(weights(&loaded), weights(&adapted));
    }
}

/// The weights that come with the program are in bf16.
fn base_weights(device: &Device) {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str, device: &Device| {
        let path = folder.path().join(name);
        PixelWorld::base(device).unwrap().save(&path).unwrap();
        let world = std::fs::read(&path).unwrap();
        PathFlow::base(device).unwrap().save(&path).unwrap();
        (world, std::fs::read(&path).unwrap())
    };
    assert!(bytes("cpu", &Device::flex()) == bytes("other", device));
}

/// Matrices of 8 bits in host memory, one block at a time on the device.
fn t5_8_bits(device: &Device) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t5.safetensors");
    let net = model(|d| Encoder::new(&t5_config(), d));
    net.save(&path).unwrap();
    let run = |device: &Device| {
        let small = Int8Encoder::load(&t5_config(), Checkpoint::open(&path).unwrap(), device).unwrap();
        vec![("states".to_owned(), values(small.forward(t5_tokens(device), None)))]
    };
    let (error, _) = difference(&run(&Device::flex()), &run(device), 0.0);
    println!("measured t5_8_bits: forward {error:.1e}");
    assert!(error <= crate::compare::FORWARD, "{error}");
    // The network from the file.
    check_forward(
        "t5_from_a_file",
        load_t5(&path, &Device::flex()),
        device,
        |net, device| vec![flat(net.forward(t5_tokens(device), None))],
    );
}
