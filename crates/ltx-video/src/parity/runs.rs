//! Comparison of whole pipelines and training steps with recordings of the published implementation (see
//! `model-parity`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use diffusion_schedulers::FlowScheduler;
use model_parity::{Case, Check, MODULE, PIPELINE, ParityError, SCHEDULE};
use nn_kit::{Checkpoint, is_adapter, published_gradients, published_values};
use t5_encoder::TextStates;
use t5_encoder::parity::RecordedT5;

use super::refused;
use crate::config::Config;
use crate::error::Error;
use crate::lora::Lora;
use crate::names::{transformer_names, vae_names};
use crate::pipeline::{Condition, Pipeline, Request, Seen, Style};
use crate::rotary::{Coordinates, LatentScale, Rotary};
use crate::train::{Clips, loss, training_time};
use crate::transformer::{Timesteps, Transformer};
use crate::vae::{Vae, VaeConfig};

/// Gradient clipping norm of recorded steps.
const CLIP: f64 = 1.0;

/// Returns a number of the configuration, or `otherwise` if it is missing.
fn number(case: &Case, name: &str, otherwise: f64) -> f64 {
    case.config()[name].as_f64().unwrap_or(otherwise)
}

fn model(case: &Case, device: &Device) -> Result<Pipeline, ParityError> {
    let transformer: Config = case.setting("/transformer")?;
    let vae: VaeConfig = case.setting("/vae")?;
    let transformer = refused(case, Transformer::new(&transformer, device))?;
    let vae = refused(case, Vae::new(&vae, device))?;
    let scheduler: FlowScheduler = case.setting("/scheduler")?;
    let weights = case.weights()?;
    Ok(Pipeline {
        transformer: weights.load_weights(transformer, "transformer.", &transformer_names())?,
        vae: weights.load_weights(vae, "vae.", &vae_names())?,
        scheduler,
    })
}

/// Encodes the recorded prompts, the negative prompt first.
fn text(case: &Case, masked: bool, device: &Device) -> Result<TextStates, ParityError> {
    let RecordedT5 { encoder, ids, mask } = RecordedT5::new(case, "/text_encoder", "text_encoder.", device)?;
    let states = encoder.forward(ids, masked.then(|| mask.clone()));
    Ok(TextStates { states, mask })
}

/// Conditioning frames sorted by name: first, last.
fn conditions(case: &Case, device: &Device) -> Result<Vec<Condition>, ParityError> {
    let frames: Option<Vec<usize>> = case.setting("/condition_frame_indices")?;
    let frames = frames.unwrap_or_default();
    let strengths: Vec<f64> = case.setting("/condition_strengths").unwrap_or_default();
    let names: Vec<String> = case
        .names()
        .filter(|name| name.starts_with("cond_image."))
        .map(String::from)
        .collect();
    if names.len() != frames.len() {
        return Err(case.config_error(format!("{} cond_image for {} frames", names.len(), frames.len())));
    }
    let given = |(i, (name, frame)): (usize, (&String, &usize))| {
        let image: Tensor<3> = case.tensor(name, device)?;
        let pixels = image.div_scalar(127.5).sub_scalar(1.0).permute([2, 0, 1]);
        Ok(Condition {
            pixels: pixels.unsqueeze_dim::<4>(1).unsqueeze_dim::<5>(0),
            frame: *frame,
            strength: strengths.get(i).copied().unwrap_or(1.0),
        })
    };
    names.iter().zip(&frames).enumerate().map(given).collect()
}

/// Runs a whole pipeline with recorded noise.
pub(super) fn pipeline(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let style = match case.class() {
        "LTXPipeline" => Style::Text,
        _ => Style::Conditioned,
    };
    let model = model(case, device)?;
    let text = text(case, style == Style::Conditioned, device)?;
    let decode_time = number(case, "decode_timestep", 0.0);
    let request = Request {
        style,
        frames: case.size("/num_frames")?,
        height: case.size("/height")?,
        width: case.size("/width")?,
        frame_rate: number(case, "frame_rate", 25.0),
        steps: case.size("/num_inference_steps")?,
        guidance: number(case, "guidance_scale", 1.0),
        guidance_rescale: number(case, "guidance_rescale", 0.0),
        conditions: conditions(case, device)?,
        condition_noise: number(case, "image_cond_noise_scale", 0.0),
        decode_time,
        decode_noise: number(case, "decode_noise_scale", decode_time),
    };
    // Without guidance only the prompt itself is used.
    let text = match (request.guidance > 1.0, text.states.dims()[0]) {
        (false, rows) if rows > 1 => TextStates {
            states: text.states.narrow(0, rows - 1, 1),
            mask: text.mask.narrow(0, rows - 1, 1),
        },
        _ => text,
    };
    let mut checks = Vec::new();
    let named = |name: &str, tensor: Tensor<3>, limit: f64, checks: &mut Vec<Result<Check, ParityError>>| {
        if case.has(name) {
            checks.push(case.check(name, tensor, limit));
        }
    };
    named(
        "first_call.encoder_hidden_states",
        text.states.clone(),
        MODULE,
        &mut checks,
    );
    if case.has("first_call.encoder_attention_mask") {
        checks.push(case.check("first_call.encoder_attention_mask", text.mask.clone(), 0.0));
    }
    let mut drawn = 0;
    let mut noise = |shape: &[usize]| {
        let name = format!("noise.{drawn:03}");
        drawn += 1;
        let wrong = |found: String| Error::Config {
            setting: "a recorded draw",
            found: format!("{name}: {found}"),
            expected: format!("shape {shape:?}"),
        };
        let found = case.shape(&name).map_err(|error| wrong(error.to_string()))?;
        if found[..] != *shape {
            return Err(wrong(format!("{found:?}")));
        }
        let values = case.numbers(&name).map_err(|error| wrong(error.to_string()))?;
        Ok(values.into_iter().map(|v| v as f32).collect())
    };
    let per_time = model.scheduler.num_train_timesteps;
    let numbers = |name: &str, found: &[f64], limit: f64, checks: &mut Vec<Result<Check, ParityError>>| {
        if case.has(name) {
            checks.push(case.check_numbers(name, found, limit));
        }
    };
    let rows = text.states.dims()[0];
    let seen_checks = RefCell::new(&mut checks);
    let clip = model.generate_and(&request, &text, &mut noise, &mut |seen| {
        let checks: &mut Vec<_> = &mut seen_checks.borrow_mut();
        match seen {
            Seen::Schedule(schedule) => {
                let timesteps: Vec<f64> = schedule.times()[..request.steps].iter().map(|t| t * per_time).collect();
                numbers("sigmas", schedule.times(), SCHEDULE, checks);
                numbers("timesteps", &timesteps, SCHEDULE, checks);
            }
            Seen::Coordinates(places) => {
                let all: Vec<f64> = places.concat().iter().map(|v| f64::from(*v)).collect();
                numbers("first_call.video_coords", &all.repeat(rows), MODULE, checks);
            }
            Seen::Input(0, input) => {
                named("first_call.hidden_states", input.latents.clone(), MODULE, checks);
                let (Timesteps::Clip(times) | Timesteps::Token(times)) = &input.timesteps;
                numbers("first_call.timestep", times, MODULE, checks);
            }
            Seen::Output(0, output) => named("first_model_output", output.clone(), MODULE, checks),
            Seen::Latents(step, latents) => {
                named(&format!("latents_after_step.{step}"), latents.clone(), PIPELINE, checks);
            }
            Seen::Input(..) | Seen::Output(..) => {}
        }
    });
    let clip = refused(case, clip)?;
    let video = clip
        .mul_scalar(0.5)
        .add_scalar(0.5)
        .clamp(0.0, 1.0)
        .permute([0, 2, 1, 3, 4]);
    checks.push(case.check("video", video, PIPELINE));
    checks.into_iter().collect()
}

/// Runs one training step: compares inputs, loss, gradients and the updated parameters.
pub(super) fn training_step(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: Config = case.setting("/model")?;
    let lora: Option<Lora> = if case.config()["lora"].is_null() {
        None
    } else {
        // Extra settings of trainers do not affect the computation.
        let mut settings = case.config()["lora"].clone();
        if let Some(map) = settings.as_object_mut() {
            map.retain(|key, _| {
                ["r", "rank", "lora_alpha", "alpha", "target_modules", "targets"].contains(&key.as_str())
            });
        }
        Some(serde_json::from_value(settings).map_err(|error| case.config_error(format!("lora: {error}")))?)
    };
    let names = transformer_names();
    let model = case.load_weights(refused(case, Transformer::new(&config, device))?, &names)?;
    let model = match &lora {
        Some(lora) => {
            let model = refused(case, model.adapted(lora, device))?;
            refused(
                case,
                model.load_adapters(&case.folder().join("lora.safetensors"), FloatDType::F32),
            )?
        }
        None => model,
    };
    let model = model.train();
    let device = device.clone().autodiff();

    let latents: Tensor<3> = case.tensor("x0", &device)?;
    let [clips, tokens, channels] = latents.dims();
    let shift = number(case, "shift", 0.0);
    let times: Vec<f64> = case
        .numbers("normal")?
        .iter()
        .map(|z| training_time(*z, shift))
        .collect();
    let given = if case.has("conditioning_mask") {
        case.numbers("conditioning_mask")?.iter().map(|m| *m > 0.5).collect()
    } else {
        vec![false; clips * tokens]
    };
    let size = |name| case.size(name);
    let scale = Some(LatentScale::PUBLISHED.at(number(case, "fps", 25.0)));
    let coordinates = Coordinates::grid(size("/num_frames")?, size("/height")?, size("/width")?, scale);
    let mut checks = vec![case.check_numbers("sigma", &times, SCHEDULE)?];
    let example = Clips {
        latents,
        noise: case.shaped("noise", [clips, tokens, channels], &device)?,
        times,
        given,
        text: case.tensor("encoder_hidden_states", &device)?,
        text_mask: case
            .has("encoder_attention_mask")
            .then(|| case.tensor("encoder_attention_mask", &device))
            .transpose()?,
        rotary: Rotary::new(&coordinates, config.width(), &device),
    }
    .example();
    checks.push(case.check("noisy", example.input.latents.clone(), MODULE)?);
    checks.push(case.check("target", example.target.clone(), MODULE)?);
    if let Timesteps::Token(times) = &example.input.timesteps {
        let recorded = case.shape("timesteps")?.iter().product::<usize>();
        let times: Vec<f64> = times.iter().step_by(times.len() / recorded.max(1)).copied().collect();
        checks.push(case.check_numbers("timesteps", &times, 0.0)?);
    }
    let velocity = model.forward(example.input.clone());
    checks.push(case.check("pred", velocity.clone(), MODULE)?);
    let value = loss(velocity, example.target.clone(), example.counted.clone());
    checks.push(case.check_numbers("loss", &[f64::from(value.clone().into_scalar::<f32>())], MODULE)?);
    let grads = GradientsParams::from_grads(value.backward(), &model);
    let (compared, norm) = gradients(case, &published_gradients(&model, &grads, &names))?;
    checks.extend(compared);

    // Gradients clipped to a norm equal those of a proportionally smaller loss.
    let scale = (CLIP / (norm + 1e-6)).min(1.0);
    let value = loss(model.forward(example.input), example.target, example.counted).mul_scalar(scale);
    let grads = GradientsParams::from_grads(value.backward(), &model);
    let mut optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.01).init();
    let model: Transformer = optimizer.step(number(case, "lr", 2e-4), model, grads);
    for (name, data) in published_values(&model, &names) {
        let name = format!("after.{name}");
        if case.has(&name) {
            let values: Vec<f64> = data.iter::<f64>().collect();
            checks.push(case.check_numbers(&name, &values, PIPELINE)?);
        }
    }
    if lora.is_some() {
        checks.push(adapters_come_back(case, &model)?);
    }
    Ok(checks)
}

/// Compares recorded gradients and returns their overall norm.
fn gradients(case: &Case, found: &BTreeMap<String, TensorData>) -> Result<(Vec<Check>, f64), ParityError> {
    let mut checks = Vec::new();
    let mut squares = 0.0;
    for (name, data) in found {
        let values: Vec<f64> = data.iter::<f64>().collect();
        squares += values.iter().map(|v| v * v).sum::<f64>();
        let name = format!("grad.{name}");
        if case.has(&name) {
            checks.push(case.check_numbers(&name, &values, PIPELINE)?);
        }
    }
    if case.has("grad_norm") {
        checks.push(case.check_numbers("grad_norm", &[squares.sqrt()], PIPELINE)?);
    }
    Ok((checks, squares.sqrt()))
}

/// Checks that adapters are unchanged after saving and loading, and that their names have the published prefix.
fn adapters_come_back(case: &Case, model: &Transformer) -> Result<Check, ParityError> {
    let folder = tempfile::tempdir().map_err(|error| case.config_error(error.to_string()))?;
    let path = folder.path().join("lora.safetensors");
    model
        .save_adapters(&path)
        .map_err(|error| case.config_error(error.to_string()))?;
    let written = Checkpoint::open(&path)?;
    let published = Checkpoint::open(&case.folder().join("lora.safetensors"))?;
    let lost = published
        .tensors()
        .filter(|(name, shape)| written.shape(name).as_ref() != Some(shape))
        .count();
    let mut wrong = lost + written.tensors().count().abs_diff(published.tensors().count());
    for (name, data) in published_values(model, &transformer_names()) {
        if is_adapter(&name) && written.data(&format!("transformer.{name}"))? != data {
            wrong += 1;
        }
    }
    Ok(Check {
        name: "adapter file".into(),
        values: published.tensors().count(),
        error: wrong as f64,
        limit: 0.0,
    })
}
