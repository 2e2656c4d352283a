//! The video autoencoders of LTX-Video: one latent covers 32 × 32 pixels of 8 frames; the first frame is encoded on its
//! own.
//!
//! Source: HaCohen et al. 2024, section 2.1; details that the paper does not give follow the published models.

mod config;
mod conv;
mod decoder;
mod encoder;
mod resnet;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use nn_kit::{in_dtype, in_f32};

use config::latent_size;
pub use config::{DownBlockType, DownsampleType, VaeConfig, Version};

use crate::error::Error;
use crate::rotary::LatentScale;
use decoder::Decoder;
use encoder::Encoder;

/// Source of the noise that a decoder injects: returns standard normal numbers of the given `[rows, columns]`.
pub type NoiseFn<'a> = dyn FnMut([usize; 2]) -> Tensor<2> + 'a;

/// Range to which log variances are clamped.
const LOG_VARIANCE: [f64; 2] = [-30.0, 20.0];

/// Intermediate results for comparison with recordings (see `model-parity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    In,
    Block(usize),
    Middle,
}

/// Gaussian distribution of a latent, `[batch, channels, frames, rows, columns]` each.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Mean.
    pub mean: Tensor<5>,
    /// Log variance.
    pub log_variance: Tensor<5>,
}

impl Posterior {
    /// Samples a latent, given standard normal noise.
    pub fn sample(&self, noise: Tensor<5>) -> Tensor<5> {
        self.mean.clone() + self.log_variance.clone().mul_scalar(0.5).exp() * noise
    }
}

/// Video autoencoder, with mean and standard deviation of each latent channel.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
    latents_mean: Param<Tensor<1>>,
    latents_std: Param<Tensor<1>>,
    channels: usize,
    scaling: f64,
    timed: bool,
    spatial: usize,
    temporal: usize,
}

impl Vae {
    /// Creates an autoencoder with random weights.
    ///
    /// # Errors
    /// An invalid configuration.
    pub fn new(config: &VaeConfig, device: &Device) -> Result<Self, Error> {
        config.check()?;
        let channels = config.latent_channels;
        Ok(Self {
            encoder: Encoder::new(config, device),
            decoder: Decoder::new(config, device),
            latents_mean: Initializer::Zeros.init([channels], device),
            latents_std: Initializer::Ones.init([channels], device),
            channels,
            scaling: config.scaling_factor,
            timed: config.timestep_conditioning,
            spatial: config.spatial(),
            temporal: config.temporal(),
        })
    }

    /// Returns the number of channels of a latent.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the frames and pixels that a latent covers.
    pub fn scale(&self) -> LatentScale {
        LatentScale {
            temporal: self.temporal,
            spatial: self.spatial,
        }
    }

    /// Returns true if the decoder takes a time.
    pub fn timed(&self) -> bool {
        self.timed
    }

    /// Encodes clips `[batch, 3, frames, height, width]` in [−1, 1].
    ///
    /// # Errors
    /// A number of frames that is not 1 plus a multiple of the latent's frames, or a side that is not a multiple of the
    /// latent's side.
    pub fn encode(&self, clips: Tensor<5>) -> Result<Posterior, Error> {
        self.encode_and(clips, &mut |_, _| {})
    }

    pub(crate) fn encode_and(
        &self,
        clips: Tensor<5>,
        seen: &mut dyn FnMut(Stage, &Tensor<5>),
    ) -> Result<Posterior, Error> {
        let [_, _, frames, height, width] = clips.dims();
        self.check_size(frames, height, width)?;
        let dtype = self.latents_mean.val().dtype();
        let moments = in_f32(self.encoder.forward(in_dtype(clips, dtype), seen));
        let mean = moments.clone().narrow(1, 0, self.channels);
        let log_variance = moments.narrow(1, self.channels, 1).repeat_dim(1, self.channels);
        Ok(Posterior {
            mean,
            log_variance: log_variance.clamp(LOG_VARIANCE[0], LOG_VARIANCE[1]),
        })
    }

    /// Decodes latents as [`Self::encode`] returns them to clips in about [−1, 1]. `time` (0.05 is usual) is the noise
    /// level of the latents, for decoders that take it; `draw` supplies the noise that they inject.
    pub fn decode(&self, latents: Tensor<5>, time: Option<f64>, draw: &mut NoiseFn<'_>) -> Tensor<5> {
        self.decode_and(latents, &[time.unwrap_or(0.0)], draw, &mut |_, _| {})
    }

    pub(crate) fn decode_and(
        &self,
        latents: Tensor<5>,
        times: &[f64],
        draw: &mut NoiseFn<'_>,
        seen: &mut dyn FnMut(Stage, &Tensor<5>),
    ) -> Tensor<5> {
        // One time for all clips, or one per clip.
        let each = times.iter().cycle().take(latents.dims()[0]);
        let times: Vec<f32> = each.map(|t| *t as f32).collect();
        let device = latents.device();
        let times = self.timed.then(|| Tensor::<1>::from_data(times.as_slice(), &device));
        let dtype = self.latents_mean.val().dtype();
        in_f32(self.decoder.forward(in_dtype(latents, dtype), times, draw, seen))
    }

    /// Normalizes latents to mean 0 and standard deviation 1 per channel, as the transformer uses them.
    pub fn normalize(&self, latents: Tensor<5>) -> Tensor<5> {
        let (mean, spread) = self.statistics();
        ((latents - mean) / spread).mul_scalar(self.scaling)
    }

    /// Inverse of [`Self::normalize`].
    pub fn denormalize(&self, latents: Tensor<5>) -> Tensor<5> {
        let (mean, spread) = self.statistics();
        latents.div_scalar(self.scaling) * spread + mean
    }

    fn statistics(&self) -> (Tensor<5>, Tensor<5>) {
        let row = |values: &Param<Tensor<1>>| in_f32(values.val()).reshape([1, self.channels, 1, 1, 1]);
        (row(&self.latents_mean), row(&self.latents_std))
    }

    /// Checks the size of a clip.
    ///
    /// # Errors
    /// Which of frames, height and width is invalid.
    pub fn check_size(&self, frames: usize, height: usize, width: usize) -> Result<(), Error> {
        latent_size(self.temporal, self.spatial, [frames, height, width]).map(|_| ())
    }
}
