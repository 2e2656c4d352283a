//! Comparison of the models with recordings of the published implementation (see `model-parity`).

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{EdmConfig, Scheduler};
use model_parity::{Case, Check, MODULE, Model, PIPELINE, ParityError, SCHEDULE};
use nn_kit::{in_f32, published_gradients};
use t5_encoder::parity::RecordedT5;

use crate::autoencoder::{Autoencoder, AutoencoderConfig};
use crate::condition::Condition;
use crate::config::Config;
use crate::error::Error;
use crate::names::{autoencoder_names, folder_names};
use crate::pipeline::{Pipeline, Prompt, Sampling};
use crate::train::Batch;
use crate::transformer::{Input, Time, Transformer, text_bias};

/// Models of Cosmos-Predict1 whose recordings can be compared here.
pub const MODELS: &[Model] = &[
    Model {
        class: "CosmosTransformer3DModel",
        run: transformer,
    },
    Model {
        class: "AutoencoderKLCosmos",
        run: autoencoder,
    },
    Model {
        class: "EDMEulerScheduler",
        run: scheduler,
    },
    Model {
        class: "CosmosTextToWorldPipeline",
        run: pipeline,
    },
    Model {
        class: "CosmosVideoToWorldPipeline",
        run: pipeline,
    },
    Model {
        class: "EDM preconditioned loss, condition frames replaced in input and output; (x0, sigma given)",
        run: training_step,
    },
];

/// Returns a number of the configuration, if it is there.
fn number(case: &Case, key: &str) -> Option<f64> {
    case.config()[key].as_f64()
}

/// Converts errors of the models to those of the comparison.
fn told<T>(case: &Case, result: Result<T, Error>) -> Result<T, ParityError> {
    result.map_err(|error| case.config_error(error.to_string()))
}

/// Returns a recorded tensor, if it is there.
fn optional<const D: usize>(case: &Case, name: &str, device: &Device) -> Result<Option<Tensor<D>>, ParityError> {
    case.has(name).then(|| case.tensor(name, device)).transpose()
}

/// The inputs of a transformer.
fn input(case: &Case, device: &Device) -> Result<Input, ParityError> {
    let latents: Tensor<5> = case.tensor("hidden_states", device)?;
    let [batch, _, frames, ..] = latents.dims();
    let time = match case.shape("timestep")?.len() {
        1 => Time::Clip(case.tensor("timestep", device)?),
        _ => Time::Frame(
            case.shaped::<5>("timestep", [batch, 1, frames, 1, 1], device)?
                .reshape([batch, frames]),
        ),
    };
    let bias = match case.has("attention_mask") {
        false => None,
        true => {
            let mask: Tensor<2> = case.tensor("attention_mask", device)?;
            // As in the published code, a mask of floats is added; any other is a boolean mask.
            Some(match case.is_float("attention_mask")? {
                true => mask,
                false => text_bias(mask.greater_elem(0.5)),
            })
        }
    };
    Ok(Input {
        latents,
        time,
        text: case.tensor("encoder_hidden_states", device)?,
        text_bias: bias,
        condition: optional(case, "condition_mask", device)?,
        padding: optional(case, "padding_mask", device)?,
        fps: number(case, "fps"),
    })
}

fn transformer(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: Config = case.setting("/model")?;
    let model = case.load_weights(told(case, Transformer::new(&config, device))?, &folder_names())?;
    let input = input(case, device)?;
    let tokens = told(case, model.check(&input))?;
    let [batch, ..] = input.latents.dims();
    let [t, h, w] = tokens;
    let shared = model.shared(&input, tokens);
    let mut checks = Vec::new();
    let mut see = Seen {
        case,
        checks: &mut checks,
    };
    see.table("mid.rope_cos", shared.rotary.cos())?;
    see.table("mid.rope_sin", shared.rotary.sin())?;
    if let Some(learned) = &shared.learned {
        see.tensor(
            "mid.learnable_pos_embed",
            learned.clone().flatten::<3>(1, 2).repeat_dim(0, batch),
            MODULE,
        )?;
    }
    let noise = shared.noise.shared.clone();
    match noise.dims() {
        [_, 1, _] => see.tensor("mid.time_embed", noise.squeeze_dim::<2>(1), MODULE)?,
        _ => see.tensor("mid.time_embed", noise.flatten::<2>(0, 1), MODULE)?,
    }
    let mut x = model.embed(&input, tokens);
    see.tensor(
        "mid.patch_embed",
        x.clone().reshape([batch, t, h, w, config.width()]),
        MODULE,
    )?;
    for (index, block) in model.blocks().iter().enumerate() {
        let (next, attended) = block.forward(x, &shared);
        x = next;
        see.tensor(&format!("mid.transformer_blocks.{index}.attn1"), attended, MODULE)?;
        see.tensor(
            &format!("mid.transformer_blocks.{index}"),
            x.clone().flatten::<3>(1, 2),
            MODULE,
        )?;
    }
    see.tensor("mid.norm_out", model.norm(x, &shared).flatten::<3>(1, 2), MODULE)?;
    checks.push(case.check("output", told(case, model.forward(input))?, MODULE)?);
    Ok(checks)
}

/// Intermediate tensors, compared if they are recorded.
struct Seen<'a> {
    case: &'a Case,
    checks: &'a mut Vec<Check>,
}

impl Seen<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, found: Tensor<D>, limit: f64) -> Result<(), ParityError> {
        if self.case.has(name) {
            self.checks.push(self.case.check(name, found, limit)?);
        }
        Ok(())
    }

    fn numbers(&mut self, name: &str, found: &[f32], limit: f64) -> Result<(), ParityError> {
        if self.case.has(name) {
            let found: Vec<f64> = found.iter().map(|v| f64::from(*v)).collect();
            self.checks.push(self.case.check_numbers(name, &found, limit)?);
        }
        Ok(())
    }

    /// Compares a table that may be recorded with leading dimensions of 1.
    fn table(&mut self, name: &str, found: Tensor<2>) -> Result<(), ParityError> {
        if self.case.has(name) {
            let found: Vec<f64> = found.into_data().iter::<f64>().collect();
            self.checks.push(self.case.check_numbers(name, &found, MODULE)?);
        }
        Ok(())
    }
}

fn autoencoder(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: AutoencoderConfig = case.setting("/model")?;
    let model = told(case, Autoencoder::new(&config, device))?;
    let model = case.load_weights(model, &autoencoder_names())?;
    let mut stages = Vec::new();
    let latent = told(
        case,
        model.encode_seen(case.tensor("sample", device)?, &mut |name, x| {
            stages.push((format!("mid.encoder.{name}"), x));
        }),
    )?;
    stages.push(("latent".to_string(), latent));
    let decoded = told(
        case,
        model.decode_seen(case.tensor("latent", device)?, &mut |name, x| {
            stages.push((format!("mid.decoder.{name}"), x));
        }),
    )?;
    stages.push(("decoded".to_string(), decoded));
    let recorded = stages.into_iter().filter(|(name, _)| case.has(name));
    recorded.map(|(name, x)| case.check(&name, x, MODULE)).collect()
}

/// The recorded run's network is `tanh(scaled · (1 + 0.1 · t) + target)`.
fn scheduler(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: EdmConfig = case.setting("/scheduler")?;
    let schedule = config
        .schedule(case.size("/num_inference_steps")?)
        .map_err(|error| case.config_error(error.to_string()))?;
    let double = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let mut checks = vec![
        case.check_numbers("sigmas", &double(schedule.sigmas()), SCHEDULE)?,
        case.check_numbers("timesteps", &double(&schedule.c_noise()), SCHEDULE)?,
    ];
    // The shape does not matter, since all of it is computed element by element.
    let flat = |name: &str| -> Result<Tensor<1>, ParityError> {
        let numbers: Vec<f32> = case.numbers(name)?.iter().map(|v| *v as f32).collect();
        Ok(Tensor::from_floats(numbers.as_slice(), device))
    };
    let (mut x, target) = (flat("x0")?, flat("target")?);
    let compare = |name: String, found: &Tensor<1>| {
        let numbers: Vec<f64> = found.to_data().iter::<f64>().collect();
        case.check_numbers(&name, &numbers, SCHEDULE)
    };
    for (step, time) in schedule.c_noise().into_iter().enumerate() {
        let scaled = schedule.scaled(x.clone(), step);
        checks.push(compare(format!("scaled.{step}"), &scaled)?);
        let output = (scaled.mul_scalar(1.0 + 0.1 * time) + target.clone()).tanh();
        let denoised = schedule.denoised(x.clone(), output, step);
        checks.push(compare(format!("pred_x0.{step}"), &denoised)?);
        x = schedule.step(x, denoised, step, Tensor::zeros_like);
        checks.push(compare(format!("step.{step}"), &x)?);
    }
    Ok(checks)
}

fn pipeline(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let (config, coder): (Config, AutoencoderConfig) = (case.setting("/transformer")?, case.setting("/vae")?);
    let levels: EdmConfig = case.setting("/scheduler")?;
    let weights = case.weights()?;
    let transformer = told(case, Transformer::new(&config, device))?;
    let transformer = weights.load_weights(transformer, "transformer.", &folder_names())?;
    let coder = told(case, Autoencoder::new(&coder, device))?;
    let coder = weights.load_weights(coder, "vae.", &autoencoder_names())?;
    let pipeline = told(case, Pipeline::new(transformer, coder, levels, device))?;
    let [frames, height, width] = [case.size("/num_frames")?, case.size("/height")?, case.size("/width")?];
    let size = told(case, pipeline.autoencoder().config().latent_size(frames, height, width))?;
    let sampling = Sampling {
        steps: case.size("/num_inference_steps")?,
        guidance: number(case, "guidance_scale").unwrap_or(1.0),
        fps: number(case, "fps").unwrap_or(30.0),
        augment_sigma: number(case, "augment_sigma").unwrap_or(0.001) as f32,
        input_frames_guidance: case.config()["input_frames_guidance"].as_bool().unwrap_or(false),
    };
    let mut checks = Vec::new();
    let condition = condition(case, &pipeline, frames, &mut checks, device)?;
    let prompt = prompt(case, device)?;
    let [t, h, w] = size;
    let shape = [1, config.out_channels, t, h, w];
    let asked = 1 + usize::from(sampling.guidance > 1.0);
    let count = 1 + if condition.is_some() { asked * sampling.steps } else { 0 };
    let mut draws = case.draws("noise", count, shape, device)?;
    let mut steps = Vec::new();
    let sampled = pipeline.sample(
        size,
        &prompt,
        condition.as_ref(),
        &sampling,
        &mut |_| draws.next().expect("as many draws were counted"),
        &mut |step| steps.push(step),
    );
    let latents = told(case, sampled)?;
    let schedule = levels
        .schedule(sampling.steps)
        .map_err(|error| case.config_error(error.to_string()))?;
    let mut see = Seen {
        case,
        checks: &mut checks,
    };
    see.numbers("sigmas", schedule.sigmas(), SCHEDULE)?;
    see.numbers("timesteps", &schedule.c_noise(), SCHEDULE)?;
    if let Some(first) = steps.first() {
        see.tensor("first_call.hidden_states", first.input.latents.clone(), PIPELINE)?;
        see.tensor("first_call.encoder_hidden_states", first.input.text.clone(), PIPELINE)?;
        if let Some(mask) = first.input.condition.clone() {
            see.tensor("first_call.condition_mask", mask, PIPELINE)?;
        }
        see.tensor(
            "first_call.padding_mask",
            Tensor::<4>::zeros([1, 1, height, width], device),
            PIPELINE,
        )?;
        see.numbers("first_call.timestep", &schedule.c_noise()[..1], SCHEDULE)?;
        see.tensor("first_model_output", first.output.clone(), PIPELINE)?;
    }
    for step in steps {
        see.tensor(&format!("latents_after_step.{}", step.step), step.latents, PIPELINE)?;
    }
    see.tensor("final_latents", latents.clone(), PIPELINE)?;
    see.tensor("decoded", told(case, pipeline.decode(latents))?, PIPELINE)?;
    Ok(checks)
}

/// Conditioning frames of a recorded run.
fn condition(
    case: &Case,
    pipeline: &Pipeline,
    frames: usize,
    checks: &mut Vec<Check>,
    device: &Device,
) -> Result<Option<Condition>, ParityError> {
    if !pipeline.transformer().config().takes_condition() {
        return Ok(None);
    }
    let (coder, data) = (pipeline.autoencoder(), pipeline.levels().sigma_data);
    // An 8-bit image `[height, width, 3]`, or a video `[frames, height, width, 3]`.
    let name = ["cond_image", "cond_video"].into_iter().find(|name| case.has(name));
    let Some(name) = name else {
        // The clip as encoded, and the frames that are marked as given to the network.
        let latents = told(case, coder.encode(case.tensor("cond_video_padded", device)?))?;
        let mask: Tensor<5> = case.tensor("first_call.condition_mask", device)?;
        let mask = mask.narrow(3, 0, 1).narrow(4, 0, 1).into_data();
        return Ok(Some(Condition {
            latents: told(case, coder.scaled(latents, data))?,
            given: mask.iter::<f32>().map(|v| v > 0.5).collect(),
        }));
    };
    let bytes: Tensor<4> = match case.shape(name)?.len() {
        3 => case.tensor::<3>(name, device)?.unsqueeze_dim(0),
        _ => case.tensor(name, device)?,
    };
    let video = bytes.div_scalar(127.5).sub_scalar(1.0);
    let video = video.permute([3, 0, 1, 2]).unsqueeze_dim::<5>(0);
    let shown = video.dims()[2];
    if case.has("cond_video_padded") {
        let whole: Tensor<5> = case.tensor("cond_video_padded", device)?;
        let begin = shown.saturating_sub(frames);
        let seen = video.clone().narrow(2, begin, shown.min(frames));
        let rest = whole.clone().narrow(2, shown.min(frames), frames - shown.min(frames));
        let padded = Tensor::cat(vec![seen, rest.zeros_like()], 2);
        checks.push(case.check(
            "cond_video_padded",
            if shown < frames { padded } else { whole },
            PIPELINE,
        )?);
    }
    let condition = told(case, Condition::first_frames(coder, video, frames, data))?;
    if case.has("cond_latent_raw") {
        let raw = told(case, coder.unscaled(condition.latents.clone(), data))?;
        checks.push(case.check("cond_latent_raw", raw, PIPELINE)?);
    }
    Ok(Some(condition))
}

/// Prompt embeddings of a recorded run, either recorded or computed by its own encoder from tokens, of which the first
/// are those of the negative prompt.
fn prompt(case: &Case, device: &Device) -> Result<Prompt, ParityError> {
    if case.has("prompt_embeds") {
        return Ok(Prompt {
            text: case.tensor("prompt_embeds", device)?,
            negative: optional(case, "negative_prompt_embeds", device)?,
        });
    }
    let RecordedT5 { encoder, ids, mask } = RecordedT5::new(case, "/text_encoder", "text_encoder.", device)?;
    let prompts = mask.dims()[0];
    let states = in_f32(encoder.forward(ids, Some(mask.clone()))) * mask.unsqueeze_dim::<3>(2);
    Ok(Prompt {
        text: states.clone().narrow(0, prompts - 1, 1),
        negative: (prompts > 1).then(|| states.narrow(0, 0, 1)),
    })
}

fn training_step(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: Config = case.setting("/model")?;
    let device = device.clone().autodiff();
    let model = case.load_weights(told(case, Transformer::new(&config, &device))?, &folder_names())?;
    let latents: Tensor<5> = case.tensor("x0", &device)?;
    let [batch, _, frames, height, width] = latents.dims();
    let given = match case.has("condition_mask") {
        false => None,
        true => {
            let mask: Tensor<5> = case.shaped("condition_mask", [batch, 1, frames, height, width], &device)?;
            let first = mask.narrow(3, 0, 1).narrow(4, 0, 1).into_data();
            let flags: Vec<bool> = first.iter::<f32>().map(|v| v > 0.5).collect();
            Some(flags.chunks(frames).map(<[bool]>::to_vec).collect())
        }
    };
    let levels = EdmConfig {
        sigma_data: number(case, "sigma_data").unwrap_or(EdmConfig::default().sigma_data),
        ..EdmConfig::default()
    };
    let result = model.loss(
        Batch {
            noise: case.shaped("noise", latents.dims(), &device)?,
            latents,
            sigma: case.numbers("sigma")?.iter().map(|v| *v as f32).collect(),
            text: case.tensor("encoder_hidden_states", &device)?,
            given,
            fps: number(case, "fps"),
        },
        &levels,
    );
    let result = told(case, result)?;
    let mut checks = Vec::new();
    let mut see = Seen {
        case,
        checks: &mut checks,
    };
    see.tensor("net_in", result.input, MODULE)?;
    see.tensor("net_out", result.output, MODULE)?;
    see.tensor("denoised", result.denoised, MODULE)?;
    see.numbers("loss", &[result.loss.clone().into_scalar::<f32>()], MODULE)?;
    let gradients = GradientsParams::from_grads(result.loss.backward(), &model);
    let gradients = published_gradients(&model, &gradients, &folder_names());
    for name in case.names().filter(|name| name.starts_with("grad.")) {
        let gradient = gradients.get(&name["grad.".len()..]);
        let gradient = gradient.ok_or_else(|| case.config_error(format!("{name}: the model has no such parameter")))?;
        let gradient: Vec<f64> = gradient.iter::<f64>().collect();
        checks.push(case.check_numbers(name, &gradient, PIPELINE)?);
    }
    Ok(checks)
}
