//! T5 encoder with linear layers in 8 bits in host memory, a quarter of the size of f32.
//!
//! Each row w of a matrix (one output) is stored as round(w / s) with s = max |w| / 127, so no weight changes by more
//! than s / 2 ("absmax" quantization per row). One block at a time is converted to f32 on the device and computed
//! there; norms, embeddings and relative positions are not quantized. This is slow, but prompts are few and encoded
//! once.
//!
//! Source: Dettmers et al., *LLM.int8()*, 2022, section 2.1 (vector-wise quantization, of the weights only).

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use nn_kit::Checkpoint;
use rayon::prelude::*;

use crate::error::Error;
use crate::t5::{Activation, Attention, Block, Config, Dense, Encoder};

/// Suffixes of the names of the blocks' parameters.
const OF_BLOCKS: [&str; 10] = [
    ".q.weight",
    ".k.weight",
    ".v.weight",
    ".o.weight",
    ".wi.weight",
    ".wi_0.weight",
    ".wi_1.weight",
    ".wo.weight",
    "layer.0.layer_norm.weight",
    "layer.1.layer_norm.weight",
];

/// A quantized matrix of `[outputs, inputs]`.
#[derive(Debug)]
struct Rows {
    values: Vec<i8>,
    scales: Vec<f32>,
    inputs: usize,
}

impl Rows {
    fn new(weights: &[f32], inputs: usize) -> Self {
        let rows = weights.par_chunks_exact(inputs.max(1));
        let scale = |row: &[f32]| row.iter().fold(0.0_f32, |most, w| most.max(w.abs())) / 127.0;
        let scales: Vec<f32> = rows.clone().map(scale).collect();
        let mut values = vec![0; weights.len()];
        let parts = values.par_chunks_exact_mut(inputs.max(1)).zip(rows).zip(&scales);
        parts.for_each(|((values, row), scale)| {
            let inverse = if *scale > 0.0 { scale.recip() } else { 0.0 };
            for (value, w) in values.iter_mut().zip(row) {
                *value = (w * inverse).round().clamp(-127.0, 127.0) as i8;
            }
        });
        Self { values, scales, inputs }
    }

    fn weights(&self) -> Vec<f32> {
        let mut weights = vec![0.0; self.values.len()];
        let rows = weights.par_chunks_exact_mut(self.inputs.max(1));
        let rows = rows
            .zip(self.values.par_chunks_exact(self.inputs.max(1)))
            .zip(&self.scales);
        rows.for_each(|((weights, values), scale)| {
            for (weight, value) in weights.iter_mut().zip(values) {
                *weight = f32::from(*value) * scale;
            }
        });
        weights
    }

    fn linear(&self, device: &Device) -> Linear {
        let data = TensorData::new(self.weights(), [self.scales.len(), self.inputs]);
        Linear {
            weight: Param::from_tensor(Tensor::<2>::from_data(data, device).transpose()),
            bias: None,
        }
    }

    fn bytes(&self) -> usize {
        self.values.len() + 4 * self.scales.len()
    }
}

#[derive(Debug)]
struct Int8Block {
    attention_norm: TensorData,
    /// Matrices of queries, keys, values and output.
    attention: [Rows; 4],
    dense_norm: TensorData,
    /// Input matrices of the feed-forward part: one, or two if gated.
    inner: Vec<Rows>,
    outer: Rows,
}

impl Int8Block {
    fn on(&self, device: &Device) -> Block {
        let norm = |data: &TensorData| Param::from_tensor(Tensor::<1>::from_data(data.clone(), device));
        let [q, k, v, o] = self.attention.each_ref().map(|rows| rows.linear(device));
        let gated = self.inner.len() == 2;
        let inner = |i: usize| self.inner[i].linear(device);
        Block {
            attention_norm: norm(&self.attention_norm),
            attention: Attention { q, k, v, o },
            dense_norm: norm(&self.dense_norm),
            dense: Dense {
                wi: (!gated).then(|| inner(0)),
                wi_0: gated.then(|| inner(0)),
                wi_1: gated.then(|| inner(1)),
                wo: self.outer.linear(device),
            },
        }
    }
}

/// T5 encoder with linear layers quantized to 8 bits; see [`Encoder`] for the unquantized network.
#[derive(Debug)]
pub struct Int8Encoder {
    /// Encoder without blocks.
    rest: Encoder,
    blocks: Vec<Int8Block>,
    device: Device,
}

impl Int8Encoder {
    /// Loads the weights of a published checkpoint and quantizes the matrices one by one. Weights of a decoder are
    /// ignored.
    ///
    /// # Errors
    /// As [`Encoder::load`].
    pub fn load(config: &Config, checkpoint: Checkpoint, device: &Device) -> Result<Self, Error> {
        Encoder::check(config, checkpoint.clone())?;
        let checkpoint = checkpoint.rooted("shared.weight")?;
        let rows = |name: String| -> Result<Rows, Error> {
            let data = checkpoint.values(&name)?;
            let inputs = data.shape()[1];
            let weights = data.as_slice::<f32>().unwrap_or_default();
            Ok(Rows::new(weights, inputs))
        };
        let block = |i: usize| -> Result<Int8Block, Error> {
            let part = |name: &str| format!("encoder.block.{i}.layer.{name}.weight");
            let attention = |name: &str| rows(part(&format!("0.SelfAttention.{name}")));
            let dense = |name: &str| rows(part(&format!("1.DenseReluDense.{name}")));
            let inner: &[&str] = match config.feed_forward_proj {
                Activation::Relu => &["wi"],
                Activation::GatedGelu => &["wi_0", "wi_1"],
            };
            Ok(Int8Block {
                attention_norm: checkpoint.values(&part("0.layer_norm"))?,
                attention: [attention("q")?, attention("k")?, attention("v")?, attention("o")?],
                dense_norm: checkpoint.values(&part("1.layer_norm"))?,
                inner: inner.iter().map(|name| dense(name)).collect::<Result<_, _>>()?,
                outer: dense("wo")?,
            })
        };
        let blocks = (0..config.num_layers).map(block).collect::<Result<_, _>>()?;
        let empty = Config {
            num_layers: 0,
            ..config.clone()
        };
        let rest = checkpoint.clone().without_ends(&OF_BLOCKS);
        Ok(Self {
            rest: Encoder::load_weights(Encoder::new(&empty, device), rest, "", FloatDType::F32)?,
            blocks,
            device: device.clone(),
        })
    }

    /// Returns the number of tokens that have an embedding.
    pub fn vocabulary(&self) -> usize {
        self.rest.vocabulary()
    }

    /// Returns the size of the linear layers in bytes.
    pub fn bytes(&self) -> usize {
        let of = |block: &Int8Block| {
            let rows = block.attention.iter().chain(&block.inner).chain([&block.outer]);
            rows.map(Rows::bytes).sum::<usize>()
        };
        self.blocks.iter().map(of).sum()
    }

    /// Encodes tokens as [`Encoder::forward`] does.
    pub fn forward(&self, tokens: Tensor<2, Int>, mask: Option<Tensor<2>>) -> Tensor<3> {
        let (mut x, bias) = self.rest.begin(tokens, mask);
        for block in &self.blocks {
            x = self.rest.through(&block.on(&self.device), x, bias.clone());
        }
        self.rest.end(x)
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn no_weight_moves_by_more_than_half_a_step() {
        let weights: Vec<f32> = (0..60).map(|i| (i as f32 * 1.7).sin() * (1 + i / 20) as f32).collect();
        let rows = Rows::new(&weights, 20);
        assert_eq!(rows.bytes(), 60 + 4 * 3);
        for ((w, back), scale) in weights
            .iter()
            .zip(rows.weights())
            .zip(rows.scales.iter().flat_map(|s| [s; 20]))
        {
            assert!((w - back).abs() <= 0.5001 * scale, "{w} {back} {scale}");
        }
        // Rows of zeros are preserved.
        assert_eq!(Rows::new(&[0.0; 4], 2).weights(), [0.0; 4]);
    }
}
