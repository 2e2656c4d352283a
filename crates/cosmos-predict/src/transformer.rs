//! Diffusion transformer of Cosmos-Predict1.
//!
//! Source: NVIDIA, *Cosmos World Foundation Model Platform for Physical AI*, 2025 (arXiv 2501.03575), section 5.1;
//! names and sizes are those of the published weights.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Bool, DType, Device, Int, Tensor};
use nn_kit::{in_dtype, in_f32};

use crate::block::{Block, Shared};
use crate::config::{Config, LearnedPositions};
use crate::error::Error;
use crate::modulation::{Modulation, NoiseEmbedding, linear};
use crate::positions::{LearnedTables, Rotary};

/// Noise level as c_noise = ln σ / 4.
#[derive(Clone, Debug)]
pub enum Time {
    /// One per clip, `[batch]`.
    Clip(Tensor<1>),
    /// One per latent frame, `[batch, frames]`.
    Frame(Tensor<2>),
}

/// Inputs of the transformer.
#[derive(Clone, Debug)]
pub struct Input {
    /// Noisy latents times c_in, `[batch, channels, frames, height, width]`.
    pub latents: Tensor<5>,
    /// The noise level.
    pub time: Time,
    /// Prompt embeddings, `[batch, words, width]`.
    pub text: Tensor<3>,
    /// Bias on the attention scores of each word, `[batch, words]`; see [`text_bias`].
    pub text_bias: Option<Tensor<2>>,
    /// Mask of given latent frames, 1 if given, 0 if not: `[batch, 1, frames, height, width]`. Any frames may be given.
    /// Required for video2world models and not allowed for others.
    pub condition: Option<Tensor<5>>,
    /// 1 where the image is padding, `[1 or batch, 1, rows, columns]` at any resolution; without it nothing is padding.
    pub padding: Option<Tensor<4>>,
    /// Frame rate, if positions in time depend on it.
    pub fps: Option<f64>,
}

/// Returns the attention bias that masks the words that are not `true`.
pub fn text_bias(seen: Tensor<2, Bool>) -> Tensor<2> {
    let zeros = Tensor::<2>::zeros(seen.dims(), &seen.device());
    zeros.mask_fill(seen.bool_not(), f32::NEG_INFINITY)
}

/// Embedding of patches.
#[derive(Module, Debug)]
struct PatchEmbedding {
    proj: Linear,
}

/// Diffusion transformer: noisy latents and a noise level to the network output of the EDM denoiser.
#[derive(Module, Debug)]
pub struct Transformer {
    patch_embed: PatchEmbedding,
    learnable_pos_embed: Option<LearnedTables>,
    time_embed: NoiseEmbedding,
    transformer_blocks: Vec<Block>,
    norm_out: Modulation,
    proj_out: Linear,
    #[module(skip)]
    config: Config,
}

impl Transformer {
    /// Creates a transformer with random weights, initialized when they are first used.
    ///
    /// # Errors
    /// An invalid configuration.
    pub fn new(config: &Config, device: &Device) -> Result<Self, Error> {
        config.check()?;
        let width = config.width();
        let patch: usize = config.patch_size.iter().product();
        let learned = config.extra_pos_embed_type;
        Ok(Self {
            patch_embed: PatchEmbedding {
                proj: linear(config.patch(), width, device),
            },
            learnable_pos_embed: learned.map(|LearnedPositions::Learnable| LearnedTables::new(config, device)),
            time_embed: NoiseEmbedding::new(width, device),
            transformer_blocks: (0..config.num_layers).map(|_| Block::new(config, device)).collect(),
            norm_out: Modulation::new(width, config.adaln_lora_dim, 2, device),
            proj_out: linear(width, patch * config.out_channels, device),
            config: config.clone(),
        })
    }

    /// Configuration of the transformer.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Blocks, first to last.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.transformer_blocks
    }

    /// Applies `change` to each block.
    pub(crate) fn map_blocks(mut self, change: impl FnMut(Block) -> Block) -> Self {
        let blocks = std::mem::take(&mut self.transformer_blocks);
        self.transformer_blocks = blocks.into_iter().map(change).collect();
        self
    }

    /// Applies the transformer; the output has the shape of the latents.
    ///
    /// # Errors
    /// Input that does not fit the model, or whose parts do not fit together.
    pub fn forward(&self, input: Input) -> Result<Tensor<5>, Error> {
        let tokens = self.check(&input)?;
        let shared = self.shared(&input, tokens);
        let mut x = self.embed(&input, tokens);
        for block in &self.transformer_blocks {
            x = block.forward(x, &shared).0;
        }
        Ok(self.tail(x, &shared, tokens))
    }

    /// Computes everything after the blocks.
    pub(crate) fn tail(&self, x: Tensor<4>, shared: &Shared, tokens: [usize; 3]) -> Tensor<5> {
        self.pixels(self.last(x, shared), tokens)
    }

    /// Checks the input and returns the tokens in time, height and width.
    pub(crate) fn check(&self, input: &Input) -> Result<[usize; 3], Error> {
        let config = &self.config;
        let [batch, channels, frames, height, width] = input.latents.dims();
        let expected = [batch, config.out_channels, frames, height, width];
        Error::unless_shape("latents", &[batch, channels, frames, height, width], &expected)?;
        let tokens = config.tokens(frames, height, width)?;
        match &input.time {
            Time::Clip(time) => Error::unless_shape("time", &time.dims(), &[batch])?,
            Time::Frame(time) => Error::unless_shape("time", &time.dims(), &[batch, frames])?,
        }
        if matches!(input.time, Time::Frame(_)) && config.patch_size[0] != 1 {
            return Err(Error::Variant {
                found: "a noise level for each latent frame was given",
                expected: "this model's tokens span several; give one for each clip",
            });
        }
        let [_, words, _] = input.text.dims();
        Error::unless_shape("text", &input.text.dims(), &[batch, words, config.text_embed_dim])?;
        if let Some(bias) = &input.text_bias {
            Error::unless_shape("text_bias", &bias.dims(), &[batch, words])?;
        }
        match (&input.condition, config.takes_condition()) {
            (Some(mask), true) => {
                Error::unless_shape("condition", &mask.dims(), &[batch, 1, frames, height, width])?;
            }
            (None, false) => {}
            (Some(_), false) => {
                return Err(Error::Variant {
                    found: "condition frames were given",
                    expected: "this is a text2world model; take a video2world one, or leave them out",
                });
            }
            (None, true) => {
                return Err(Error::Variant {
                    found: "no mask of condition frames was given",
                    expected: "this is a video2world model; give one, of zeros where no frame is given",
                });
            }
        }
        if let Some(padding) = &input.padding {
            let [samples, _, rows, columns] = padding.dims();
            let samples = if samples == batch { batch } else { 1 };
            Error::unless_shape("padding", &padding.dims(), &[samples, 1, rows.max(1), columns.max(1)])?;
        }
        Ok(tokens)
    }

    /// Computes the inputs that all blocks share.
    pub(crate) fn shared(&self, input: &Input, tokens: [usize; 3]) -> Shared {
        let dtype = self.dtype();
        let time = match input.time.clone() {
            Time::Clip(time) => time.unsqueeze_dim(1),
            Time::Frame(time) => time,
        };
        let bias = input.text_bias.clone();
        Shared {
            noise: self.time_embed.forward(in_f32(time)),
            rotary: Rotary::new(&self.config, tokens, input.fps, &input.latents.device()),
            learned: self.learnable_pos_embed.as_ref().map(|tables| tables.forward(tokens)),
            text: in_dtype(input.text.clone(), dtype),
            text_bias: bias.map(|bias| in_dtype(bias.unsqueeze_dims(&[1, 2]), dtype)),
        }
    }

    /// Type of the weights.
    fn dtype(&self) -> DType {
        self.patch_embed.proj.weight.val().dtype()
    }

    /// Embeds latents as tokens `[batch, frames, rows · columns, width]`. The values of a token are ordered by channel,
    /// then by time, height and width.
    pub(crate) fn embed(&self, input: &Input, tokens: [usize; 3]) -> Tensor<4> {
        let [batch, _, frames, height, width] = input.latents.dims();
        let mut planes = vec![input.latents.clone()];
        planes.extend(input.condition.clone());
        if self.config.concat_padding_mask {
            let mask = match input.padding.clone() {
                Some(padding) => nearest(padding, [height, width]),
                None => Tensor::zeros([1, 1, height, width], &input.latents.device()),
            };
            planes.push(mask.unsqueeze_dim::<5>(2).expand([batch, 1, frames, height, width]));
        }
        let x = in_dtype(Tensor::cat(planes, 1), self.dtype());
        let channels = x.dims()[1];
        let [t, h, w] = tokens;
        let [pt, ph, pw] = self.config.patch_size;
        let x = x
            .reshape([batch, channels, t, pt, h, ph, w, pw])
            .permute([0, 2, 4, 6, 1, 3, 5, 7])
            .reshape([batch, t, h * w, channels * pt * ph * pw]);
        self.patch_embed.proj.forward(x)
    }

    /// Final norm, `[batch, frames, rows · columns, width]`.
    pub(crate) fn norm(&self, x: Tensor<4>, shared: &Shared) -> Tensor<4> {
        self.norm_out.forward(x, &shared.noise).0
    }

    fn last(&self, x: Tensor<4>, shared: &Shared) -> Tensor<4> {
        self.proj_out.forward(self.norm(x, shared))
    }

    /// Rearranges tokens to latents. The values of a token are ordered by height, width and time, then by channel.
    fn pixels(&self, x: Tensor<4>, tokens: [usize; 3]) -> Tensor<5> {
        let [batch, ..] = x.dims();
        let [t, h, w] = tokens;
        let [pt, ph, pw] = self.config.patch_size;
        let channels = self.config.out_channels;
        x.reshape([batch, t, h, w, ph, pw, pt, channels])
            .permute([0, 7, 1, 6, 2, 4, 3, 5])
            .reshape([batch, channels, t * pt, h * ph, w * pw])
    }
}

/// Nearest-neighbor resizing of `[batch, 1, rows, columns]`: each position takes the value at ⌊position · old / new⌋.
fn nearest(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let along = |x: Tensor<4>, axis: usize, new: usize| {
        let old = x.dims()[axis];
        let scale = old as f32 / new as f32;
        let places: Vec<i64> = (0..new)
            .map(|i| ((i as f32 * scale) as usize).min(old - 1) as i64)
            .collect();
        let places = Tensor::<1, Int>::from_ints(places.as_slice(), &x.device());
        x.select(axis, places)
    };
    along(along(x, 2, size[0]), 3, size[1])
}
