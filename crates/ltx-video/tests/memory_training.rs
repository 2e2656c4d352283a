//! Peak memory of a training step, block by block and at once. It has its own process, since the peak is measured per
//! process.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use ltx_video::{Clips, Config, Coordinates, Example, Lora, Rotary, Transformer, loss};
use training::init_seeded;

/// Reads a line of the process status on Linux, in bytes.
fn account(line: &str) -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|l| l.strip_prefix(line))?;
    Some(1024 * value.split_whitespace().nth(1)?.parse::<usize>().ok()?)
}

fn example(config: &Config, device: &Device) -> Example {
    let wave = |shape: [usize; 3]| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32).sin()).collect();
        Tensor::<3>::from_data(TensorData::new(values, shape), device)
    };
    let tokens = 4 * 8 * 8;
    Clips {
        latents: wave([1, tokens, config.in_channels]),
        noise: wave([1, tokens, config.in_channels]),
        times: vec![0.5],
        given: vec![false; tokens],
        text: wave([1, 16, config.caption_channels]),
        text_mask: None,
        rotary: Rotary::new(
            &Coordinates::grid(4, 8, 8, Some([0.8, 32.0, 32.0])),
            config.width(),
            device,
        ),
    }
    .example()
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the peak is read from Linux's /proc/self/status")]
fn block_by_block_a_step_takes_a_fraction_of_the_memory() {
    let device = Device::flex();
    let config = Config {
        in_channels: 16,
        out_channels: 16,
        num_attention_heads: 8,
        attention_head_dim: 24,
        cross_attention_dim: 192,
        num_layers: 16,
        caption_channels: 32,
        ..Config::default()
    };
    let lora = Lora {
        rank: 4,
        alpha: 4.0,
        ..Lora::default()
    };
    let model = init_seeded(1, &device, |device| {
        Transformer::new(&config, device)
            .unwrap()
            .adapted(&lora, device)
            .unwrap()
    });
    let model = model.train();
    let before = account("VmRSS").unwrap();
    // The smaller one first, as a peak never falls.
    let found = model.loss_by_block(example(&config, &device));
    let by_block = account("VmHWM").unwrap() - before;
    drop(found);
    let example = example(&config, &device);
    let before = account("VmRSS").unwrap();
    let loss = loss(model.forward(example.input), example.target, example.counted);
    drop(GradientsParams::from_grads(loss.backward(), &model));
    let at_once = account("VmHWM").unwrap() - before;
    println!(
        "{} MB block by block, {} MB at once",
        by_block / 1_000_000,
        at_once / 1_000_000
    );
    assert!(4 * by_block < at_once, "{by_block} {at_once}");
}
