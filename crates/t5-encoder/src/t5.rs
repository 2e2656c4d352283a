//! T5 encoder network, versions 1.0 (ReLU) and 1.1 (gated GELU).
//!
//! Source: Raffel et al. 2020, section 2.1; Shazeer 2020 (gated units). Fields have the published parameter names where
//! the two versions agree.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use cpu_kernels::gelu_tanh;
use nn_kit::{
    Checkpoint, KeyMap, in_dtype, in_f32, published_shapes, published_values, rms_norm, save_safetensors,
    scaled_dot_product,
};
use serde::{Deserialize, Serialize};

use crate::bias::buckets;
use crate::error::Error;

/// Bias on masked scores before the softmax; its exponential is zero.
const MASKED: f64 = -1e9;

/// Key map from [`Encoder`] to the names in published checkpoints.
const NAMES: &KeyMap = &[
    (
        "relative_bias",
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    ),
    ("final_layer_norm", "encoder.final_layer_norm.weight"),
    ("block.", "encoder.block."),
    ("encoder.encoder.block.", "encoder.block."),
    ("attention_norm", "layer.0.layer_norm.weight"),
    ("attention.", "layer.0.SelfAttention."),
    ("dense_norm", "layer.1.layer_norm.weight"),
    ("dense.", "layer.1.DenseReluDense."),
];

/// Prefixes of tensors in complete T5 models that the encoder does not use; the last is a second copy of the
/// embeddings.
const BESIDE: [&str; 3] = ["decoder.", "lm_head.", "encoder.embed_tokens."];

/// Configuration of an [`Encoder`], named as in the published `config.json`; the defaults are those of T5 v1.1 XXL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Number of tokens.
    pub vocab_size: usize,
    /// Width of a token.
    pub d_model: usize,
    /// Width of an attention head; heads times this need not equal `d_model`.
    pub d_kv: usize,
    /// Width of the hidden layers.
    pub d_ff: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Number of attention heads.
    pub num_heads: usize,
    /// Number of buckets of relative positions, for both directions together.
    pub relative_attention_num_buckets: usize,
    /// Distance from which on all positions share a bucket.
    pub relative_attention_max_distance: usize,
    /// Activation of the hidden layers.
    pub feed_forward_proj: Activation,
    /// Epsilon in the norms.
    pub layer_norm_epsilon: f64,
}

/// Activation of the hidden layer of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Version 1.0: ReLU.
    Relu,
    /// Version 1.1: GELU (tanh form) of one linear map times another.
    GatedGelu,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vocab_size: 32_128,
            d_model: 4096,
            d_kv: 64,
            d_ff: 10_240,
            num_layers: 24,
            num_heads: 64,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            feed_forward_proj: Activation::GatedGelu,
            layer_norm_epsilon: 1e-6,
        }
    }
}

impl Config {
    /// Configuration of T5 11B version 1.0, the encoder of Cosmos-Predict1.
    pub fn t5_11b() -> Self {
        Self {
            d_model: 1024,
            d_kv: 128,
            d_ff: 65_536,
            num_heads: 128,
            feed_forward_proj: Activation::Relu,
            ..Self::default()
        }
    }

    /// Reads the encoder's configuration from a folder that contains `text_encoder/`.
    ///
    /// # Errors
    /// A configuration file that is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(nn_kit::settings::read(&folder.join("text_encoder/config.json"))?)
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |setting: &'static str, found: String, expected: &'static str| {
            Err(Error::Config {
                setting,
                found,
                expected,
            })
        };
        for (setting, found) in [
            ("vocab_size", self.vocab_size),
            ("d_model", self.d_model),
            ("d_kv", self.d_kv),
            ("d_ff", self.d_ff),
            ("num_layers", self.num_layers),
            ("num_heads", self.num_heads),
        ] {
            if found == 0 {
                return refuse(setting, "0".into(), "at least 1");
            }
        }
        let buckets = self.relative_attention_num_buckets;
        if buckets < 4 || !buckets.is_multiple_of(2) {
            return refuse(
                "relative_attention_num_buckets",
                buckets.to_string(),
                "an even number from 4",
            );
        }
        if self.relative_attention_max_distance <= buckets / 4 {
            let found = self.relative_attention_max_distance.to_string();
            return refuse(
                "relative_attention_max_distance",
                found,
                "more than a quarter of the buckets",
            );
        }
        if !(self.layer_norm_epsilon.is_finite() && self.layer_norm_epsilon >= 0.0) {
            return refuse(
                "layer_norm_epsilon",
                self.layer_norm_epsilon.to_string(),
                "a number from 0",
            );
        }
        Ok(())
    }
}

/// Returns the published parameter names and shapes of an encoder, without allocating it.
pub fn shapes(config: &Config) -> BTreeMap<String, Vec<usize>> {
    published_shapes(&Encoder::new(config, &Device::default()), NAMES)
}

/// T5 encoder. Attention scores are not scaled by the head width (the published weights include the scale), and all
/// blocks share one table of relative positions.
#[derive(Module, Debug)]
pub struct Encoder {
    shared: Embedding,
    relative_bias: Param<Tensor<2>>,
    block: Vec<Block>,
    final_layer_norm: Param<Tensor<1>>,
    buckets: usize,
    max_distance: usize,
    heads: usize,
    epsilon: f64,
}

/// Block of the encoder: x ← x + Attention(RMS(x)); x ← x + Dense(RMS(x)).
#[derive(Module, Debug)]
pub(crate) struct Block {
    pub(crate) attention_norm: Param<Tensor<1>>,
    pub(crate) attention: Attention,
    pub(crate) dense_norm: Param<Tensor<1>>,
    pub(crate) dense: Dense,
}

#[derive(Module, Debug)]
pub(crate) struct Attention {
    pub(crate) q: Linear,
    pub(crate) k: Linear,
    pub(crate) v: Linear,
    pub(crate) o: Linear,
}

/// Feed-forward part: linear, ReLU, linear; or gated, with the product of two linear maps.
#[derive(Module, Debug)]
pub(crate) struct Dense {
    pub(crate) wi: Option<Linear>,
    pub(crate) wi_0: Option<Linear>,
    pub(crate) wi_1: Option<Linear>,
    pub(crate) wo: Linear,
}

impl Encoder {
    /// Creates an encoder with random weights; `config` must pass [`Config::check`].
    pub fn new(config: &Config, device: &Device) -> Self {
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let linear = |from, to| LinearConfig::new(from, to).with_bias(false).init(device);
        let gated = config.feed_forward_proj == Activation::GatedGelu;
        let ones = || Initializer::Ones.init([width], device);
        let block = |_| Block {
            attention_norm: ones(),
            attention: Attention {
                q: linear(width, inner),
                k: linear(width, inner),
                v: linear(width, inner),
                o: linear(inner, width),
            },
            dense_norm: ones(),
            dense: Dense {
                wi: (!gated).then(|| linear(width, config.d_ff)),
                wi_0: gated.then(|| linear(width, config.d_ff)),
                wi_1: gated.then(|| linear(width, config.d_ff)),
                wo: linear(config.d_ff, width),
            },
        };
        let spread = Initializer::Normal { mean: 0.0, std: 1.0 };
        Self {
            shared: EmbeddingConfig::new(config.vocab_size, width).init(device),
            relative_bias: spread.init([config.relative_attention_num_buckets, config.num_heads], device),
            block: (0..config.num_layers).map(block).collect(),
            final_layer_norm: ones(),
            buckets: config.relative_attention_num_buckets,
            max_distance: config.relative_attention_max_distance,
            heads: config.num_heads,
            epsilon: config.layer_norm_epsilon,
        }
    }

    /// Loads the weights of a published checkpoint under `prefix`. Weights of a decoder are ignored.
    ///
    /// # Errors
    /// An invalid configuration; tensors that are missing, left over, of another shape or not finite, each by name.
    pub fn load(
        config: &Config,
        checkpoint: Checkpoint,
        prefix: &str,
        dtype: FloatDType,
        device: &Device,
    ) -> Result<Self, Error> {
        config.check()?;
        Self::load_weights(Self::new(config, device), checkpoint, prefix, dtype)
    }

    /// Checks configuration, names and shapes as [`Self::load`] does.
    pub(crate) fn check(config: &Config, checkpoint: Checkpoint) -> Result<(), Error> {
        config.check()?;
        let checkpoint = checkpoint.without(&BESIDE);
        Ok(checkpoint.check(&Self::new(config, &Device::default()), "", NAMES)?)
    }

    pub(crate) fn load_weights(
        model: Self,
        checkpoint: Checkpoint,
        prefix: &str,
        dtype: FloatDType,
    ) -> Result<Self, Error> {
        let beside = BESIDE.map(|name| format!("{prefix}{name}"));
        let checkpoint = checkpoint.without(&beside.each_ref().map(String::as_str));
        Ok(checkpoint.load_weights_as(model, prefix, NAMES, dtype)?)
    }

    /// Writes all weights under their published names.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        save_safetensors(path, &published_values(self, NAMES))
    }

    /// Returns the number of tokens that have an embedding.
    pub fn vocabulary(&self) -> usize {
        self.shared.weight.lazy_shape().dims::<2>()[0]
    }

    /// Returns the attention bias of relative positions, `[1, heads, tokens, tokens]`.
    pub fn position_bias(&self, tokens: usize) -> Tensor<4> {
        let device = self.relative_bias.lazy_device();
        let buckets = buckets(tokens, self.buckets, self.max_distance);
        let buckets = Tensor::<1, Int>::from_data(TensorData::new(buckets, [tokens * tokens]), &device);
        let bias = self.relative_bias.val().select(0, buckets);
        bias.reshape([1, tokens, tokens, self.heads]).permute([0, 3, 1, 2])
    }

    /// Encodes tokens `[batch, tokens]` (each below [`Self::vocabulary`]) as states `[batch, tokens, width]`. With a
    /// mask of the same shape (1 for tokens, 0 for padding), padding is not attended to; some published models use no
    /// mask.
    pub fn forward(&self, tokens: Tensor<2, Int>, mask: Option<Tensor<2>>) -> Tensor<3> {
        self.forward_and(tokens, mask, &mut |_, _| {})
    }

    /// [`Self::forward`] that reports the states after each block.
    pub(crate) fn forward_and(
        &self,
        tokens: Tensor<2, Int>,
        mask: Option<Tensor<2>>,
        seen: &mut dyn FnMut(usize, &Tensor<3>),
    ) -> Tensor<3> {
        let (mut x, bias) = self.begin(tokens, mask);
        for (i, block) in self.block.iter().enumerate() {
            x = self.through(block, x, bias.clone());
            seen(i, &x);
        }
        self.end(x)
    }

    /// Embeds the tokens; also returns the bias on all attention scores.
    pub(crate) fn begin(&self, tokens: Tensor<2, Int>, mask: Option<Tensor<2>>) -> (Tensor<3>, Tensor<4>) {
        let x = self.shared.forward(tokens);
        let bias = self.position_bias(x.dims()[1]);
        let bias = match mask {
            Some(mask) => {
                let masked = in_f32(mask).neg().add_scalar(1.0).mul_scalar(MASKED);
                in_dtype(
                    in_f32(bias) + masked.unsqueeze_dim::<3>(1).unsqueeze_dim::<4>(1),
                    x.dtype(),
                )
            }
            None => bias,
        };
        (x, bias)
    }

    /// Applies a block, which need not belong to this encoder.
    pub(crate) fn through(&self, block: &Block, x: Tensor<3>, bias: Tensor<4>) -> Tensor<3> {
        block.forward(x, bias, self.heads, self.epsilon)
    }

    /// Applies the final norm.
    pub(crate) fn end(&self, x: Tensor<3>) -> Tensor<3> {
        rms_norm(x, Some(self.final_layer_norm.val()), self.epsilon)
    }
}

impl Block {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, heads: usize, epsilon: f64) -> Tensor<3> {
        let normed = rms_norm(x.clone(), Some(self.attention_norm.val()), epsilon);
        let x = x + self.attention.forward(normed, bias, heads);
        let normed = rms_norm(x.clone(), Some(self.dense_norm.val()), epsilon);
        x + self.dense.forward(normed)
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, heads: usize) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let split = |x: Tensor<3>| {
            let head = x.dims()[2] / heads;
            x.reshape([batch, tokens, heads, head]).swap_dims(1, 2)
        };
        let (q, k) = (split(self.q.forward(x.clone())), split(self.k.forward(x.clone())));
        let mixed = scaled_dot_product(q, k, split(self.v.forward(x)), Some(bias), 1.0).swap_dims(1, 2);
        let inner = mixed.dims()[2] * mixed.dims()[3];
        self.o.forward(mixed.reshape([batch, tokens, inner]))
    }
}

impl Dense {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let hidden = match (&self.wi, &self.wi_0, &self.wi_1) {
            (None, Some(gate), Some(wi)) => gelu_tanh(gate.forward(x.clone())) * wi.forward(x),
            (Some(wi), ..) => relu(wi.forward(x)),
            _ => x,
        };
        self.wo.forward(hidden)
    }
}
