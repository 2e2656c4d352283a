//! Scaling of latents for the diffusion model: mean 0 and standard deviation σ_data.

use burn::tensor::Tensor;
use nn_kit::in_f32;

use super::Autoencoder;
use crate::error::Error;

impl Autoencoder {
    /// Scales latents to (z − mean) / deviation · σ_data with the statistics of each channel and latent frame, or to z
    /// · σ_data if the configuration has no statistics.
    ///
    /// # Errors
    /// More latent frames than the statistics cover.
    pub fn scaled(&self, latents: Tensor<5>, sigma_data: f64) -> Result<Tensor<5>, Error> {
        let latents = in_f32(latents);
        Ok(match self.statistics(&latents)? {
            Some([mean, deviation]) => (latents - mean).mul_scalar(sigma_data) / deviation,
            None => latents.mul_scalar(sigma_data),
        })
    }

    /// The inverse of [`Self::scaled`].
    ///
    /// # Errors
    /// As [`Self::scaled`].
    pub fn unscaled(&self, latents: Tensor<5>, sigma_data: f64) -> Result<Tensor<5>, Error> {
        let latents = in_f32(latents);
        Ok(match self.statistics(&latents)? {
            Some([mean, deviation]) => (latents * deviation).div_scalar(sigma_data) + mean,
            None => latents.div_scalar(sigma_data),
        })
    }

    /// Mean and standard deviation, `[1, channels, frames, 1, 1]`.
    fn statistics(&self, latents: &Tensor<5>) -> Result<Option<[Tensor<5>; 2]>, Error> {
        let config = self.config();
        let (Some(mean), Some(deviation)) = (&config.latents_mean, &config.latents_std) else {
            return Ok(None);
        };
        let [_, _, frames, ..] = latents.dims();
        let channels = config.latent_channels;
        let known = mean.len() / channels;
        if frames > known {
            return Err(Error::Size {
                what: "latent frames".to_string(),
                found: frames,
                expected: format!("at most {known}, for which the autoencoder's latents_mean and latents_std stand"),
            });
        }
        let table = |values: &[f32]| {
            let table = Tensor::<1>::from_floats(values, &latents.device()).reshape([1, channels, known, 1, 1]);
            table.narrow(2, 0, frames)
        };
        Ok(Some([table(mean), table(deviation)]))
    }
}
