//! Conditioning frames: given latent frames, and their computation from a start and an end frame.

use burn::tensor::{Device, Tensor};

use crate::autoencoder::Autoencoder;
use crate::error::Error;

/// How the last frame of a clip is passed to a video2world model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndFrame {
    /// The start frame is repeated up to the last eight frames, which show the end frame; the autoencoder encodes this
    /// clip, and its first and last latent frames are given.
    #[default]
    InPlace,
    /// Start and end frame are each encoded as a single image, and the latent frame of the end is placed last. It then
    /// stands for one frame, where the autoencoder normally encodes eight.
    Shifted,
}

/// Latents of which some frames are given. Any frames may be given: published video2world models are trained with the
/// first ones; a start and an end frame are the first and the last.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `[batch, channels, frames, height, width]`, scaled like the network's latents (see [`Autoencoder::scaled`]).
    /// Values in frames that are not given are ignored.
    pub latents: Tensor<5>,
    /// Whether each latent frame is given.
    pub given: Vec<bool>,
}

impl Condition {
    /// Conditions on the first frames of a clip. The rest of the clip is encoded as mid-gray and not given. If `video`
    /// is longer than `frames`, its last frames are used.
    ///
    /// # Errors
    /// A number of frames or a size that the autoencoder does not support.
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

    /// Conditions on the start frame and, optionally, the end frame of a clip of `frames` frames. Images are
    /// `[1, 3, height, width]` in [−1, 1].
    ///
    /// # Errors
    /// As [`Self::first_frames`], images of different sizes, or an end frame for a clip of a single latent frame.
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

    /// Mask `[1, 1, frames, 1, 1]` with 1 for given frames.
    pub(crate) fn indicator(&self, device: &Device) -> Tensor<5> {
        indicator(&self.given, device)
    }
}

/// Mask `[1, 1, frames, 1, 1]` with 1 for given frames.
pub(crate) fn indicator(given: &[bool], device: &Device) -> Tensor<5> {
    let values: Vec<f32> = given.iter().map(|given| f32::from(u8::from(*given))).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape([1, 1, given.len(), 1, 1])
}
