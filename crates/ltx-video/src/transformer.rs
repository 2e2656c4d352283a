//! The diffusion transformer of LTX-Video.
//!
//! Source: HaCohen et al., *LTX-Video: Realtime Video Latent Diffusion*, 2024, section 2.2; details that the paper does
//! not give follow the published models. Formulas: `docs/video-models.md`.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::module::layer_norm;
use burn::tensor::{DType, Device, Int, Tensor};
use cpu_kernels::gelu_tanh;
use nn_kit::{ADAPTED_LAYERS, AdapterScale, in_dtype, in_f32, sinusoidal_steps};

use crate::block::{Block, Context, Modulation};
use crate::config::Config;
use crate::error::Error;
use crate::lora::Lora;
use crate::rotary::Rotary;

/// Width of the sinusoidal embedding of a time.
const SINUSOIDS: usize = 256;
/// Epsilon in the last norm.
const EPSILON: f64 = 1e-6;
/// Bias on the attention scores of padding.
const MASKED: f64 = -10_000.0;

/// Times of the noisy tokens, in timesteps (1000 · t).
#[derive(Clone, Debug, PartialEq)]
pub enum Timesteps {
    /// One per clip.
    Clip(Vec<f64>),
    /// One per token, clip by clip.
    Token(Vec<f64>),
}

/// Inputs of the transformer for a batch of clips.
#[derive(Clone, Debug)]
pub struct Input {
    /// Noisy latents `[clips, tokens, channels]`.
    pub latents: Tensor<3>,
    /// Times of the tokens.
    pub timesteps: Timesteps,
    /// States of the text encoder `[clips, tokens, width]`.
    pub text: Tensor<3>,
    /// 1 for tokens of the text, 0 for padding: `[clips, tokens]`.
    pub text_mask: Option<Tensor<2>>,
    /// Positions of the latents.
    pub rotary: Rotary,
}

/// Diffusion transformer of LTX-Video. Its fields have the published parameter names where the two file layouts agree.
#[derive(Module, Debug)]
pub struct Transformer {
    proj_in: Linear,
    scale_shift_table: Param<Tensor<2>>,
    time_embed: TimeModulation,
    caption_projection: CaptionProjection,
    transformer_blocks: Vec<Block>,
    proj_out: Linear,
}

/// Time embedding: sinusoids, linear, SiLU, linear; then SiLU and linear for the modulation of the blocks.
#[derive(Module, Debug)]
struct TimeModulation {
    inner: Linear,
    outer: Linear,
    linear: Linear,
}

/// Projection of the text states: linear, GELU (tanh form), linear.
#[derive(Module, Debug)]
struct CaptionProjection {
    linear_1: Linear,
    linear_2: Linear,
}

/// Inputs of the blocks.
pub(crate) struct Head {
    /// Tokens.
    pub(crate) x: Tensor<3>,
    pub(crate) context: Context,
    /// Embedded times for the output layer.
    pub(crate) embedded: Tensor<2>,
}

/// Intermediate results for comparison with recordings (see `model-parity`).
#[cfg_attr(not(feature = "parity"), expect(dead_code, reason = "only the comparison looks"))]
pub(crate) enum Seen<'a> {
    Tokens(&'a Tensor<3>),
    Text(&'a Tensor<3>),
    Times(&'a Modulation),
    SelfAttention(usize, &'a Tensor<3>),
    Block(usize, &'a Tensor<3>),
}

impl Transformer {
    /// Creates a transformer with random weights.
    ///
    /// # Errors
    /// An invalid configuration.
    pub fn new(config: &Config, device: &Device) -> Result<Self, Error> {
        config.check()?;
        let width = config.width();
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        let spread = Initializer::Normal {
            mean: 0.0,
            std: (width as f64).sqrt().recip(),
        };
        Ok(Self {
            proj_in: linear(config.in_channels, width),
            scale_shift_table: spread.init([2, width], device),
            time_embed: TimeModulation {
                inner: linear(SINUSOIDS, width),
                outer: linear(width, width),
                linear: linear(width, 6 * width),
            },
            caption_projection: CaptionProjection {
                linear_1: linear(config.caption_channels, width),
                linear_2: linear(width, width),
            },
            transformer_blocks: (0..config.num_layers).map(|_| Block::new(config, device)).collect(),
            proj_out: linear(width, config.out_channels),
        })
    }

    /// Adds new adapters to the layers that `lora` names and freezes all other parameters. The output does not change
    /// until the adapters are trained.
    ///
    /// # Errors
    /// Invalid LoRA settings.
    pub fn adapted(self, lora: &Lora, device: &Device) -> Result<Self, Error> {
        lora.check()?;
        let scale = AdapterScale {
            rank: lora.rank,
            scale: lora.alpha / lora.rank as f64,
        };
        Ok(self.adapted_by(&|layer| lora.covers(layer).then_some(scale), device))
    }

    /// [`Self::adapted`] on the layers for which `chosen` returns rank and scale by their published names.
    pub(crate) fn adapted_by(self, chosen: &dyn Fn(&str) -> Option<AdapterScale>, device: &Device) -> Self {
        let mut model = self.no_grad();
        let blocks = std::mem::take(&mut model.transformer_blocks).into_iter().enumerate();
        let adapt = |(i, block): (usize, Block)| {
            block.adapted(&|layer| chosen(&format!("transformer_blocks.{i}.{layer}")), device)
        };
        model.transformer_blocks = blocks.map(adapt).collect();
        model
    }

    /// Rank and scale of each adapter by the layer's published name.
    pub(crate) fn adapters(&self) -> BTreeMap<String, AdapterScale> {
        let blocks = self.transformer_blocks.iter().enumerate();
        let of_block = |(i, block): (usize, &Block)| {
            let layers = ADAPTED_LAYERS.into_iter().zip(block.layers());
            let named =
                layers.filter_map(|(name, layer)| Some((format!("transformer_blocks.{i}.{name}"), layer.adapter()?)));
            named.collect::<Vec<_>>()
        };
        blocks.flat_map(of_block).collect()
    }

    /// Returns the width of a token, for [`Rotary::new`].
    pub fn width(&self) -> usize {
        self.proj_in.weight.lazy_shape().dims::<2>()[1]
    }

    /// Returns the number of channels of the latents.
    pub fn channels(&self) -> usize {
        self.proj_in.weight.lazy_shape().dims::<2>()[0]
    }

    /// Predicts the velocity of the latents, noise − data: `[clips, tokens, channels]`, in f32.
    pub fn forward(&self, input: Input) -> Tensor<3> {
        self.forward_and(input, &mut |_| {})
    }

    pub(crate) fn forward_and(&self, input: Input, seen: &mut dyn FnMut(Seen<'_>)) -> Tensor<3> {
        let Head {
            mut x,
            context,
            embedded,
        } = self.head(input);
        seen(Seen::Tokens(&x));
        seen(Seen::Times(&context.modulation));
        seen(Seen::Text(&context.text));
        for (i, block) in self.transformer_blocks.iter().enumerate() {
            x = block.forward(x, &context, &mut |attended| seen(Seen::SelfAttention(i, attended)));
            seen(Seen::Block(i, &x));
        }
        self.tail(x, &context, embedded)
    }

    /// Computes everything before the blocks.
    pub(crate) fn head(&self, input: Input) -> Head {
        let dtype = self.proj_in.weight.val().dtype();
        let device = input.latents.device();
        let [clips, tokens, _] = input.latents.dims();
        let x = self.proj_in.forward(in_dtype(input.latents, dtype));
        let (modulation, embedded) = self.times(&input.timesteps, clips, tokens, &device);
        let text = &self.caption_projection;
        let text = text.linear_1.forward(in_dtype(input.text, dtype));
        let text = self.caption_projection.linear_2.forward(gelu_tanh(text));
        let text_bias = input.text_mask.map(|mask| {
            let bias = in_f32(mask).neg().add_scalar(1.0).mul_scalar(MASKED);
            in_dtype(bias.unsqueeze_dim::<3>(1).unsqueeze_dim::<4>(1), dtype)
        });
        let context = Context {
            modulation,
            rotary: input.rotary,
            text,
            text_bias,
        };
        Head { x, context, embedded }
    }

    /// Blocks, first to last.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.transformer_blocks
    }

    /// Computes everything after the blocks.
    pub(crate) fn tail(&self, x: Tensor<3>, context: &Context, embedded: Tensor<2>) -> Tensor<3> {
        let (dtype, device) = (x.dtype(), x.device());
        let last = Modulation {
            rows: embedded.unsqueeze_dim::<3>(1).repeat_dim(1, 2),
            ..context.modulation.clone()
        };
        let [shift, scale] = last.parts::<2>(in_f32(self.scale_shift_table.val()));
        let gamma = Tensor::ones([x.dims()[2]], (&device, DType::F32));
        let x = layer_norm(in_f32(x), gamma, None, EPSILON) * scale.add_scalar(1.0) + shift;
        in_f32(self.proj_out.forward(in_dtype(x, dtype)))
    }

    /// Modulation for the blocks and embedded times for the output layer, in f32. Each distinct time is embedded once.
    fn times(&self, timesteps: &Timesteps, clips: usize, tokens: usize, device: &Device) -> (Modulation, Tensor<2>) {
        let (distinct, of_token) = match timesteps {
            Timesteps::Clip(times) => (times.clone(), None),
            Timesteps::Token(times) => distinct(times, tokens),
        };
        let of_token = of_token.map(|of: Vec<i64>| Tensor::<1, Int>::from_data(of.as_slice(), device));
        let times: Vec<f32> = distinct.iter().map(|t| *t as f32).collect();
        let times = Tensor::<1>::from_data(times.as_slice(), (device, DType::F32));
        let dtype = self.proj_in.weight.val().dtype();
        let embed = &self.time_embed;
        let sinusoids = in_dtype(sinusoidal_steps(times, SINUSOIDS), dtype);
        let embedded = embed.outer.forward(silu(embed.inner.forward(sinusoids)));
        let rows = in_f32(embed.linear.forward(silu(embedded.clone())));
        let [count, all] = rows.dims();
        let modulation = Modulation {
            rows: rows.reshape([count, 6, all / 6]),
            of_token,
            clips,
        };
        (modulation, in_f32(embedded))
    }
}

/// Returns the distinct times and the index of each token's time, or one time per clip if all tokens of each clip share
/// theirs.
fn distinct(times: &[f64], tokens: usize) -> (Vec<f64>, Option<Vec<i64>>) {
    let uniform = |clip: &[f64]| clip.iter().all(|t| *t == clip[0]);
    if times.chunks(tokens).all(uniform) {
        return (times.iter().step_by(tokens).copied().collect(), None);
    }
    let mut found: Vec<f64> = Vec::new();
    let index = |t: &f64| match found.iter().position(|f| f == t) {
        Some(i) => i as i64,
        None => {
            found.push(*t);
            (found.len() - 1) as i64
        }
    };
    let of_token = times.iter().map(index).collect();
    (found, Some(of_token))
}
