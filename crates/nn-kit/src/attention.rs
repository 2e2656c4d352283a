//! Multi-head self-attention whose query, key and value come from one product.
//!
//! Burn's `MultiHeadAttention` makes three products of the same input; at the small widths that train on a CPU one wide
//! product is the faster form.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

/// Makes [`SelfAttention`].
#[derive(Config, Debug)]
pub struct SelfAttentionConfig {
    /// Width of a token.
    pub width: usize,
    /// Number of heads; divides the width.
    pub heads: usize,
}

impl SelfAttentionConfig {
    /// A layer with random weights.
    pub fn init(&self, device: &Device) -> SelfAttention {
        SelfAttention {
            qkv: LinearConfig::new(self.width, 3 * self.width).init(device),
            out: LinearConfig::new(self.width, self.width).init(device),
            heads: self.heads,
        }
    }
}

/// Scaled dot-product attention of every token to every token (Vaswani et al. 2017, eq. 1, section 3.2.2):
/// softmax(Q Kᵀ / √d_head) V for each head, heads concatenated, then a linear map. No mask: all tokens of a batch are
/// real.
#[derive(Module, Debug)]
pub struct SelfAttention {
    qkv: Linear,
    out: Linear,
    heads: usize,
}

impl SelfAttention {
    /// `[batch, tokens, width]` to the same shape.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let head = width / self.heads;
        // [batch, tokens, 3, heads, head] → [3, batch, heads, tokens, head]
        let qkv = self
            .qkv
            .forward(x)
            .reshape([batch, tokens, 3, self.heads, head])
            .permute([2, 0, 3, 1, 4]);
        let part = |i| qkv.clone().narrow(0, i, 1).squeeze_dim::<4>(0);
        let scores = part(0).matmul(part(1).transpose()).div_scalar((head as f64).sqrt());
        let mixed = softmax(scores, 3).matmul(part(2));
        self.out.forward(mixed.swap_dims(1, 2).reshape([batch, tokens, width]))
    }
}
