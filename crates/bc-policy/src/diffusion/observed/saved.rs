//! Contents of the policy's file: the network, and everything besides its weights.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_env::{Action, Frame};
use serde::{Deserialize, Serialize};

use super::config::{EncoderConfig, SIDE};
use super::resize::Resize;
use crate::diffusion::acting::ACTION;
use crate::diffusion::config::DiffusionConfig;
use crate::diffusion::encoder::RgbEncoder;
use crate::diffusion::norm::Norm;
use crate::diffusion::unet::Unet;
use crate::error::{BcError, refused};
use crate::resnet::NormKind;
use crate::sections::PolicySection;

/// Size of the agent's position.
pub(super) const STATE: usize = 2;
/// Size of the T's corners.
pub(super) const KEYPOINTS: usize = 16;

/// Contents of the policy's file besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub diffusion: DiffusionConfig,
    /// Settings for a policy on images; `None` for one on the corners of the T.
    pub image: Option<EncoderConfig>,
    /// Resizing of the images, which LeRobot's policies may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Whether the encoder has batch normalization, as LeRobot's policies may have, in place of group normalization.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch_norm: bool,
    pub state: Norm,
    pub pixels: Norm,
    pub environment: Norm,
    pub action: Norm,
}

/// The image encoder, if any, and the U-Net.
#[derive(Module, Debug)]
pub(super) struct Network {
    rgb_encoder: Option<RgbEncoder>,
    pub(super) unet: Unet,
}

impl Saved {
    /// Size of one observation in the condition.
    pub(super) fn width(&self) -> usize {
        STATE + self.image.map_or(KEYPOINTS, |image| 2 * image.keypoints)
    }

    pub(super) fn network(&self, device: &Device) -> Network {
        let cond = self.diffusion.n_obs_steps * self.width();
        Network {
            rgb_encoder: self.image.map(|image| match self.batch_norm {
                true => RgbEncoder::with_norm(image.keypoints, NormKind::Batch, device),
                false => RgbEncoder::new(image.keypoints, device),
            }),
            unet: Unet::new(&self.diffusion.unet, ACTION, cond, device),
        }
    }

    pub(super) fn check(&self) -> Result<(), BcError> {
        self.diffusion.check()?;
        self.image.map_or(Ok(()), |image| image.check())?;
        let sound = self.state.is_sound(STATE)
            && self.pixels.is_sound(3)
            && self.environment.is_sound(KEYPOINTS)
            && self.action.is_sound(ACTION)
            && self.resize.is_none_or(|resize| resize.is_sound());
        if sound {
            return Ok(());
        }
        Err(refused(
            "normalization or size in the policy file",
            &"numbers that are not finite, too few, or out of range",
            "a finite number for each of the features, and sizes of 1 to 1024 px",
        ))
    }

    /// Crops of images, normalized and resized for the encoder, `[images, 3, crop]`.
    pub(super) fn pictures<'a>(
        &self,
        image: EncoderConfig,
        pictures: impl Iterator<Item = (&'a Frame, [usize; 2])>,
        count: usize,
        device: &Device,
    ) -> Result<Tensor<4>, BcError> {
        let [height, width] = image.crop;
        let mut table = [[0.0_f32; 256]; 3];
        for (channel, table) in table.iter_mut().enumerate() {
            for (value, normalized) in table.iter_mut().enumerate() {
                *normalized = self.pixels.normalize(channel, value as f32 / 255.0);
            }
        }
        let mut values = Vec::with_capacity(count * 3 * height * width);
        for (frame, [top, left]) in pictures {
            let (found_width, found_height) = frame.dimensions();
            if (found_width as usize, found_height as usize) != (SIDE, SIDE) {
                return Err(BcError::FrameSize {
                    width: found_width,
                    height: found_height,
                });
            }
            for (channel, table) in table.iter().enumerate() {
                for y in top..top + height {
                    let row = &frame.as_raw()[3 * (y * SIDE + left)..3 * (y * SIDE + left + width)];
                    values.extend(row[channel..].iter().step_by(3).map(|value| table[usize::from(*value)]));
                }
            }
        }
        values.resize(count * 3 * height * width, 0.0);
        let pictures = Tensor::from_data(TensorData::new(values, [count, 3, height, width]), device);
        Ok(match self.resize {
            Some(resize) => resize.apply(pictures),
            None => pictures,
        })
    }

    /// Denormalizes actions.
    pub(super) fn actions(&self, sample: &[f32]) -> Vec<Action> {
        let action = |pair: &[f32]| [self.action.denormalize(0, pair[0]), self.action.denormalize(1, pair[1])];
        sample.chunks_exact(ACTION).map(action).collect()
    }
}

impl Network {
    /// Features of images; `None` without an encoder.
    pub(super) fn encode(&self, pictures: Tensor<4>) -> Option<Tensor<2>> {
        self.rgb_encoder.as_ref().map(|encoder| encoder.forward(pictures))
    }
}
