//! Inverse dynamics: the learned model, and the parts of Unified Video Action at the sizes of `benches/uva.rs`.

use burn::tensor::{Device, Distribution, Tensor};
use diffusion_schedulers::LearnedVarianceSchedule;
use idm::WindowNet;
use training::init_seeded;
use unified_video_action::{Config, Net, Task};

use crate::{Case, Run};

pub const CASES: &[Case] = &[
    ("idm-learned-infer-48", || idm_inference(48)),
    ("uva-encoder", uva_encoder),
    ("uva-decoder", uva_decoder),
    ("uva-actions", uva_actions),
    ("uva-autoencoder-encode", uva_autoencoder_encode),
    ("uva-autoencoder-decode", uva_autoencoder_decode),
];

/// Windows of one video, as in labeling.
fn idm_inference(windows: usize) -> Run {
    let device = Device::flex();
    let model = init_seeded(0, &device, |device| WindowNet::new(256, device));
    let frames = windows + idm::WINDOW - 1;
    let x = Tensor::<4>::random([frames, 3, 96, 96], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || {
        drop(model.forward(x.clone(), frames).actions.into_data());
    })
}

/// Published widths, with two of the twelve equal blocks each and ten of the sampler's hundred steps.
fn uva(device: &Device) -> (Config, Net) {
    let mut config = Config::default();
    config.encoder.depth = 2;
    config.decoder.depth = 2;
    config.action_head.steps = 10;
    let net = init_seeded(0, device, |device| Net::new(&config, device));
    (config, net)
}

/// Future frames for the inverse mode.
fn future(config: &Config, device: &Device) -> Task {
    let shape = [1, config.frames, config.channels(), config.side, config.side];
    Task::Inverse {
        future: Tensor::random(shape, Distribution::Normal(0.0, 1.0), device),
    }
}

fn uva_encoder() -> Run {
    let device = Device::flex();
    let (config, net) = uva(&device);
    let task = future(&config, &device);
    Box::new(move || drop(net.encode(&task).into_data()))
}

fn uva_decoder() -> Run {
    let device = Device::flex();
    let (config, net) = uva(&device);
    let encoded = net.encode(&future(&config, &device));
    Box::new(move || drop(net.decode(encoded.clone()).into_data()))
}

/// Condition and sampler of the action head.
fn uva_actions() -> Run {
    let device = Device::flex();
    let (config, net) = uva(&device);
    let z = net.forward(&future(&config, &device));
    let schedule = LearnedVarianceSchedule::cosine(config.training_steps, config.action_head.steps)
        .expect("ten steps of a thousand");
    let normal = Distribution::Normal(0.0, 1.0);
    let noise = Tensor::<2>::random([config.actions, config.action_numbers], normal, &device);
    Box::new(move || {
        let head = &net.diffactloss;
        let draw = || noise.clone();
        let condition = head.condition(z.clone());
        drop(
            head.sample(&schedule, condition, noise.clone(), config.temperature, draw)
                .into_data(),
        );
    })
}

fn uva_autoencoder_encode() -> Run {
    let device = Device::flex();
    let model = Config::default().autoencoder.init(&device);
    let pictures = Tensor::<4>::random([1, 3, 64, 64], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || drop(model.moments(pictures.clone()).into_data()))
}

fn uva_autoencoder_decode() -> Run {
    let device = Device::flex();
    let config = Config::default();
    let model = config.autoencoder.init(&device);
    let latents = Tensor::<4>::random([1, config.channels(), 4, 4], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || drop(model.decode(latents.clone()).into_data()))
}
