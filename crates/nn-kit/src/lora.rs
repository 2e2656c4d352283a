//! Low-rank adapters on linear layers.
//!
//! Source: Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, ICLR 2022, section 4.1.

use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor};

use crate::in_dtype;
use crate::load_weights::KeyMap;

/// Key map from [`AdaptedLinear`] to the names in published models and adapter files.
pub const LORA_NAMES: &KeyMap = &[(".base.", "."), (".lora.down.", ".lora_A."), (".lora.up.", ".lora_B.")];

/// Layers of a transformer block (self-attention, cross-attention to the text, feed-forward) that may carry an adapter,
/// under the names that LTX-Video and Cosmos-Predict1 use.
pub const ADAPTED_LAYERS: [&str; 10] = [
    "attn1.to_q",
    "attn1.to_k",
    "attn1.to_v",
    "attn1.to_out.0",
    "attn2.to_q",
    "attn2.to_k",
    "attn2.to_v",
    "attn2.to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
];

/// Returns true if a published name belongs to an adapter.
pub fn is_adapter(name: &str) -> bool {
    name.contains(".lora_A.") || name.contains(".lora_B.")
}

/// Rank and scale of one adapter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdapterScale {
    /// Rank.
    pub rank: usize,
    /// Factor of the adapter's output, alpha / rank.
    pub scale: f64,
}

/// A linear layer with an optional low-rank adapter (LoRA): y = W x + b + α/r · B A x.
///
/// Base and adapter may have different types, such as adapters in f32 on a base in bf16. The adapter is stored and
/// trained in its own type and computed in that of the input.
#[derive(Module, Debug)]
pub struct AdaptedLinear {
    base: Linear,
    lora: Option<Lora>,
}

#[derive(Module, Debug)]
struct Lora {
    down: Linear,
    up: Linear,
    scale: f64,
}

impl AdaptedLinear {
    /// Creates a layer with random weights and no adapter.
    pub fn new(config: &LinearConfig, device: &Device) -> Self {
        Self {
            base: config.init(device),
            lora: None,
        }
    }

    /// Adds a new adapter of this rank, whose output is multiplied by a scale (alpha / rank), and replaces any other: A
    /// is uniform, B is zero, so the output does not change at first. The base weights are frozen.
    #[must_use]
    pub fn adapted(self, AdapterScale { rank, scale }: AdapterScale, device: &Device) -> Self {
        let [from, to] = self.base.weight.lazy_shape().dims();
        let plain = |from, to| LinearConfig::new(from, to).with_bias(false);
        Self {
            base: self.base.no_grad(),
            lora: Some(Lora {
                down: plain(from, rank).init(device),
                up: plain(rank, to).with_initializer(Initializer::Zeros).init(device),
                scale,
            }),
        }
    }

    /// Rank and scale of the adapter, if there is one.
    pub fn adapter(&self) -> Option<AdapterScale> {
        let lora = self.lora.as_ref()?;
        let [_, rank] = lora.down.weight.lazy_shape().dims();
        Some(AdapterScale {
            rank,
            scale: lora.scale,
        })
    }

    /// Applies the layer along the last dimension.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match &self.lora {
            None => self.base.forward(x),
            Some(lora) => {
                let dtype = x.dtype();
                let weight = |layer: &Linear| in_dtype(layer.weight.val(), dtype);
                let low = linear(x.clone(), weight(&lora.down), None);
                let low = linear(low, weight(&lora.up), None);
                self.base.forward(x) + low.mul_scalar(lora.scale)
            }
        }
    }
}
