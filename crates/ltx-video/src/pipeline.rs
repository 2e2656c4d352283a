//! Sampling pipelines: from noise, text and conditioning frames to a clip.
//!
//! There are two published pipelines: text only ([`Style::Text`]), and text with conditioning frames
//! ([`Style::Conditioned`], for 0.9.5 and later). They also differ in the temporal positions of the latents and in the
//! times of the sampler.

use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{FlowSchedule, FlowScheduler, FlowStart, euler_step};
use t5_encoder::TextStates;

use crate::error::Error;
use crate::rotary::{Coordinates, LatentScale, Rotary};
use crate::train::like;
use crate::transformer::{Input, Timesteps, Transformer};
use crate::vae::Vae;

/// Strength at and above which a token counts as fixed.
const GIVEN: f64 = 1.0 - 1e-6;
/// Tolerance in the comparison of times.
const SLACK: f64 = 1e-6;

/// Source of random numbers: returns standard normal numbers for a tensor of the given shape, in its memory order.
pub type Noise<'a> = dyn FnMut(&[usize]) -> Result<Vec<f32>, Error> + 'a;

/// Published sampling pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Text only; the times are shifted according to the number of tokens.
    Text,
    /// Text and frames; linear-quadratic times, and a separate time for each token.
    Conditioned,
}

/// A conditioning frame, or several at the start of the clip.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Pixels `[1, 3, frames, height, width]` in [−1, 1]: one frame, or 8k + 1 frames at the start of the clip.
    pub pixels: Tensor<5>,
    /// Index of the (first) frame in the clip.
    pub frame: usize,
    /// Conditioning strength from 0 to 1; 1 fixes the frame.
    pub strength: f64,
}

/// Settings of a generation.
#[derive(Clone, Debug)]
pub struct Request {
    /// Pipeline to use.
    pub style: Style,
    /// Number of frames, 8k + 1.
    pub frames: usize,
    /// Height in pixels, a multiple of 32.
    pub height: usize,
    /// Width in pixels, a multiple of 32.
    pub width: usize,
    /// Frames per second.
    pub frame_rate: f64,
    /// Number of sampling steps.
    pub steps: usize,
    /// Guidance scale; 1 is without guidance.
    pub guidance: f64,
    /// Guidance rescale factor from 0 to 1: how far the standard deviation is reduced to that without guidance (Lin et
    /// al. 2024, section 3.4).
    pub guidance_rescale: f64,
    /// Conditioning frames.
    pub conditions: Vec<Condition>,
    /// Scale of the noise that each step adds to conditioning tokens, multiplied by t².
    pub condition_noise: f64,
    /// Time passed to decoders of 0.9.1 and later.
    pub decode_time: f64,
    /// Share of noise that is mixed into the latents before decoding.
    pub decode_noise: f64,
}

/// Intermediate results for comparison with recordings (see `model-parity`).
#[cfg_attr(not(feature = "parity"), expect(dead_code, reason = "only the comparison looks"))]
pub(crate) enum Seen<'a> {
    Schedule(&'a FlowSchedule),
    Coordinates(&'a [Vec<f32>; 3]),
    Input(usize, &'a Input),
    Output(usize, &'a Tensor<3>),
    Latents(usize, &'a Tensor<3>),
}

/// Sampling pipeline of a transformer, an autoencoder and a schedule.
#[derive(Debug)]
pub struct Pipeline {
    /// Diffusion transformer.
    pub transformer: Transformer,
    /// Video autoencoder.
    pub vae: Vae,
    /// Settings of the schedule.
    pub scheduler: FlowScheduler,
}

/// Tokens of a clip and of the conditioning frames outside of its latents.
struct Start {
    /// `[1, tokens, channels]`, with frames outside of the clip's latents first.
    latents: Tensor<3>,
    /// Conditioning strength of each token.
    strength: Vec<f64>,
    /// Time in seconds and position in pixels of each token.
    places: [Vec<f32>; 3],
    /// Number of tokens before those of the clip.
    beside: usize,
}

impl Pipeline {
    /// Checks a request before any computation.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self, request: &Request) -> Result<(), Error> {
        self.vae.check_size(request.frames, request.height, request.width)?;
        if self.vae.channels() != self.transformer.channels() {
            return Err(Error::Config {
                setting: "the number of latent channels",
                found: self.vae.channels().to_string(),
                expected: format!("{}, the transformer's", self.transformer.channels()),
            });
        }
        let refuse = |setting: &'static str, found: String, expected: &str| {
            Err(Error::Config {
                setting,
                found,
                expected: expected.to_string(),
            })
        };
        if request.style == Style::Text && !request.conditions.is_empty() {
            return refuse("the style", "text".into(), "conditioned, as frames are given");
        }
        let within = |value: f64, from: f64, to: f64| value.is_finite() && value >= from && value <= to;
        for (setting, value, from, to, expected) in [
            ("frame_rate", request.frame_rate, 1e-3, 1e6, "a number above 0"),
            ("guidance", request.guidance, 0.0, 1e3, "a number from 1"),
            (
                "guidance_rescale",
                request.guidance_rescale,
                0.0,
                1.0,
                "a number from 0 to 1",
            ),
            ("condition_noise", request.condition_noise, 0.0, 1e3, "a number from 0"),
            ("decode_time", request.decode_time, 0.0, 1.0, "a number from 0 to 1"),
            ("decode_noise", request.decode_noise, 0.0, 1.0, "a number from 0 to 1"),
        ] {
            if !within(value, from, to) {
                return refuse(setting, value.to_string(), expected);
            }
        }
        for condition in &request.conditions {
            let [batch, channels, frames, height, width] = condition.pixels.dims();
            let fits = batch == 1 && channels == 3 && height == request.height && width == request.width;
            if !fits {
                let found = format!("{:?}", condition.pixels.dims());
                let expected = format!("[1, 3, frames, {}, {}]", request.height, request.width);
                return refuse("the shape of a given frame", found, &expected);
            }
            self.vae.check_size(frames, height, width)?;
            if condition.frame + frames > request.frames || (condition.frame > 0 && frames > 1) {
                let found = format!("{frames} from {}", condition.frame);
                let expected = format!("several from 0 only, and at most {}", request.frames);
                return refuse("the given frames", found, &expected);
            }
            if !within(condition.strength, 0.0, 1.0) {
                return refuse("strength", condition.strength.to_string(), "a number from 0 to 1");
            }
        }
        Ok(())
    }

    /// Generates a clip `[1, 3, frames, height, width]` in about [−1, 1].
    ///
    /// With guidance `text` has two rows, the negative prompt first; without guidance it has one. `noise` supplies all
    /// random numbers in this order: the initial latents; for each conditioning frame a sample from its latent
    /// distribution and, if it is outside of the clip's latents, noise to mix with it; in each step the noise for the
    /// conditioning tokens (if `condition_noise` is set) and that of stochastic schedules; the noise for the decoder.
    ///
    /// # Errors
    /// An invalid request, or results that are not finite.
    pub fn generate(&self, request: &Request, text: &TextStates, noise: &mut Noise<'_>) -> Result<Tensor<5>, Error> {
        self.generate_and(request, text, noise, &mut |_| {})
    }

    pub(crate) fn generate_and(
        &self,
        request: &Request,
        text: &TextStates,
        noise: &mut Noise<'_>,
        seen: &mut dyn FnMut(Seen<'_>),
    ) -> Result<Tensor<5>, Error> {
        self.check(request)?;
        let guided = request.guidance > 1.0;
        let rows = text.states.dims()[0];
        if rows != 1 + usize::from(guided) {
            return Err(Error::Config {
                setting: "the number of texts",
                found: rows.to_string(),
                expected: format!("{} with a guidance of {}", 1 + usize::from(guided), request.guidance),
            });
        }
        let device = text.states.device();
        let size = self.latent_size(request);
        let start = self.start(request, size, noise, &device)?;
        let tokens = start.strength.len();
        let how = match request.style {
            Style::Text => FlowStart::Even,
            Style::Conditioned => FlowStart::LinearQuadratic,
        };
        let schedule = self.scheduler.schedule(request.steps, how, tokens)?;
        seen(Seen::Schedule(&schedule));
        let rotary = self.rotary(request, size, &start, seen, &device);
        let given: Vec<bool> = start.strength.iter().map(|s| *s > GIVEN).collect();
        let noisy_given = request.condition_noise > 0.0 && !request.conditions.is_empty();
        let mut latents = start.latents.clone();
        for (step, t) in schedule.times().windows(2).enumerate() {
            if noisy_given {
                let shape = latents.dims();
                let draw = like(noise(&shape)?, shape, &device).mul_scalar(request.condition_noise * t[0] * t[0]);
                let mask = mask(&given, &device);
                let noised = start.latents.clone() + draw;
                latents = latents.clone() + (noised - latents) * mask;
            }
            // Each token has its own time: conditioning tokens are less noisy than the rest.
            let times: Vec<f64> = start.strength.iter().map(|s| t[0].min(1.0 - s)).collect();
            let per_time = self.scheduler.num_train_timesteps;
            let timesteps = if request.conditions.is_empty() {
                Timesteps::Clip(vec![t[0] * per_time; rows])
            } else {
                Timesteps::Token(times.repeat(rows).iter().map(|t| t * per_time).collect())
            };
            let input = Input {
                latents: latents.clone().repeat_dim(0, rows),
                timesteps,
                text: text.states.clone(),
                text_mask: Some(text.mask.clone()),
                rotary: rotary.clone(),
            };
            seen(Seen::Input(step, &input));
            let output = self.transformer.forward(input);
            seen(Seen::Output(step, &output));
            let velocity = if guided {
                guide(output, request.guidance, request.guidance_rescale)
            } else {
                output
            };
            // A token that is less noisy than the rest waits until the others reach its time.
            let waits = |s: &f64| t[0] - SLACK >= 1.0 - s;
            latents = if self.scheduler.stochastic_sampling {
                let shape = latents.dims();
                let fresh = like(noise(&shape)?, shape, &device);
                let clean = euler_step(latents.clone(), velocity, t[0], 0.0);
                let next = clean.mul_scalar(1.0 - t[1]) + fresh.mul_scalar(t[1]);
                let moves: Vec<bool> = start.strength.iter().map(|s| !waits(s)).collect();
                latents.clone() + (next - latents) * mask(&moves, &device)
            } else {
                let times: Vec<f64> = times
                    .iter()
                    .zip(&start.strength)
                    .map(|(time, s)| if waits(s) { 0.0 } else { *time })
                    .collect();
                schedule.step_tokens(latents, velocity, &times)
            };
            seen(Seen::Latents(step, &latents));
        }
        let [frames, height, width] = size;
        let clip = latents.narrow(1, start.beside, frames * height * width);
        let latents = clip
            .swap_dims(1, 2)
            .reshape([1, self.vae.channels(), frames, height, width]);
        self.decode(request, latents, noise, &device)
    }

    /// Returns frames, rows and columns of the latents.
    fn latent_size(&self, request: &Request) -> [usize; 3] {
        let LatentScale { temporal, spatial } = self.vae.scale();
        [
            (request.frames - 1) / temporal + 1,
            request.height / spatial,
            request.width / spatial,
        ]
    }

    /// Creates the initial latents: noise with the conditioning frames in place, and extra tokens for frames outside of
    /// the latents.
    fn start(
        &self,
        request: &Request,
        size: [usize; 3],
        noise: &mut Noise<'_>,
        device: &Device,
    ) -> Result<Start, Error> {
        let [frames, height, width] = size;
        let channels = self.vae.channels();
        let shape = [1, channels, frames, height, width];
        let mut latents: Tensor<5> = like(noise(&shape)?, shape, device);
        let mut strengths = vec![0.0; frames];
        let mut beside: Vec<(Tensor<3>, f64, [Vec<f32>; 3])> = Vec::new();
        for condition in &request.conditions {
            let posterior = self.vae.encode(condition.pixels.clone())?;
            let shape = posterior.mean.dims();
            let given = self
                .vae
                .normalize(posterior.sample(like(noise(&shape)?, shape, device)));
            let strength = condition.strength;
            let mixed = |from: Tensor<5>| from.clone() + (given.clone() - from).mul_scalar(strength);
            if condition.frame == 0 {
                let count = shape[2];
                let first = mixed(latents.clone().narrow(2, 0, count));
                latents = match frames - count {
                    0 => first,
                    rest => Tensor::cat(vec![first, latents.narrow(2, count, rest)], 2),
                };
                strengths[..count].fill(strength);
            } else {
                let given = mixed(like(noise(&shape)?, shape, device));
                let places = Coordinates::clip(
                    [shape[2], height, width],
                    condition.frame,
                    request.frame_rate,
                    self.vae.scale(),
                );
                beside.push((latent_tokens(given), strength, places));
            }
        }
        let mut places = Coordinates::clip(size, 0, request.frame_rate, self.vae.scale());
        let mut all = latent_tokens(latents);
        let mut strength: Vec<f64> = strengths
            .iter()
            .flat_map(|s| std::iter::repeat_n(*s, height * width))
            .collect();
        let count = all.dims()[1];
        for (tokens, given, at) in beside.into_iter().rev() {
            strength.splice(..0, std::iter::repeat_n(given, tokens.dims()[1]));
            all = Tensor::cat(vec![tokens, all], 1);
            for (axis, at) in places.iter_mut().zip(at) {
                axis.splice(..0, at);
            }
        }
        let beside = all.dims()[1] - count;
        Ok(Start {
            latents: all,
            strength,
            places,
            beside,
        })
    }

    fn rotary(
        &self,
        request: &Request,
        size: [usize; 3],
        start: &Start,
        seen: &mut dyn FnMut(Seen<'_>),
        device: &Device,
    ) -> Rotary {
        let coordinates = match request.style {
            Style::Text => {
                let [frames, height, width] = size;
                Coordinates::grid(frames, height, width, Some(self.vae.scale().at(request.frame_rate)))
            }
            Style::Conditioned => {
                seen(Seen::Coordinates(&start.places));
                Coordinates::explicit(1, &start.places.concat())
            }
        };
        Rotary::new(&coordinates, self.transformer.width(), device)
    }

    fn decode(
        &self,
        request: &Request,
        latents: Tensor<5>,
        noise: &mut Noise<'_>,
        device: &Device,
    ) -> Result<Tensor<5>, Error> {
        let mut latents = self.vae.denormalize(latents);
        if self.vae.timed() {
            let shape = latents.dims();
            let draw: Tensor<5> = like(noise(&shape)?, shape, device);
            latents = latents.mul_scalar(1.0 - request.decode_noise) + draw.mul_scalar(request.decode_noise);
        }
        let mut failed = None;
        let mut draw = |shape: [usize; 2]| {
            let values = noise(&shape).unwrap_or_else(|error| {
                failed = Some(error);
                vec![0.0; shape[0] * shape[1]]
            });
            like(values, shape, device)
        };
        let clip = self.vae.decode(latents, Some(request.decode_time), &mut draw);
        if let Some(error) = failed {
            return Err(error);
        }
        let finite = clip.clone().abs().max().into_scalar::<f32>().is_finite();
        if finite {
            Ok(clip)
        } else {
            Err(Error::NotFinite { what: "pixels" })
        }
    }
}

/// Flattens latents to tokens, frame by frame and row by row.
pub fn latent_tokens(latents: Tensor<5>) -> Tensor<3> {
    let [batch, channels, frames, height, width] = latents.dims();
    latents
        .reshape([batch, channels, frames * height * width])
        .swap_dims(1, 2)
}

/// Tensor `[1, tokens, 1]` with 1 where `of` is true.
fn mask(of: &[bool], device: &Device) -> Tensor<3> {
    let values: Vec<f32> = of.iter().map(|b| f32::from(u8::from(*b))).collect();
    like(values, [1, of.len(), 1], device)
}

/// Classifier-free guidance v = u + g · (c − u) of the rows u (negative prompt) and c (prompt). A `rescale` above 0
/// moves the standard deviation toward that of c by this fraction.
fn guide(output: Tensor<3>, guidance: f64, rescale: f64) -> Tensor<3> {
    let away = output.clone().narrow(0, 0, 1);
    let toward = output.narrow(0, 1, 1);
    let guided = away.clone() + (toward.clone() - away).mul_scalar(guidance);
    if rescale == 0.0 {
        return guided;
    }
    let spread = |x: &Tensor<3>| x.clone().flatten::<1>(0, 2).var(0).sqrt().reshape([1, 1, 1]);
    let rescaled = guided.clone() * (spread(&toward) / spread(&guided));
    rescaled.mul_scalar(rescale) + guided.mul_scalar(1.0 - rescale)
}
