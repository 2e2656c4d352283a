//! Positions of tokens: rotary angles for queries and keys, and learned vectors added to the tokens.
//!
//! The rotary embedding (Su et al. 2021) splits a head's width d into three parts for time, height and width: d_h = d_w
//! = 2 · ⌊d / 6⌋, d_t = d − d_h − d_w. Within a part of width p the i-th frequency is (10⁴ · s^(p/(p−2)))^(−2i/p),
//! where s is `rope_scale` ("NTK-aware" stretching). Channel j of the first half of a head is rotated with channel j of
//! the second half; time is counted in units of 1/24 s if the frame rate is known.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use nn_kit::{in_dtype, in_f32};

use crate::config::Config;

/// Base of the frequencies, before stretching.
const THETA: f64 = 10_000.0;
/// The frame rate at which a latent frame's position is its index.
const BASE_FPS: f32 = 24.0;
/// Epsilon, added to the RMS of a learned position.
const EPSILON: f64 = 1e-6;
/// Epsilon, added to the square of a learned position.
const TINY: f64 = 1e-24;

/// Cosines and sines of the rotary angles of every token, `[tokens, head / 2]`, in f32.
#[derive(Clone, Debug)]
pub struct Rotary {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl Rotary {
    /// Computes the rotations for a grid of tokens in time, height and width. `fps` is the frame rate of the clip, if
    /// positions in time depend on it.
    pub fn new(config: &Config, tokens: [usize; 3], fps: Option<f64>, device: &Device) -> Self {
        let head = config.attention_head_dim;
        let side = head / 6 * 2;
        let parts = [head - 2 * side, side, side];
        // In single precision, as the published models compute it.
        let frequencies: Vec<Vec<f32>> = (0..3)
            .map(|axis| {
                let part = parts[axis] as f64;
                let stretched = THETA * config.rope_scale[axis].powf(part / (part - 2.0));
                let frequency = |i: usize| 1.0 / (stretched as f32).powf((2 * i) as f32 / part as f32);
                (0..parts[axis] / 2).map(frequency).collect()
            })
            .collect();
        let time = |t: usize| fps.map_or(t as f32, |fps| t as f32 / fps as f32 * BASE_FPS);
        let [frames, rows, columns] = tokens;
        let mut angles = Vec::with_capacity(frames * rows * columns * head / 2);
        for t in 0..frames {
            for y in 0..rows {
                for x in 0..columns {
                    let places = [time(t), y as f32, x as f32];
                    for (place, frequencies) in places.into_iter().zip(&frequencies) {
                        angles.extend(frequencies.iter().map(|f| place * f));
                    }
                }
            }
        }
        let table = |f: fn(f32) -> f32| {
            let values: Vec<f32> = angles.iter().map(|angle| f(*angle)).collect();
            Tensor::<1>::from_floats(values.as_slice(), device).reshape([frames * rows * columns, head / 2])
        };
        Self {
            cos: table(f32::cos),
            sin: table(f32::sin),
        }
    }

    /// Cosines, `[tokens, head]`; equal in both halves of a head.
    #[cfg(feature = "parity")]
    pub(crate) fn cos(&self) -> Tensor<2> {
        self.cos.clone().repeat_dim(1, 2)
    }

    /// Sines, `[tokens, head]`.
    #[cfg(feature = "parity")]
    pub(crate) fn sin(&self) -> Tensor<2> {
        self.sin.clone().repeat_dim(1, 2)
    }

    /// Rotates queries or keys `[batch, heads, tokens, head]`.
    pub(crate) fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let (dtype, half) = (x.dtype(), x.dims()[3] / 2);
        let x = in_f32(x);
        let (a, b) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let (cos, sin) = (self.cos.clone().unsqueeze::<4>(), self.sin.clone().unsqueeze::<4>());
        let first = a.clone() * cos.clone() - b.clone() * sin.clone();
        let second = b * cos + a * sin;
        in_dtype(Tensor::cat(vec![first, second], 3), dtype)
    }
}

/// Learned position embedding: one vector each for a token's time, row and column, summed and divided by the root mean
/// square (+ 10⁻⁶). It is added to the tokens before every block.
#[derive(Module, Debug)]
pub struct LearnedTables {
    pos_emb_t: Param<Tensor<2>>,
    pos_emb_h: Param<Tensor<2>>,
    pos_emb_w: Param<Tensor<2>>,
}

impl LearnedTables {
    pub(crate) fn new(config: &Config, device: &Device) -> Self {
        let table = |axis: usize| {
            let places = config.max_size[axis] / config.patch_size[axis];
            Initializer::Zeros.init([places, config.width()], device)
        };
        Self {
            pos_emb_t: table(0),
            pos_emb_h: table(1),
            pos_emb_w: table(2),
        }
    }

    /// Returns the embedding, `[1, frames, rows · columns, width]`.
    pub(crate) fn forward(&self, tokens: [usize; 3]) -> Tensor<4> {
        let [frames, rows, columns] = tokens;
        let width = self.pos_emb_t.lazy_shape()[1];
        let part = |table: &Param<Tensor<2>>, count, shape: [usize; 4]| table.val().narrow(0, 0, count).reshape(shape);
        let sum = part(&self.pos_emb_t, frames, [frames, 1, 1, width])
            + part(&self.pos_emb_h, rows, [1, rows, 1, width])
            + part(&self.pos_emb_w, columns, [1, 1, columns, width]);
        let dtype = sum.dtype();
        let sum = in_f32(sum.reshape([1, frames, rows * columns, width]));
        // Too small to change any length; keeps the gradient of zero vectors finite.
        let square = sum.clone().square().mean_dim(3).add_scalar(TINY);
        let length = square.sqrt().add_scalar(EPSILON);
        in_dtype(sum / length, dtype)
    }
}
