//! Conditioning: the given frames of a clip, the expectation between them, and the spread around it.
//!
//! With x₀ the clean latent of a frame, b its expectation from the given frames alone and s the spread of x₀ − b over
//! the training clips, the network N predicts x̂₀ = b + s N. It does not predict the noise, which fills all numbers of
//! a token and would not pass through a narrower transformer, while clean clips are simple (Li & He 2025, "Back to
//! basics"). The error is measured in units of the deviation c = t s / √v, v = (1 − t)² s² + t², of the best linear
//! estimate of x₀ from x = (1 − t) x₀ + t ε (Karras et al. 2022, section 5), so that all times have equal weight.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Endpoints that are given of a clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditioning {
    /// Whether the first frame is given.
    pub start: bool,
    /// Whether the last frame is given.
    pub end: bool,
}

impl Conditioning {
    /// Whether frame `frame` of `frames` is given.
    pub fn has(self, frame: usize, frames: usize) -> bool {
        (self.start && frame == 0) || (self.end && frame + 1 == frames)
    }

    /// Weights of the first and the last frame in the expectation of a frame: a cross-fade if both are given, the given
    /// one, or the mean image, whose latent is zero.
    fn shares(self, frame: usize, frames: usize) -> [f32; 2] {
        // Between the endpoints are groups, each represented by the middle of its frames.
        let at = ((frame as f32 - 0.5) / (frames - 2) as f32).clamp(0.0, 1.0);
        match (self.start, self.end) {
            (true, true) => [1.0 - at, at],
            (true, false) => [1.0, 0.0],
            (false, true) => [0.0, 1.0],
            (false, false) => [0.0, 0.0],
        }
    }
}

/// Spread of clean latents around their expectation, by the number of given endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spreads {
    /// No given endpoint.
    pub neither: f32,
    /// One given endpoint.
    pub one: f32,
    /// Both endpoints given.
    pub both: f32,
}

impl Spreads {
    /// The spread for a conditioning.
    pub fn of(&self, given: Conditioning) -> f32 {
        match (given.start, given.end) {
            (false, false) => self.neither,
            (true, true) => self.both,
            _ => self.one,
        }
    }
}

/// Expectation of a batch of clips from the given frames.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// b, `[batch, frames, channels, grid, grid]`.
    pub base: Tensor<5>,
    /// 1 where a frame is to be generated, 0 where it is given, `[batch, frames]`.
    pub free: Tensor<2>,
    /// s, `[batch, 1]`.
    spread: Tensor<2>,
}

impl Expectation {
    /// Computes it from the given frames in `clips`; the other frames are ignored.
    pub fn new(clips: &Tensor<5>, given: &[Conditioning], spreads: &Spreads) -> Self {
        let [batch, frames, ..] = clips.dims();
        let device = clips.device();
        let table = |value: &dyn Fn(Conditioning, usize) -> f32| {
            let values: Vec<f32> = given.iter().flat_map(|g| (0..frames).map(|i| value(*g, i))).collect();
            Tensor::<1>::from_floats(values.as_slice(), &device).reshape([batch, frames])
        };
        let end = |frame: usize, share: usize| {
            let shares = table(&|g, i| g.shares(i, frames)[share]);
            clips.clone().narrow(1, frame, 1) * wide(shares)
        };
        let spread: Vec<f32> = given.iter().map(|g| spreads.of(*g)).collect();
        Self {
            base: end(0, 0) + end(frames - 1, 1),
            free: table(&|g, i| if g.has(i, frames) { 0.0 } else { 1.0 }),
            spread: Tensor::<1>::from_floats(spread.as_slice(), &device).reshape([batch, 1]),
        }
    }

    /// x̂₀ of a network's output, `[batch, frames, channels, grid, grid]`.
    pub fn clean(&self, output: Tensor<5>) -> Tensor<5> {
        let [_, frames] = self.free.dims();
        self.base.clone() + wide(self.spread.clone().repeat_dim(1, frames)) * output
    }

    /// c at times t `[batch, frames]`, as `[batch, frames, 1, 1, 1]`.
    pub fn deviation(&self, t: Tensor<2>) -> Tensor<5> {
        let rest = t.clone().neg().add_scalar(1.0);
        let v = rest.square() * self.spread.clone().square() + t.clone().square();
        wide(t * self.spread.clone() / v.sqrt())
    }
}

/// `[batch, frames]` to `[batch, frames, 1, 1, 1]`.
pub fn wide(x: Tensor<2>) -> Tensor<5> {
    let [batch, frames] = x.dims();
    x.reshape([batch, frames, 1, 1, 1])
}

/// `count` numbers of the standard normal distribution as clips of this shape.
pub fn noise(shape: [usize; 5], rng: &mut rand_pcg::Pcg64, device: &Device) -> Tensor<5> {
    let draws = nn_kit::normal(shape.iter().product(), rng);
    Tensor::<1>::from_floats(draws.as_slice(), device).reshape(shape)
}
