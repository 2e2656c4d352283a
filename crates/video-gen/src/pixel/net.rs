//! The network: an LTX transformer over tokens of patches of latents.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};
use ltx_video::{Coordinates, Rotary, Timesteps};

use super::caption::Caption;
use super::conditioning::Expectation;
use super::config::PixelConfig;
use super::error::PixelError;

/// Factor on times for the transformer.
const TIMESTEPS: f64 = 1000.0;
/// Scales of LTX's coordinates, seconds and pixels: a clip fills the range of the transformer.
const EXTENT: [f64; 3] = [20.0, 2048.0, 2048.0];

/// A batch of noisy clips, the input of the network.
#[derive(Clone, Debug)]
pub struct NoisyClips {
    /// Latents; given frames are clean. `[batch, frames, channels, grid, grid]`.
    pub latents: Tensor<5>,
    /// The time of each clip; given frames are at 0.
    pub times: Vec<f64>,
    /// Caption of each clip, if given.
    pub captions: Vec<Option<Caption>>,
}

/// The transformer and a vector for each caption, the first for none.
#[derive(Module, Debug)]
pub struct PixelNet {
    transformer: ltx_video::Transformer,
    captions: Embedding,
    token: usize,
}

impl PixelNet {
    /// Creates the network with random weights.
    ///
    /// # Errors
    /// Invalid settings.
    pub fn new(config: &PixelConfig, device: &Device) -> Result<Self, PixelError> {
        config.check()?;
        let numbers = config.numbers();
        let transformer = ltx_video::Config {
            // The noisy latent and its expectation.
            in_channels: 2 * numbers,
            out_channels: numbers,
            num_attention_heads: config.heads,
            attention_head_dim: config.width / config.heads,
            cross_attention_dim: config.width,
            num_layers: config.depth,
            caption_channels: config.width,
            ..ltx_video::Config::default()
        };
        Ok(Self {
            transformer: ltx_video::Transformer::new(&transformer, device)?,
            captions: EmbeddingConfig::new(Caption::ALL.len() + 1, config.width).init(device),
            token: config.token,
        })
    }

    /// Estimates the clean latents; see [`super::conditioning`].
    pub fn clean(&self, clips: NoisyClips, expected: &Expectation) -> Tensor<5> {
        let [batch, frames, channels, rows, columns] = clips.latents.dims();
        let device = clips.latents.device();
        let (rows, columns) = (rows / self.token, columns / self.token);
        let free: Vec<f32> = expected.free.clone().into_data().iter::<f32>().collect();
        let times: Vec<f64> = free
            .iter()
            .enumerate()
            .map(|(i, free)| f64::from(*free) * clips.times[i / frames])
            .collect();
        let of_tokens = times
            .iter()
            .flat_map(|t| std::iter::repeat_n(TIMESTEPS * t, rows * columns))
            .collect();

        let captions: Vec<i32> = clips.captions.iter().map(|c| c.map_or(0, |c| c as i32 + 1)).collect();
        let captions = Tensor::<1, Int>::from_ints(captions.as_slice(), &device).unsqueeze_dim::<2>(1);
        let scale = [frames, rows, columns];
        let scale = std::array::from_fn(|axis| EXTENT[axis] / scale[axis] as f64);
        let places = Coordinates::grid(frames, rows, columns, Some(scale));
        let both = Tensor::cat(vec![clips.latents, expected.base.clone()], 2);
        let output = self.transformer.forward(ltx_video::Input {
            latents: tokens(both, self.token),
            timesteps: Timesteps::Token(of_tokens),
            text: self.captions.forward(captions),
            text_mask: None,
            rotary: Rotary::new(&places, self.transformer.width(), &device),
        });
        let said = latents(output, [batch, frames, channels, rows, columns], self.token);
        expected.clean(said)
    }
}

/// Latents `[batch, frames, channels, rows · p, columns · p]` to tokens
/// `[batch, frames · rows · columns, channels · p²]`.
fn tokens(latents: Tensor<5>, p: usize) -> Tensor<3> {
    let [batch, frames, channels, height, width] = latents.dims();
    let (rows, columns) = (height / p, width / p);
    latents
        .reshape([batch * frames, channels, rows, p, columns, p])
        .permute([0, 2, 4, 1, 3, 5])
        .reshape([batch, frames * rows * columns, channels * p * p])
}

/// Tokens to latents; `rows` and `columns` are those of tokens.
fn latents(tokens: Tensor<3>, [batch, frames, channels, rows, columns]: [usize; 5], p: usize) -> Tensor<5> {
    tokens
        .reshape([batch * frames, rows, columns, channels, p, p])
        .permute([0, 3, 1, 4, 2, 5])
        .reshape([batch, frames, channels, rows * p, columns * p])
}
