//! Sampling with small models: seeded noise, a schedule, several passes of the network.

use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use unified_video_action::{ActionScale, Masked, Model, Net, Task};

use crate::backend::BackendTest;
use crate::compare::difference;
use crate::numbers::{flat, model, tensor, values};
use crate::published::{kl_config, uva_config};

pub(crate) const TESTS: &[BackendTest] = &[("unified_video_action_modes", modes)];

/// Largest difference of what is sampled, relative to its largest magnitude: a sampler amplifies rounding.
const SAMPLED: f64 = 1e-3;

/// A policy, and video with actions.
fn modes(device: &Device) {
    let start = Instant::now();
    let config = uva_config();
    let (net, coder) = (model(|d| Net::new(&config, d)), model(|d| kl_config().init(d)));
    let scale = ActionScale {
        scale: [1.0 / 256.0; 2],
        offset: [-1.0; 2],
    };
    let run = |device: &Device| {
        let (net, coder) = (net.clone().to_device(device), coder.clone().to_device(device));
        let model = Model::new(config.clone(), net, coder, scale, device).unwrap();
        let history = || tensor::<5>("history", [1, 2, 2, 8, 8], device);
        let policy = model.run(&Task::Policy { history: history() }, &[7]).unwrap();
        let future = Masked::all(&config, 1, device);
        let task = Task::FullDynamics {
            history: history(),
            future,
        };
        let video = model.run(&task, &[8]).unwrap();
        let actions = |found: Option<Vec<Vec<[f32; 2]>>>| found.unwrap().concat().concat();
        let latents: Tensor<1> = flat(video.latents.unwrap());
        vec![
            ("actions of the policy".to_owned(), actions(policy.actions)),
            ("latents".to_owned(), values(latents)),
            ("actions with video".to_owned(), actions(video.actions)),
        ]
    };
    let (error, what) = difference(&run(&Device::flex()), &run(device), 0.0);
    println!(
        "measured unified_video_action_modes: sampled {error:.1e} in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    assert!(error <= SAMPLED, "{what}: {error:.1e} off");
}
