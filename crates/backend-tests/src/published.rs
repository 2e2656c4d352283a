//! Networks of the published models, at sizes that a software adapter computes in seconds.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use cosmos_predict::{Autoencoder, AutoencoderConfig, text_bias};
use ltx_video::{Coordinates, Rotary, Timesteps, Vae, VaeConfig, Version};
use nn_kit::KlAutoencoderConfig;
use unified_video_action::{HeadConfig, Masked, Net, Task, TransformerConfig};

use crate::backend::BackendTest;
use crate::compare::check;
use crate::numbers::{flat, model, tensor};

pub(crate) const TESTS: &[BackendTest] = &[
    ("unified_video_action", unified_video_action),
    ("unified_video_action_heads", heads),
    ("kl_autoencoder", kl_autoencoder),
    ("ltx_transformer", ltx_transformer),
    ("ltx_adapters", ltx_adapters),
    ("ltx_autoencoder_0_9_0", ltx_autoencoder_strided),
    ("ltx_autoencoder_0_9_5", ltx_autoencoder),
    ("cosmos_transformer", cosmos_transformer),
    ("cosmos_autoencoder", cosmos_autoencoder),
    ("t5", t5),
    ("t5_relu", t5_relu),
];

/// Two frames of 8 × 8 tokens.
pub(crate) fn uva_config() -> unified_video_action::Config {
    let part = |width, heads, hidden| TransformerConfig {
        width,
        depth: 1,
        heads,
        hidden,
    };
    let head = HeadConfig {
        width: 8,
        depth: 1,
        steps: 3,
    };
    unified_video_action::Config {
        frame: 16,
        frames: 2,
        side: 8,
        actions: 4,
        encoder: part(8, 2, 16),
        decoder: part(12, 3, 16),
        video_head: head,
        action_head: head,
        autoencoder: kl_config(),
        ..unified_video_action::Config::default()
    }
}

fn unified_video_action(device: &Device) {
    let config = uva_config();
    check(
        "unified_video_action",
        model(|d| Net::new(&config, d)),
        device,
        |net, device| {
            let latents = |name: &str| tensor::<5>(name, [1, 2, 2, 8, 8], device);
            let mask: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
            let future = Masked {
                latents: latents("future"),
                mask: Tensor::from_data(TensorData::new(mask, [1, 64]), device),
            };
            let dynamics = Task::Dynamics {
                history: latents("history"),
                future,
                actions: tensor("actions", [1, 4, 2], device),
            };
            let inverse = Task::Inverse {
                future: latents("seen"),
            };
            vec![flat(net.forward(&dynamics)), flat(net.forward(&inverse))]
        },
    );
}

fn heads(device: &Device) {
    let config = uva_config();
    check(
        "unified_video_action_heads",
        model(|d| Net::new(&config, d)),
        device,
        |net, device| {
            let condition = net.diffactloss.condition(tensor("tokens", [1, 128, 12], device));
            let steps = Tensor::<1>::from_floats([3.0, 40.0, 500.0, 999.0], device);
            let actions = net
                .diffactloss
                .network()
                .forward(tensor("noised", [4, 2], device), steps.clone(), condition);
            let tokens = tensor("decoded", [4, 12], device);
            let latents = net
                .diffloss
                .network()
                .forward(tensor("noise", [4, 2], device), steps, tokens);
            vec![flat(actions), flat(latents)]
        },
    );
}

/// Two levels, with attention.
pub(crate) fn kl_config() -> KlAutoencoderConfig {
    KlAutoencoderConfig::new()
        .with_width(32)
        .with_multiples(vec![1, 1])
        .with_blocks(1)
        .with_channels(2)
        .with_encoder_attention(vec![1])
}

fn kl_autoencoder(device: &Device) {
    check(
        "kl_autoencoder",
        model(|d| kl_config().init(d)),
        device,
        |coder, device| {
            let latents = coder.encode(
                tensor("pictures", [1, 3, 8, 8], device),
                tensor("noise", [1, 2, 4, 4], device),
            );
            vec![
                flat(latents),
                flat(coder.decode(tensor("latents", [1, 2, 4, 4], device))),
            ]
        },
    );
}

/// One block of width 16.
pub(crate) fn ltx_config() -> ltx_video::Config {
    ltx_video::Config {
        in_channels: 4,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 8,
        cross_attention_dim: 16,
        num_layers: 1,
        caption_channels: 12,
        ..ltx_video::Config::default()
    }
}

/// A clip of 2 × 2 × 2 tokens, of which the first frame is given, and a text of five tokens, of which two are padding.
fn ltx_input(device: &Device) -> ltx_video::Input {
    let mask = TensorData::new(vec![1.0_f32, 1.0, 1.0, 0.0, 0.0], [1, 5]);
    let times = (0..8).map(|token| if token < 4 { 0.0 } else { 640.0 }).collect();
    ltx_video::Input {
        latents: tensor("latents", [1, 8, 4], device),
        timesteps: Timesteps::Token(times),
        text: tensor("text", [1, 5, 12], device),
        text_mask: Some(Tensor::from_data(mask, device)),
        rotary: Rotary::new(&Coordinates::grid(2, 2, 2, None), 16, device),
    }
}

fn ltx_transformer(device: &Device) {
    let net = model(|d| ltx_video::Transformer::new(&ltx_config(), d).unwrap());
    check("ltx_transformer", net, device, |net, device| {
        vec![flat(net.forward(ltx_input(device)))]
    });
}

fn ltx_adapters(device: &Device) {
    let lora = ltx_video::Lora {
        rank: 2,
        alpha: 4.0,
        ..ltx_video::Lora::default()
    };
    let net = model(|d| {
        let net = ltx_video::Transformer::new(&ltx_config(), d).unwrap();
        net.adapted(&lora, d).unwrap()
    });
    check("ltx_adapters", net, device, |net, device| {
        vec![flat(net.forward(ltx_input(device)))]
    });
}

/// The form of 0.9.5: space is moved into channels, the decoder takes a time.
pub(crate) fn vae_config() -> VaeConfig {
    VaeConfig {
        latent_channels: 4,
        block_out_channels: vec![4, 4, 8],
        layers_per_block: vec![0, 0, 1],
        spatio_temporal_scaling: vec![true; 2],
        down_block_types: Version::V095.config().down_block_types[..2].to_vec(),
        downsample_type: Version::V095.config().downsample_type[..2].to_vec(),
        decoder_block_out_channels: vec![8],
        decoder_layers_per_block: vec![0, 1],
        decoder_spatio_temporal_scaling: vec![true],
        decoder_inject_noise: vec![false; 2],
        upsample_residual: vec![true],
        upsample_factor: vec![2],
        timestep_conditioning: true,
        patch_size: 2,
        ..VaeConfig::default()
    }
}

fn ltx_autoencoder(device: &Device) {
    check_autoencoder("ltx_autoencoder_0_9_5", &vae_config(), [1, 3, 3, 8, 8], device);
}

/// The form of 0.9.0, with strided convolutions, and of 0.9.1, whose decoder injects noise.
fn ltx_autoencoder_strided(device: &Device) {
    let config = VaeConfig {
        latent_channels: 4,
        block_out_channels: vec![4, 4],
        layers_per_block: vec![1, 0, 0],
        spatio_temporal_scaling: vec![true, false],
        decoder_block_out_channels: vec![4],
        decoder_layers_per_block: vec![1, 0],
        decoder_spatio_temporal_scaling: vec![true],
        decoder_inject_noise: vec![true, false],
        upsample_residual: vec![false],
        upsample_factor: vec![2],
        timestep_conditioning: true,
        patch_size: 2,
        ..VaeConfig::default()
    };
    check_autoencoder("ltx_autoencoder_0_9_0", &config, [1, 3, 3, 8, 8], device);
}

fn check_autoencoder(name: &str, config: &VaeConfig, clip: [usize; 5], device: &Device) {
    let coder = model(|d| Vae::new(config, d).unwrap());
    check(name, coder, device, |coder, device| {
        let posterior = coder.encode(tensor("clip", clip, device)).unwrap();
        let mut planes = 0;
        let mut draw = |shape: [usize; 2]| {
            planes += 1;
            tensor::<2>(&format!("plane {planes}"), shape, device)
        };
        let decoded = coder.decode(tensor("latents", [1, 4, 2, 2, 2], device), Some(0.05), &mut draw);
        vec![flat(posterior.mean), flat(posterior.log_variance), flat(decoded)]
    });
}

/// One block of width 24 for video2world.
pub(crate) fn cosmos_config() -> cosmos_predict::Config {
    cosmos_predict::Config {
        in_channels: 5,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        num_layers: 1,
        mlp_ratio: 2.0,
        text_embed_dim: 6,
        adaln_lora_dim: 4,
        max_size: [4, 8, 8],
        ..cosmos_predict::Config::default()
    }
}

fn cosmos_transformer(device: &Device) {
    let net = model(|d| cosmos_predict::Transformer::new(&cosmos_config(), d).unwrap());
    check("cosmos_transformer", net, device, |net, device| {
        let seen = Tensor::<2, Bool>::from_data(TensorData::new(vec![true, true, false], [1, 3]), device);
        let given = TensorData::new([[1.0_f32; 16], [0.0; 16]].concat(), [1, 1, 2, 4, 4]);
        let input = cosmos_predict::Input {
            latents: tensor("latents", [1, 4, 2, 4, 4], device),
            time: cosmos_predict::Time::Frame(tensor("noise", [1, 2], device)),
            text: tensor("text", [1, 3, 6], device),
            text_bias: Some(text_bias(seen)),
            condition: Some(Tensor::from_data(given, device)),
            padding: Some(tensor::<4>("padding", [1, 1, 2, 2], device)),
            fps: Some(24.0),
        };
        vec![flat(net.forward(input).unwrap())]
    });
}

fn cosmos_autoencoder(device: &Device) {
    let config = AutoencoderConfig {
        latent_channels: 4,
        encoder_block_out_channels: vec![4, 4, 6, 6],
        decode_block_out_channels: vec![4, 4, 6, 6],
        attention_resolutions: vec![4],
        resolution: 32,
        num_layers: 1,
        ..AutoencoderConfig::default()
    };
    let coder = model(|d| Autoencoder::new(&config, d).unwrap());
    check("cosmos_autoencoder", coder, device, |coder, device| {
        let latents = coder.encode(tensor("clip", [1, 3, 9, 16, 16], device)).unwrap();
        let decoded = coder.decode(tensor("latents", [1, 4, 2, 2, 2], device)).unwrap();
        vec![flat(latents), flat(decoded)]
    });
}

/// Two blocks of version 1.1.
pub(crate) fn t5_config() -> t5_encoder::Config {
    t5_encoder::Config {
        vocab_size: 20,
        d_model: 16,
        d_kv: 8,
        d_ff: 24,
        num_layers: 2,
        num_heads: 2,
        relative_attention_num_buckets: 8,
        relative_attention_max_distance: 16,
        ..t5_encoder::Config::default()
    }
}

/// Two texts of five tokens.
pub(crate) fn t5_tokens(device: &Device) -> Tensor<2, Int> {
    let ids: Vec<i64> = (0..10).map(|i| (i * 7 + 3) % 20).collect();
    Tensor::from_data(TensorData::new(ids, [2, 5]), device)
}

fn t5(device: &Device) {
    check_t5("t5", &t5_config(), device);
}

/// Version 1.0.
fn t5_relu(device: &Device) {
    let config = t5_encoder::Config {
        feed_forward_proj: t5_encoder::Activation::Relu,
        num_layers: 1,
        ..t5_config()
    };
    check_t5("t5_relu", &config, device);
}

fn check_t5(name: &str, config: &t5_encoder::Config, device: &Device) {
    let net = model(|d| t5_encoder::Encoder::new(config, d));
    check(name, net, device, |net, device| {
        let mask = TensorData::new(vec![1.0_f32, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0], [2, 5]);
        vec![flat(
            net.forward(t5_tokens(device), Some(Tensor::from_data(mask, device))),
        )]
    });
}
