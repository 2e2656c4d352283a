//! Comparison of the model with recordings of the published implementation (see [`model_parity`]).

use burn::Tensor;
use burn::tensor::Device;
use diffusion_schedulers::LearnedVarianceSchedule;
use model_parity::{Case, Check, MODULE, Model, PIPELINE, ParityError, SCHEDULE};
use nn_kit::{KL_AUTOENCODER_NAMES, KlAutoencoderConfig};

use crate::config::{Config, HeadConfig, TransformerConfig};
use crate::load::net_names;
use crate::net::{Net, rows};
use crate::task::{Masked, Task};

/// Models of this crate whose recordings can be compared.
pub const MODELS: &[Model] = &[
    Model {
        class: "UVA/MAR AutoencoderKL",
        run: autoencoder,
    },
    Model {
        class: "UVA MAR (pusht settings, tiny)",
        run: transformer,
    },
];

fn autoencoder(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let list = |name: &str| -> Result<Vec<usize>, ParityError> {
        let found = case.config()[name].as_array();
        let numbers = found.map(|list| list.iter().filter_map(|v| v.as_u64().map(|v| v as usize)).collect());
        numbers
            .ok_or_else(|| case.config_error(format!("{name} is missing in config.json; expected a list of numbers")))
    };
    let resolution = case.size("/encoder_resolution")?;
    let multiples = list("ch_mult")?;
    let channels = case.size("/z_channels")?;
    // Attention is specified by the side of the maps that it follows.
    let levels = |sides: Vec<usize>| {
        (0..multiples.len())
            .filter(|level| sides.contains(&(resolution >> level)))
            .collect()
    };
    let config = KlAutoencoderConfig::new()
        .with_width(case.size("/ch")?)
        .with_blocks(case.size("/num_res_blocks")?)
        .with_channels(channels)
        .with_encoder_attention(levels(list("encoder_attn_resolutions")?))
        .with_decoder_attention(levels(list("decoder_attn_resolutions")?))
        .with_multiples(multiples);
    let model = case.load_weights(config.init(device), KL_AUTOENCODER_NAMES)?;
    let moments = model.moments(case.tensor("image", device)?);
    let latents = moments.clone().narrow(1, 0, channels);
    Ok(vec![
        case.check("moments", moments, MODULE)?,
        case.check("decoded", model.decode(latents), MODULE)?,
    ])
}

/// Derives the configuration from the shapes of the weights, and the rest from the recorded configuration.
fn sizes(case: &Case) -> Result<Config, ParityError> {
    let weights = case.weights()?;
    let shape = |name: &str, at: usize| -> Result<usize, ParityError> {
        let shape = weights.shape(name);
        let size = shape.as_ref().and_then(|shape| shape.get(at)).copied();
        size.ok_or_else(|| case.config_error(format!("the weights have no {name} with dimension {at}")))
    };
    let count = |list: &str| {
        let depth = |i: &usize| {
            weights
                .tensors()
                .any(|(name, _)| name.starts_with(&format!("{list}.{i}.")))
        };
        (0..).take_while(depth).count()
    };
    let part = |blocks: &str, heads: usize, width: usize| -> Result<TransformerConfig, ParityError> {
        Ok(TransformerConfig {
            width,
            depth: count(blocks),
            heads,
            hidden: shape(&format!("{blocks}.0.mlp.fc1.weight"), 0)?,
        })
    };
    let head = |net: &str| -> Result<HeadConfig, ParityError> {
        Ok(HeadConfig {
            width: shape(&format!("{net}.net.input_proj.weight"), 0)?,
            depth: count(&format!("{net}.net.res_blocks")),
            steps: case.size("/build/steps")?,
        })
    };
    let tokens = shape("spatial_pos_embed", 1)?;
    let temperature = case.config()["temperature"].as_f64();
    let config = Config {
        frames: shape("temporal_pos_embed", 1)?,
        side: tokens.isqrt(),
        actions: shape("diffactloss.interpolate.weight", 0)?,
        action_numbers: shape("action_proj_cond.weight", 1)?,
        encoder: part("encoder_blocks", case.size("/build/heads")?, shape("z_proj.weight", 0)?)?,
        decoder: part(
            "decoder_blocks",
            case.size("/build/dheads")?,
            shape("decoder_embed.weight", 0)?,
        )?,
        video_head: head("diffloss")?,
        action_head: head("diffactloss")?,
        temperature: temperature.ok_or_else(|| case.config_error("temperature is missing in config.json"))?,
        autoencoder: KlAutoencoderConfig::new().with_channels(shape("z_proj.weight", 1)?),
        ..Config::default()
    };
    config.check().map_err(|error| case.config_error(error.to_string()))?;
    Ok(config)
}

fn transformer(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config = sizes(case)?;
    let net = case.load_weights(Net::new(&config, device), &net_names())?;
    let mut checks = schedules(case, &config)?;
    let (history, future): (Tensor<5>, Tensor<5>) = (case.tensor("cond", device)?, case.tensor("future", device)?);
    let masked = || -> Result<Masked, ParityError> {
        Ok(Masked {
            latents: future.clone(),
            mask: case.tensor("mask", device)?,
        })
    };
    let tasks = [
        (
            "video_model",
            Task::Video {
                history: history.clone(),
                future: masked()?,
            },
        ),
        (
            "dynamic_model",
            Task::Dynamics {
                history: history.clone(),
                future: masked()?,
                actions: case.tensor("actions", device)?,
            },
        ),
        (
            "policy_model",
            Task::Policy {
                history: history.clone(),
            },
        ),
        ("inverse_model", Task::Inverse { future: future.clone() }),
        (
            "full_dynamic_model",
            Task::FullDynamics {
                history,
                future: masked()?,
            },
        ),
    ];
    for (mode, task) in tasks {
        task.check(&config)
            .map_err(|error| case.config_error(error.to_string()))?;
        let encoded = net.encode(&task);
        let z = net.decode(encoded.clone());
        for (name, tokens) in [("encoder_out", encoded), ("z", z.clone())] {
            let name = format!("{mode}.{name}");
            if case.has(&name) {
                let tokens = thinned(case, &name, tokens)?;
                checks.push(case.check(&name, tokens, MODULE)?);
            }
        }
        if mode == "inverse_model" {
            checks.extend(inverse(case, &config, &net, z, device)?);
        } else if mode == "video_model" {
            checks.extend(video(case, &config, &net, z, device)?);
        }
    }
    Ok(checks)
}

/// Takes every eighth token (or similar) of long sequences, as they were recorded.
fn thinned(case: &Case, name: &str, tokens: Tensor<3>) -> Result<Tensor<3>, ParityError> {
    let (found, recorded) = (tokens.dims()[1], case.shape(name)?.get(1).copied().unwrap_or(0));
    if recorded == 0 || recorded == found || !found.is_multiple_of(recorded) {
        return Ok(tokens);
    }
    let [batch, _, width] = tokens.dims();
    let groups = tokens.reshape([batch, recorded, found / recorded, width]);
    Ok(groups.narrow(2, 0, 1).squeeze_dim(2))
}

fn schedule(case: &Case, steps: usize, kept: usize) -> Result<LearnedVarianceSchedule, ParityError> {
    LearnedVarianceSchedule::cosine(steps, kept).map_err(|error| case.config_error(error.to_string()))
}

fn schedules(case: &Case, config: &Config) -> Result<Vec<Check>, ParityError> {
    let train = schedule(case, config.training_steps, config.training_steps)?;
    let sampler = schedule(case, config.training_steps, config.action_head.steps)?;
    let timesteps: Vec<f64> = sampler.timesteps().iter().map(|&t| t as f64).collect();
    Ok(vec![
        case.check_numbers("train.betas", train.betas(), SCHEDULE)?,
        case.check_numbers("gen.betas", sampler.betas(), SCHEDULE)?,
        case.check_numbers("gen.timestep_map", &timesteps, 0.0)?,
    ])
}

/// Checks the action head: condition, network, sampler, loss.
fn inverse(case: &Case, config: &Config, net: &Net, z: Tensor<3>, device: &Device) -> Result<Vec<Check>, ParityError> {
    let head = &net.diffactloss;
    let numbers = config.action_numbers;
    let batch = z.dims()[0];
    let condition = head.condition(z);
    let count = condition.dims()[0];
    let out = head.network().forward(
        case.shaped("action_net.x", [count, numbers], device)?,
        case.shaped("action_net.t", [count], device)?,
        condition.clone(),
    );
    let sampler = schedule(case, config.training_steps, config.action_head.steps)?;
    let noise = case.draws(
        "inverse_model.noise",
        config.action_head.steps,
        [count, numbers],
        device,
    )?;
    let actions = drawn(noise, |start, draw| {
        head.sample(&sampler, condition.clone(), start, config.temperature, draw)
    });
    let train = schedule(case, config.training_steps, config.training_steps)?;
    let recorded: Tensor<3> = case.shaped("actions", [batch, config.actions, numbers], device)?;
    let loss = head.loss(
        &train,
        condition.clone(),
        recorded.reshape([count, numbers]),
        case.shaped("loss.action.noise", [count, numbers], device)?,
        &case.indices("loss.action.t", count, config.training_steps)?,
    );
    Ok(vec![
        case.check("inverse_model.action_cond", condition, MODULE)?,
        case.check("action_net.out", out, MODULE)?,
        case.check(
            "inverse_model.actions",
            actions.reshape([batch, config.actions, numbers]),
            PIPELINE,
        )?,
        case.check_numbers("loss.action", &[f64::from(loss.into_scalar::<f32>())], MODULE)?,
    ])
}

/// Checks the video head: network, sampler, loss.
fn video(case: &Case, config: &Config, net: &Net, z: Tensor<3>, device: &Device) -> Result<Vec<Check>, ParityError> {
    let head = &net.diffloss;
    let channels = config.channels();
    let [batch, tokens, width] = z.dims();
    let count = case.shape("video_net.c")?.first().copied().unwrap_or(0);
    let condition: Tensor<2> = case.shaped("video_net.c", [count, width], device)?;
    let out = head.network().forward(
        case.shaped("video_net.x", [count, channels], device)?,
        case.shaped("video_net.t", [count], device)?,
        condition.clone(),
    );
    let sampler = schedule(case, config.training_steps, config.video_head.steps)?;
    // Samples were recorded for the first few conditions only.
    let few = case.shape("video_net.sample")?.first().copied().unwrap_or(0).min(count);
    let noise = case.draws("video_net.noise", config.video_head.steps, [few, channels], device)?;
    let first = condition.narrow(0, 0, few);
    let sample = drawn(noise, |start, draw| {
        head.sample(&sampler, first, start, config.temperature, draw)
    });

    let train = schedule(case, config.training_steps, config.training_steps)?;
    let mask: Tensor<2> = case.shaped("mask", [batch, config.frame_tokens()], device)?;
    let latents = rows(case.tensor("future", device)?).reshape([batch * tokens, channels]);
    let loss = head.loss(
        &train,
        z.reshape([batch * tokens, width]),
        latents,
        mask.repeat_dim(1, config.frames).flatten(0, 1),
        case.shaped("loss.video.noise", [batch * tokens, channels], device)?,
        &case.indices("loss.video.t", batch * tokens, config.training_steps)?,
    );
    Ok(vec![
        case.check("video_net.out", out, MODULE)?,
        case.check("video_net.sample", sample, PIPELINE)?,
        case.check_numbers("loss.video", &[f64::from(loss.into_scalar::<f32>())], MODULE)?,
    ])
}

/// Runs a sampler with recorded random numbers, of which the first is the start.
fn drawn(
    mut noise: std::vec::IntoIter<Tensor<2>>,
    sample: impl FnOnce(Tensor<2>, &mut dyn FnMut() -> Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    let mut draw = || noise.next().expect("as many as steps were counted");
    let start = draw();
    sample(start, &mut draw)
}
