//! Transformer block: self-attention, cross-attention to the text, feed-forward.

use burn::module::{Module, Param};
use burn::nn::{Initializer, LinearConfig};
use burn::tensor::{Device, Int, Tensor};
use cpu_kernels::gelu_tanh;
use nn_kit::{AdaptedLinear, AdapterScale, in_dtype, rms_norm, scaled_dot_product};

use crate::config::Config;
use crate::rotary::Rotary;

/// Epsilon in the norms of the tokens.
const EPSILON: f64 = 1e-6;
/// Epsilon in the norms of queries and keys.
const QK_EPSILON: f64 = 1e-5;
/// Hidden width of the feed-forward part as a multiple of the token width.
const EXPANSION: usize = 4;

/// Modulation parameters (shifts, scales, gates) of the tokens: one row per clip, or one row per distinct time with an
/// index per token.
#[derive(Clone, Debug)]
pub(crate) struct Modulation {
    /// `[times, parts, width]`.
    pub(crate) rows: Tensor<3>,
    /// Index of each token's row, if the tokens of a clip have different times.
    pub(crate) of_token: Option<Tensor<1, Int>>,
    pub(crate) clips: usize,
}

impl Modulation {
    /// Adds a block's own table `[parts, width]` and returns the parts, each `[clips, 1 or tokens, width]`.
    pub(crate) fn parts<const N: usize>(&self, table: Tensor<2>) -> [Tensor<3>; N] {
        let rows = self.rows.clone() + table.unsqueeze_dim(0);
        let [times, _, width] = rows.dims();
        std::array::from_fn(|part| {
            let part = rows.clone().narrow(1, part, 1).reshape([times, width]);
            match &self.of_token {
                Some(of_token) => {
                    let tokens = of_token.dims()[0] / self.clips;
                    part.select(0, of_token.clone()).reshape([self.clips, tokens, width])
                }
                None => part.unsqueeze_dim(1),
            }
        })
    }
}

/// Block of the transformer.
///
/// With (shift, scale, gate) for attention and for the feed-forward part computed from the time, and RMS a norm without
/// weights:
///
/// x ← x + gate₁ · SelfAttention(RMS(x) · (1 + scale₁) + shift₁)
/// x ← x + CrossAttention(x, text)
/// x ← x + gate₂ · MLP(RMS(x) · (1 + scale₂) + shift₂)
#[derive(Module, Debug)]
pub struct Block {
    scale_shift_table: Param<Tensor<2>>,
    attn1: LtxAttention,
    attn2: LtxAttention,
    ff: FeedForward,
}

/// Attention whose queries and keys are normalized over all heads together.
#[derive(Module, Debug)]
struct LtxAttention {
    norm_q: Param<Tensor<1>>,
    norm_k: Param<Tensor<1>>,
    to_q: AdaptedLinear,
    to_k: AdaptedLinear,
    to_v: AdaptedLinear,
    to_out: AdaptedLinear,
    heads: usize,
}

/// Linear, GELU (tanh form), linear.
#[derive(Module, Debug)]
struct FeedForward {
    up: AdaptedLinear,
    down: AdaptedLinear,
}

/// Inputs of all blocks besides the tokens.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) modulation: Modulation,
    pub(crate) rotary: Rotary,
    /// Projected text `[clips, tokens, width]`.
    pub(crate) text: Tensor<3>,
    /// Attention bias that masks padding, `[clips, 1, 1, tokens]`.
    pub(crate) text_bias: Option<Tensor<4>>,
}

impl Block {
    pub(crate) fn new(config: &Config, device: &Device) -> Self {
        let width = config.width();
        let linear = |from, to| AdaptedLinear::new(&LinearConfig::new(from, to), device);
        let attention = || LtxAttention {
            norm_q: Initializer::Ones.init([width], device),
            norm_k: Initializer::Ones.init([width], device),
            to_q: linear(width, width),
            to_k: linear(width, width),
            to_v: linear(width, width),
            to_out: linear(width, width),
            heads: config.num_attention_heads,
        };
        let spread = Initializer::Normal {
            mean: 0.0,
            std: (width as f64).sqrt().recip(),
        };
        Self {
            scale_shift_table: spread.init([6, width], device),
            attn1: attention(),
            attn2: attention(),
            ff: FeedForward {
                up: linear(width, EXPANSION * width),
                down: linear(EXPANSION * width, width),
            },
        }
    }

    /// Adds adapters to the layers for which `chosen` returns rank and scale by their names in the block.
    pub(crate) fn adapted(mut self, chosen: &dyn Fn(&str) -> Option<AdapterScale>, device: &Device) -> Self {
        let adapt = |name: &str, linear: AdaptedLinear| match chosen(name) {
            Some(scale) => linear.adapted(scale, device),
            None => linear,
        };
        let attention = |part: &str, a: LtxAttention| LtxAttention {
            to_q: adapt(&format!("{part}.to_q"), a.to_q),
            to_k: adapt(&format!("{part}.to_k"), a.to_k),
            to_v: adapt(&format!("{part}.to_v"), a.to_v),
            to_out: adapt(&format!("{part}.to_out.0"), a.to_out),
            ..a
        };
        self.attn1 = attention("attn1", self.attn1);
        self.attn2 = attention("attn2", self.attn2);
        self.ff = FeedForward {
            up: adapt("ff.net.0.proj", self.ff.up),
            down: adapt("ff.net.2", self.ff.down),
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

    /// Applies the block to tokens; `seen` is called with the output of self-attention.
    pub(crate) fn forward(&self, x: Tensor<3>, context: &Context, seen: &mut dyn FnMut(&Tensor<3>)) -> Tensor<3> {
        let table = in_dtype(self.scale_shift_table.val(), context.modulation.rows.dtype());
        let parts = context.modulation.parts::<6>(table);
        let [shift, scale, gate, shift_ff, scale_ff, gate_ff] = parts.map(|part| in_dtype(part, x.dtype()));
        let attended = self
            .attn1
            .forward(modulated(&x, scale, shift), None, Some(&context.rotary), None);
        seen(&attended);
        let x = x + attended * gate;
        let text = Some(context.text.clone());
        let x = x.clone() + self.attn2.forward(x, text, None, context.text_bias.clone());
        let hidden = gelu_tanh(self.ff.up.forward(modulated(&x, scale_ff, shift_ff)));
        x + self.ff.down.forward(hidden) * gate_ff
    }
}

fn modulated(x: &Tensor<3>, scale: Tensor<3>, shift: Tensor<3>) -> Tensor<3> {
    rms_norm(x.clone(), None, EPSILON) * scale.add_scalar(1.0) + shift
}

impl LtxAttention {
    fn forward(
        &self,
        x: Tensor<3>,
        other: Option<Tensor<3>>,
        rotary: Option<&Rotary>,
        bias: Option<Tensor<4>>,
    ) -> Tensor<3> {
        let source = other.unwrap_or_else(|| x.clone());
        let q = rms_norm(self.to_q.forward(x), Some(self.norm_q.val()), QK_EPSILON);
        let k = rms_norm(self.to_k.forward(source.clone()), Some(self.norm_k.val()), QK_EPSILON);
        let v = self.to_v.forward(source);
        let (q, k) = match rotary {
            Some(rotary) => (rotary.turn(q), rotary.turn(k)),
            None => (q, k),
        };
        let [batch, tokens, width] = q.dims();
        let head = width / self.heads;
        let split = |x: Tensor<3>| {
            let tokens = x.dims()[1];
            x.reshape([batch, tokens, self.heads, head]).swap_dims(1, 2)
        };
        let mixed = scaled_dot_product(split(q), split(k), split(v), bias, (head as f64).sqrt().recip());
        self.to_out
            .forward(mixed.swap_dims(1, 2).reshape([batch, tokens, width]))
    }
}
