//! The autoencoder of latent diffusion with a Kullback-Leibler penalty: images to Gaussian latents and back.
//!
//! Source: Rombach et al., *High-Resolution Image Synthesis with Latent Diffusion Models*, CVPR 2022, section 3.1 and
//! appendix G; the same networks with 16 channels and a factor of 16 ("KL-16") belong to Li et al., *Autoregressive
//! Image Generation without Vector Quantization*, NeurIPS 2024.

mod blocks;
mod networks;

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use blocks::conv;
pub use networks::{KlDecoder, KlEncoder};

use crate::load_weights::KeyMap;
use cpu_kernels::conv2d;

/// Key map from [`KlAutoencoder`] to the names in published checkpoints.
pub const KL_AUTOENCODER_NAMES: &KeyMap = &[(".shortcut.", ".nin_shortcut."), ("sample.", "sample.conv.")];

/// Range to which log variances are clamped.
const LOG_VARIANCE: (f64, f64) = (-30.0, 20.0);

/// Configuration of [`KlAutoencoder`].
#[derive(Config, Debug, PartialEq, Eq)]
pub struct KlAutoencoderConfig {
    /// Channels of the first level; a multiple of 32.
    #[config(default = 128)]
    pub width: usize,
    /// Channels of each level as multiples of `width`; each level after the first halves the side.
    #[config(default = "vec![1, 1, 2, 2, 4]")]
    pub multiples: Vec<usize>,
    /// Residual blocks per level (the decoder has one more).
    #[config(default = 2)]
    pub blocks: usize,
    /// Channels of a latent.
    #[config(default = 16)]
    pub channels: usize,
    /// Levels of the encoder, counted from 0, whose blocks are followed by attention.
    #[config(default = "vec![4]")]
    pub encoder_attention: Vec<usize>,
    /// Levels of the decoder, counted from 0, whose blocks are followed by attention.
    #[config(default = "vec![]")]
    pub decoder_attention: Vec<usize>,
}

impl KlAutoencoderConfig {
    /// Ratio of the side of an image to that of its latent.
    pub fn factor(&self) -> usize {
        1 << self.multiples.len().saturating_sub(1)
    }

    /// Creates an autoencoder with random weights.
    pub fn init(&self, device: &Device) -> KlAutoencoder {
        let channels = self.channels;
        KlAutoencoder {
            encoder: KlEncoder::new(self, device),
            decoder: KlDecoder::new(self, device),
            quant_conv: conv([2 * channels, 2 * channels], 1, device),
            post_quant_conv: conv([channels, channels], 1, device),
        }
    }
}

/// Variational autoencoder from images `[batch, 3, height, width]` in [−1, 1] to latents
/// `[batch, channels, height / factor, width / factor]` and back.
#[derive(Module, Debug)]
pub struct KlAutoencoder {
    encoder: KlEncoder,
    decoder: KlDecoder,
    quant_conv: Conv2d,
    post_quant_conv: Conv2d,
}

impl KlAutoencoder {
    /// Mean and log variance of the latents of images, as the encoder returns them: `[batch, 2 · channels, …]`.
    pub fn moments(&self, pictures: Tensor<4>) -> Tensor<4> {
        conv2d(&self.quant_conv, self.encoder.forward(pictures))
    }

    /// Encodes images as latents: mean + standard deviation · noise, where `noise` is standard normal and has the shape
    /// of the latents.
    pub fn encode(&self, pictures: Tensor<4>, noise: Tensor<4>) -> Tensor<4> {
        let moments = self.moments(pictures);
        let channels = moments.dims()[1] / 2;
        let log_variance = moments.clone().narrow(1, channels, channels);
        let (least, most) = LOG_VARIANCE;
        let deviation = log_variance.clamp(least, most).mul_scalar(0.5).exp();
        moments.narrow(1, 0, channels) + deviation * noise
    }

    /// Decodes latents to images.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        self.decoder.forward(conv2d(&self.post_quant_conv, latents))
    }
}
