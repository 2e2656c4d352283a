//! Multi-head self-attention whose query, key and value come from one product.
//!
//! Burn's `MultiHeadAttention` makes three products of the same input; at the small widths that train on a CPU one wide
//! product is the faster form.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
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
/// Scores held at once, at most (a quarter of a gigabyte in f32).
const SCORES: usize = 1 << 26;

/// softmax(`scale` · Q Kᵀ + bias) V for each head (Vaswani et al. 2017, eq. 1), for queries `[batch, heads, queries, d]`,
/// keys `[batch, heads, keys, d]`, values `[batch, heads, keys, v]` and a bias that broadcasts to
/// `[batch, heads, queries, keys]` (a mask is a bias of large negative numbers).
///
/// Burn's own attention, which does not hold all scores at once, wherever nothing is differentiated. In training the scores
/// are held; where they would be more than 2²⁶ numbers, queries, which are independent of one another, are taken in blocks.
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
    // One bias for all heads and clips is read without a copy for each, one for all queries is not.
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

/// With the keys transposed.
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
