//! Cosmos-Tokenize1's continuous video autoencoder (CV8x8x8): clips to latents and back, causal in time.
//!
//! Source: NVIDIA, *Cosmos World Foundation Model Platform for Physical AI*, 2025 (arXiv 2501.03575), section 4.1;
//! names and sizes are those of the published weights in the layout of diffusers.

mod blocks;
mod config;
mod layers;
mod networks;
mod patch;
mod scale;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use config::{AutoencoderConfig, PatchMethod};
pub use networks::{Decoder, Encoder};

use layers::{Clip, InSpace};
use nn_kit::in_dtype;
use patch::Cubes;

use crate::error::Error;

/// Video autoencoder: clips `[batch, 3, frames, height, width]` in [−1, 1] to latents
/// `[batch, 16, (frames − 1) / 8 + 1, height / 8, width / 8]` and back. The first latent frame encodes the first frame,
/// each further one eight frames; it only depends on its own and earlier frames.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Encoder,
    decoder: Decoder,
    quant_conv: InSpace,
    post_quant_conv: InSpace,
    #[module(skip)]
    config: AutoencoderConfig,
}

impl Autoencoder {
    /// Creates an autoencoder with random weights, initialized when they are first used.
    ///
    /// # Errors
    /// An invalid configuration.
    pub fn new(config: &AutoencoderConfig, device: &Device) -> Result<Self, Error> {
        config.check()?;
        let channels = [config.latent_channels; 2];
        Ok(Self {
            encoder: Encoder::new(config, device),
            decoder: Decoder::new(config, device),
            quant_conv: InSpace::new(channels, 1, device),
            post_quant_conv: InSpace::new(channels, 1, device),
            config: config.clone(),
        })
    }

    /// Configuration of the autoencoder.
    pub fn config(&self) -> &AutoencoderConfig {
        &self.config
    }

    /// Encodes clips as latents, deterministically.
    ///
    /// # Errors
    /// A clip that does not have 8k + 1 frames, or whose sides are not multiples of 8.
    pub fn encode(&self, video: Tensor<5>) -> Result<Tensor<5>, Error> {
        self.encode_seen(video, &mut |_, _| {})
    }

    /// Decodes latents to clips.
    ///
    /// # Errors
    /// Latents with a wrong number of channels.
    pub fn decode(&self, latents: Tensor<5>) -> Result<Tensor<5>, Error> {
        self.decode_seen(latents, &mut |_, _| {})
    }

    /// [`Self::encode`] that reports the result of each stage.
    pub(crate) fn encode_seen(
        &self,
        video: Tensor<5>,
        seen: &mut dyn FnMut(String, Tensor<5>),
    ) -> Result<Tensor<5>, Error> {
        let [batch, channels, frames, height, width] = video.dims();
        let expected = [batch, self.config.in_channels, frames, height, width];
        Error::unless_shape("the clip", &[batch, channels, frames, height, width], &expected)?;
        self.config.latent_size(frames, height, width)?;
        let mut stage = |name: String, clip: &Clip| seen(name, clip.clone().video());
        let clip = self.cubes().cut(in_dtype(video, self.dtype()));
        stage("patch_embed".to_string(), &clip);
        let clip = self.encoder.forward(clip, &mut stage);
        Ok(clip.each(|x| self.quant_conv.forward(x)).video())
    }

    /// [`Self::decode`] that reports the result of each stage.
    pub(crate) fn decode_seen(
        &self,
        latents: Tensor<5>,
        seen: &mut dyn FnMut(String, Tensor<5>),
    ) -> Result<Tensor<5>, Error> {
        let [batch, channels, frames, height, width] = latents.dims();
        let expected = [batch, self.config.latent_channels, frames, height, width];
        Error::unless_shape("latents", &[batch, channels, frames, height, width], &expected)?;
        let mut stage = |name: String, clip: &Clip| seen(name, clip.clone().video());
        let clip = Clip::new(in_dtype(latents, self.dtype())).each(|x| self.post_quant_conv.forward(x));
        Ok(self.cubes().join(self.decoder.forward(clip, &mut stage)))
    }

    fn cubes(&self) -> Cubes {
        Cubes {
            side: self.config.patch_size,
            method: self.config.patch_type,
        }
    }

    /// Type of the weights.
    fn dtype(&self) -> burn::tensor::DType {
        self.quant_conv.dtype()
    }
}
