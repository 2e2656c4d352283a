//! Latent frames that are given, and how a start and an end frame become such.

use burn::tensor::{Device, Tensor};

use crate::autoencoder::Autoencoder;
use crate::error::Error;

/// How the last frame of a clip is given to a video2world model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndFrame {
    /// In its place: the last latent frame is what the autoencoder makes of a clip that shows the start until it shows the
    /// end for its last eight frames.
    #[default]
    InPlace,
    /// Doubled with a shift in time: start and end are each coded as a single picture, as a start is, and the latent frame
    /// of the end is moved from the first place to the last. A picture's latent frame stands for one frame there, where
    /// the autoencoder reads eight.
    Shifted,
}

/// Latents of which some frames are given. The given ones may be any: the first ones are what the published video2world
/// models are trained on, the first and the last are a start and an end.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `[batch, channels, frames, height, width]`, scaled as the network's (see [`Autoencoder::scaled`]); what stands
    /// in frames that are not given does not matter.
    pub latents: Tensor<5>,
    /// One a latent frame.
    pub given: Vec<bool>,
}

impl Condition {
    /// The latent frames of a clip's first frames: the rest of it is black, and nothing of it is given. Of a clip that is
    /// longer than `frames` the last ones are taken.
    ///
    /// # Errors
    /// A number of frames or a size that the autoencoder does not take.
    pub fn first_frames(
        autoencoder: &Autoencoder,
        video: Tensor<5>,
        frames: usize,
        sigma_data: f64,
    ) -> Result<Self, Error> {
        let [batch, channels, shown, height, width] = video.dims();
        let config = autoencoder.config();
        let [count, ..] = config.latent_size(frames, height, width)?;
        let (video, given) = if shown >= frames {
            (video.narrow(2, shown - frames, frames), count)
        } else {
            // Zero in [−1, 1] is mid-gray.
            let rest = Tensor::zeros([batch, channels, frames - shown, height, width], &video.device());
            let given = shown.saturating_sub(1) / config.temporal_compression_ratio + 1;
            (Tensor::cat(vec![video, rest], 2), given)
        };
        Ok(Self {
            latents: autoencoder.scaled(autoencoder.encode(video)?, sigma_data)?,
            given: (0..count).map(|frame| frame < given).collect(),
        })
    }

    /// Start and, where there is one, end of a clip of `frames` frames; pictures `[1, 3, height, width]` in [−1, 1].
    ///
    /// # Errors
    /// As [`Self::first_frames`], pictures of two sizes, or an end for a clip of a single latent frame.
    pub fn ends(
        autoencoder: &Autoencoder,
        start: Tensor<4>,
        end: Option<(Tensor<4>, EndFrame)>,
        frames: usize,
        sigma_data: f64,
    ) -> Result<Self, Error> {
        let picture = |x: Tensor<4>| x.unsqueeze_dim::<5>(2);
        let Some((end, kind)) = end else {
            return Self::first_frames(autoencoder, picture(start), frames, sigma_data);
        };
        Error::unless_shape("the end frame", &end.dims(), &start.dims())?;
        let [_, _, height, width] = start.dims();
        let [count, ..] = autoencoder.config().latent_size(frames, height, width)?;
        if count < 2 {
            return Err(Error::Size {
                what: "frames".to_string(),
                found: frames,
                expected: format!(
                    "{} or more where an end is given",
                    autoencoder.config().temporal_compression_ratio + 1
                ),
            });
        }
        let latents = match kind {
            EndFrame::InPlace => {
                let held = autoencoder.config().temporal_compression_ratio;
                let clip = vec![
                    picture(start).repeat_dim(2, frames - held),
                    picture(end).repeat_dim(2, held),
                ];
                autoencoder.encode(Tensor::cat(clip, 2))?
            }
            EndFrame::Shifted => {
                let (start, end) = (autoencoder.encode(picture(start))?, autoencoder.encode(picture(end))?);
                let between = start.zeros_like().repeat_dim(2, count - 2);
                match count {
                    2 => Tensor::cat(vec![start, end], 2),
                    _ => Tensor::cat(vec![start, between, end], 2),
                }
            }
        };
        Ok(Self {
            latents: autoencoder.scaled(latents, sigma_data)?,
            given: (0..count).map(|frame| frame == 0 || frame + 1 == count).collect(),
        })
    }

    /// 1 where a frame is given, `[1, 1, frames, 1, 1]`.
    pub(crate) fn indicator(&self, device: &Device) -> Tensor<5> {
        indicator(&self.given, device)
    }
}

/// 1 where a frame is given, `[1, 1, frames, 1, 1]`.
pub(crate) fn indicator(given: &[bool], device: &Device) -> Tensor<5> {
    let values: Vec<f32> = given.iter().map(|given| f32::from(u8::from(*given))).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape([1, 1, given.len(), 1, 1])
}
