//! Transformer block: self-attention, cross-attention to the prompt, feed-forward.

use burn::module::Module;
use burn::nn::{LinearConfig, RmsNorm, RmsNormConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};
use nn_kit::{AdaptedLinear, AdapterScale, scaled_dot_product};

use crate::config::Config;
use crate::modulation::{Modulation, Noise};
use crate::positions::Rotary;

/// Epsilon in the norms of queries and keys.
const EPSILON: f64 = 1e-5;
/// Number of modulation vectors: shift, scale and gate.
const PARTS: usize = 3;

/// A linear layer without bias that may carry an adapter.
fn linear(from: usize, to: usize, device: &Device) -> AdaptedLinear {
    AdaptedLinear::new(&LinearConfig::new(from, to).with_bias(false), device)
}

/// Multi-head attention whose queries and keys are RMS-normalized head by head.
#[derive(Module, Debug)]
struct Attention {
    to_q: AdaptedLinear,
    to_k: AdaptedLinear,
    to_v: AdaptedLinear,
    norm_q: RmsNorm,
    norm_k: RmsNorm,
    to_out: AdaptedLinear,
    heads: usize,
}

impl Attention {
    /// `source` is the width of the input of keys and values.
    fn new(config: &Config, source: usize, device: &Device) -> Self {
        let (width, head) = (config.width(), config.attention_head_dim);
        let norm = || RmsNormConfig::new(head).with_epsilon(EPSILON).init(device);
        Self {
            to_q: linear(width, width, device),
            to_k: linear(source, width, device),
            to_v: linear(source, width, device),
            norm_q: norm(),
            norm_k: norm(),
            to_out: linear(width, width, device),
            heads: config.num_attention_heads,
        }
    }

    /// Attends from `x` to `source`, or to `x` itself without one. `bias`, `[batch, 1, 1, keys]`, is added to the
    /// scores.
    fn forward(
        &self,
        x: Tensor<3>,
        source: Option<Tensor<3>>,
        rotary: Option<&Rotary>,
        bias: Option<Tensor<4>>,
    ) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let heads = |x: Tensor<3>| {
            let [batch, tokens, width] = x.dims();
            x.reshape([batch, tokens, self.heads, width / self.heads])
        };
        let source = source.unwrap_or_else(|| x.clone());
        let mut q = self.norm_q.forward(heads(self.to_q.forward(x))).swap_dims(1, 2);
        let mut k = self
            .norm_k
            .forward(heads(self.to_k.forward(source.clone())))
            .swap_dims(1, 2);
        let v = heads(self.to_v.forward(source)).swap_dims(1, 2);
        if let Some(rotary) = rotary {
            (q, k) = (rotary.turn(q), rotary.turn(k));
        }
        let scale = 1.0 / ((width / self.heads) as f64).sqrt();
        let mixed = scaled_dot_product(q, k, v, bias, scale);
        self.to_out
            .forward(mixed.swap_dims(1, 2).reshape([batch, tokens, width]))
    }
}

/// Linear, GELU (exact), linear.
#[derive(Module, Debug)]
struct FeedForward {
    up: AdaptedLinear,
    down: AdaptedLinear,
}

/// Inputs that all blocks share in one pass.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub noise: Noise,
    pub rotary: Rotary,
    /// Learned position embedding, `[1, frames, tokens, width]`.
    pub learned: Option<Tensor<4>>,
    /// Prompt embeddings, `[batch, words, width]`.
    pub text: Tensor<3>,
    /// Bias on the attention scores of the prompt's words, `[batch, 1, 1, words]`.
    pub text_bias: Option<Tensor<4>>,
}

/// Block of the transformer.
///
/// x ← x + learned positions, then for each part (self-attention, cross-attention to the prompt, feed-forward) x ← x +
/// gate · part(LN(x) · (1 + scale) + shift).
#[derive(Module, Debug)]
pub struct Block {
    norm1: Modulation,
    attn1: Attention,
    norm2: Modulation,
    attn2: Attention,
    norm3: Modulation,
    ff: FeedForward,
}

impl Block {
    pub(crate) fn new(config: &Config, device: &Device) -> Self {
        let width = config.width();
        let modulation = || Modulation::new(width, config.adaln_lora_dim, PARTS, device);
        Self {
            norm1: modulation(),
            attn1: Attention::new(config, width, device),
            norm2: modulation(),
            attn2: Attention::new(config, config.text_embed_dim, device),
            norm3: modulation(),
            ff: FeedForward {
                up: linear(width, config.hidden(), device),
                down: linear(config.hidden(), width, device),
            },
        }
    }

    /// Adds adapters to the layers for which `chosen` returns rank and scale by their names in the block.
    pub(crate) fn adapted(mut self, chosen: &dyn Fn(&str) -> Option<AdapterScale>, device: &Device) -> Self {
        let adapt = |name: String, layer: AdaptedLinear| match chosen(&name) {
            Some(scale) => layer.adapted(scale, device),
            None => layer,
        };
        let attention = |part: &str, a: Attention| Attention {
            to_q: adapt(format!("{part}.to_q"), a.to_q),
            to_k: adapt(format!("{part}.to_k"), a.to_k),
            to_v: adapt(format!("{part}.to_v"), a.to_v),
            to_out: adapt(format!("{part}.to_out.0"), a.to_out),
            ..a
        };
        self.attn1 = attention("attn1", self.attn1);
        self.attn2 = attention("attn2", self.attn2);
        self.ff = FeedForward {
            up: adapt("ff.net.0.proj".to_string(), self.ff.up),
            down: adapt("ff.net.2".to_string(), self.ff.down),
        };
        self
    }

    /// The layers that may carry adapters, in the order of [`nn_kit::ADAPTED_LAYERS`].
    pub(crate) fn layers(&self) -> [&AdaptedLinear; 10] {
        let (a, b) = (&self.attn1, &self.attn2);
        [
            &a.to_q,
            &a.to_k,
            &a.to_v,
            &a.to_out,
            &b.to_q,
            &b.to_k,
            &b.to_v,
            &b.to_out,
            &self.ff.up,
            &self.ff.down,
        ]
    }

    /// Applies the block to tokens `[batch, frames, tokens per frame, width]`; also returns the output of
    /// self-attention, `[batch, tokens, width]`.
    pub(crate) fn forward(&self, x: Tensor<4>, shared: &Shared) -> (Tensor<4>, Tensor<3>) {
        let shape = x.dims();
        let x = match &shared.learned {
            Some(learned) => x + learned.clone(),
            None => x,
        };
        let (h, gate) = self.norm1.forward(x.clone(), &shared.noise);
        let seen = self.attn1.forward(h.flatten(1, 2), None, Some(&shared.rotary), None);
        let x = x + gated(seen.clone().reshape(shape), gate);
        let (h, gate) = self.norm2.forward(x.clone(), &shared.noise);
        let text = Some(shared.text.clone());
        let told = self
            .attn2
            .forward(h.flatten(1, 2), text, None, shared.text_bias.clone());
        let x = x + gated(told.reshape(shape), gate);
        let (h, gate) = self.norm3.forward(x.clone(), &shared.noise);
        (x + gated(self.ff.down.forward(gelu(self.ff.up.forward(h))), gate), seen)
    }
}

fn gated(x: Tensor<4>, gate: Option<Tensor<4>>) -> Tensor<4> {
    match gate {
        Some(gate) => x * gate,
        None => x,
    }
}
