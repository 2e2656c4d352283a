//! Multi-head self-attention whose query, key and value come from one matrix product.
//!
//! Burn's `MultiHeadAttention` multiplies the same input three times; at the small widths that train on a CPU, one wide
//! product is faster.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Tensor};

/// Configuration of [`SelfAttention`].
#[derive(Config, Debug)]
pub struct SelfAttentionConfig {
    /// Width of a token.
    pub width: usize,
    /// Number of heads; divides the width.
    pub heads: usize,
}

impl SelfAttentionConfig {
    /// Creates a layer with random weights.
    pub fn init(&self, device: &Device) -> SelfAttention {
        SelfAttention {
            qkv: LinearConfig::new(self.width, 3 * self.width).init(device),
            out: LinearConfig::new(self.width, self.width).init(device),
            heads: self.heads,
        }
    }
}

/// Multi-head self-attention without a mask (Vaswani et al. 2017, eq. 1, section 3.2.2).
///
/// Computes softmax(Q Kᵀ / √d_head) V for each head, concatenates the heads and applies a linear map.
#[derive(Module, Debug)]
pub struct SelfAttention {
    qkv: Linear,
    out: Linear,
    heads: usize,
}

impl SelfAttention {
    /// Applies the layer to `[batch, tokens, width]`; the shape is kept.
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
/// Largest number of attention scores held at once (a quarter of a gigabyte in f32).
const SCORES: usize = 1 << 26;

/// Computes softmax(`scale` · Q Kᵀ + bias) V for each head (Vaswani et al. 2017, eq. 1).
///
/// Queries are `[batch, heads, queries, d]`, keys `[batch, heads, keys, d]`, values `[batch, heads, keys, v]`; the bias
/// broadcasts to `[batch, heads, queries, keys]` (a mask is a bias of large negative numbers).
///
/// Without autodiff this is Burn's own attention, which does not hold all scores at once. In training the scores are
/// held; where there would be more than 2²⁶ of them, the queries are processed in blocks.
pub fn scaled_dot_product(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    bias: Option<Tensor<4>>,
    scale: f64,
) -> Tensor<4> {
    if queries.device().is_autodiff() {
        return blockwise(queries, keys, values, bias, scale, SCORES);
    }
    let (count, all) = (queries.dims()[2], keys.dims()[2]);
    // A bias shared by all heads and clips is broadcast without a copy; one shared by all queries is not.
    let bias = bias.map(|bias| {
        let [batch, heads, ..] = bias.dims();
        bias.expand([batch, heads, count, all])
    });
    let options = AttentionModuleOptions {
        scale: Some(scale),
        ..AttentionModuleOptions::default()
    };
    attention(queries, keys, values, None, bias, options)
}

fn blockwise(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, bias: Option<Tensor<4>>, scale: f64, most: usize) -> Tensor<4> {
    let [batch, heads, queries, _] = q.dims();
    let block = (most / (batch * heads * k.dims()[2]).max(1)).max(1);
    let keys = k.transpose();
    if block >= queries {
        return attend(q, keys, v, bias, scale);
    }
    let part = |start: usize| {
        let count = block.min(queries - start);
        let bias = bias.clone().map(|bias| match bias.dims()[2] {
            1 => bias,
            _ => bias.narrow(2, start, count),
        });
        attend(q.clone().narrow(2, start, count), keys.clone(), v.clone(), bias, scale)
    };
    Tensor::cat((0..queries).step_by(block).map(part).collect(), 2)
}

/// Attention with keys that are already transposed.
fn attend(q: Tensor<4>, keys: Tensor<4>, v: Tensor<4>, bias: Option<Tensor<4>>, scale: f64) -> Tensor<4> {
    let scores = match scale {
        1.0 => q.matmul(keys),
        _ => q.mul_scalar(scale).matmul(keys),
    };
    let scores = match bias {
        Some(bias) => scores + bias,
        None => scores,
    };
    softmax(scores, 3).matmul(v)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    #[test]
    fn blocks_of_queries_give_what_all_of_them_give() {
        let device = Device::flex();
        let random = |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let (q, k, v) = (random([2, 3, 7, 4]), random([2, 3, 5, 4]), random([2, 3, 5, 6]));
        for bias in [None, Some(random([2, 1, 1, 5])), Some(random([1, 3, 7, 5]))] {
            let whole = scaled_dot_product(q.clone(), k.clone(), v.clone(), bias.clone(), 0.5);
            let held = blockwise(q.clone(), k.clone(), v.clone(), bias.clone(), 0.5, usize::MAX);
            held.into_data()
                .assert_approx_eq::<f32>(&whole.to_data(), Tolerance::absolute(1e-6));
            assert_eq!(whole.dims(), [2, 3, 7, 6]);
            for most in [1, 60, 70, 10_000] {
                let parts = blockwise(q.clone(), k.clone(), v.clone(), bias.clone(), 0.5, most);
                parts
                    .into_data()
                    .assert_approx_eq::<f32>(&whole.to_data(), Tolerance::absolute(1e-6));
            }
        }
    }
}
