//! Networks of our own video and world models.

use burn::tensor::Device;
use object_latent::{NoisyClips, ObjectLatentConfig, Scales};
use pixel_world::NetConfig;
use video_gen::PathNetConfig;

use crate::backend::BackendTest;
use crate::compare::check;
use crate::numbers::{flat, model, tensor};

pub(crate) const TESTS: &[BackendTest] = &[("object", object), ("pixel", pixel), ("paths", paths)];

/// Small sizes of the object-latent model.
pub(crate) fn object_config() -> ObjectLatentConfig {
    ObjectLatentConfig::new()
        .with_width(16)
        .with_depth(1)
        .with_heads(2)
        .with_patch(2)
        .with_max_frames(6)
}

/// Noisy clips of five frames, one frame less than the tokens have.
pub(crate) fn noisy_clips(device: &Device) -> (NoisyClips, Scales) {
    let clips = NoisyClips {
        path: tensor("path", [2, 5, 6], device),
        line: tensor("line", [2, 5, 6], device).mul_scalar(60.0).add_scalar(100.0),
        time: tensor("time", [2], device).mul_scalar(0.3).add_scalar(0.5),
        condition: tensor("condition", [2, 23], device),
    };
    (clips, Scales::new([20.0; 6], [4.0; 6], device))
}

fn object(device: &Device) {
    check("object", model(|d| object_config().init(d)), device, |net, device| {
        let (clips, scales) = noisy_clips(device);
        vec![flat(net.forward(clips, &scales))]
    });
}

fn pixel(device: &Device) {
    let config = NetConfig { channels: 8, colors: 3 };
    check("pixel", model(|d| config.init(d)), device, |net, device| {
        vec![flat(net.forward(tensor("steps", [1, 180, 8, 8], device)))]
    });
}

fn paths(device: &Device) {
    let config = PathNetConfig {
        width: 16,
        depth: 1,
        value_width: 8,
    };
    check("paths", model(|d| config.init(d)), device, |net, device| {
        let (path, time) = (tensor("path", [2, 16], device), tensor("time", [2], device));
        let condition = tensor("condition", [2, 33], device);
        let velocity = net.velocity(path, time, condition.clone());
        vec![flat(velocity), flat(net.steps_left(condition))]
    });
}
