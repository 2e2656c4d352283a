//! bf16 is computed rightly, or refused.

use bc_policy::Cnn;
use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType};
use nn_kit::Checkpoint;
use pusht_training::JobContext;
use t5_encoder::Encoder;
use training::{FitOptions, Precision, TrainConfig, fit, to_compute_dtype};

use crate::backend::BackendTest;
use crate::compare::difference;
use crate::fitting::Loss;
use crate::numbers::{model, tensor, values};
use crate::published::{t5_config, t5_tokens};

pub(crate) const TESTS: &[BackendTest] = &[("bf16_weights", weights), ("bf16_training", training)];

/// Largest difference of bf16 from f32.
const ROUNDED: f64 = 0.05;

fn weights(device: &Device) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t5.safetensors");
    model(|d| Encoder::new(&t5_config(), d)).save(&path).unwrap();
    let load = |dtype, device: &Device| {
        let file = Checkpoint::open(&path).unwrap();
        Encoder::load(&t5_config(), file, "", dtype, device)
    };
    let states = |net: Encoder, device: &Device| {
        let states = nn_kit::in_f32(net.forward(t5_tokens(device), None));
        vec![("states".to_owned(), values(states))]
    };
    let loaded = load(FloatDType::BF16, device);
    if device.supports_dtype(DType::BF16) {
        let cpu = Device::flex();
        let exact = states(load(FloatDType::F32, &cpu).unwrap(), &cpu);
        let (error, _) = difference(&exact, &states(loaded.unwrap(), device), 0.0);
        assert!(error > 0.0 && error <= ROUNDED, "{error}");
    } else {
        let text = loaded.unwrap_err().to_string();
        assert!(text.contains("bf16") && text.contains("take f32"), "{text}");
    }
}

fn training(device: &Device) {
    let loss = Loss {
        run: |net: &Cnn, device: &Device| {
            let frames = to_compute_dtype(net, tensor::<4>("frames", [2, 3, 12, 12], device));
            nn_kit::in_f32(net.forward(frames)).square().mean()
        },
        device: device.clone(),
    };
    let config = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(1),
        batch_size: 1,
        precision: Precision::Bf16,
        ..TrainConfig::default()
    };
    let net = model(|d| Cnn::new(12, 2, d)).to_device(device).train();
    let fitted = fit(net, &loss, &config, FitOptions::in_memory(&mut JobContext::silent()));
    if device.supports_dtype(DType::BF16) {
        assert_eq!(fitted.unwrap().epochs, 1);
    } else {
        let text = fitted.unwrap_err().to_string();
        assert!(text.contains("this device has no bf16"), "{text}");
    }
}
