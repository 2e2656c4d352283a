//! Configuration of the model; the defaults are those published for PushT.

use nn_kit::KlAutoencoderConfig;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Side to which the action head pools feature maps.
pub(crate) const POOLED: usize = 4;

/// Configuration of a stack of transformer blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerConfig {
    /// Width of a token.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Number of attention heads; divides the width.
    pub heads: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
}

/// Configuration of a diffusion head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// Width of the hidden layers.
    pub width: usize,
    /// Number of residual blocks.
    pub depth: usize,
    /// Number of sampling steps.
    pub steps: usize,
}

/// Configuration of a [`Model`](crate::Model).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Side of a video frame in pixels; frames are square.
    pub frame: usize,
    /// Latent frames of the history, and of the future.
    pub frames: usize,
    /// Side of a latent frame.
    pub side: usize,
    /// Actions of the future; a multiple of `frames`.
    pub actions: usize,
    /// Length of an action vector.
    pub action_numbers: usize,
    /// Configuration of the encoder.
    pub encoder: TransformerConfig,
    /// Configuration of the decoder.
    pub decoder: TransformerConfig,
    /// Configuration of the head that samples latents.
    pub video_head: HeadConfig,
    /// Configuration of the head that samples actions.
    pub action_head: HeadConfig,
    /// Diffusion steps in training.
    pub training_steps: usize,
    /// Factor on the noise of the samplers.
    pub temperature: f64,
    /// Number of rounds in which the masked tokens of a video are sampled.
    pub rounds: usize,
    /// Factor on the latents.
    pub latent_scale: f64,
    /// Configuration of the autoencoder of the frames.
    pub autoencoder: KlAutoencoderConfig,
}

impl Default for Config {
    fn default() -> Self {
        let transformer = TransformerConfig {
            width: 768,
            depth: 12,
            heads: 12,
            hidden: 3072,
        };
        let head = HeadConfig {
            width: 1024,
            depth: 6,
            steps: 100,
        };
        Self {
            frame: 96,
            frames: 4,
            side: 16,
            actions: 16,
            action_numbers: 2,
            encoder: transformer,
            decoder: transformer,
            video_head: head,
            action_head: head,
            training_steps: 1000,
            temperature: 0.95,
            rounds: 1,
            latent_scale: 0.2325,
            autoencoder: KlAutoencoderConfig::new(),
        }
    }
}

impl Config {
    /// Returns the number of tokens per latent frame.
    pub fn frame_tokens(&self) -> usize {
        self.side * self.side
    }

    /// Returns the number of tokens of the future.
    pub fn tokens(&self) -> usize {
        self.frames * self.frame_tokens()
    }

    /// Returns the number of channels of a latent.
    pub fn channels(&self) -> usize {
        self.autoencoder.channels
    }

    /// Returns the video frames per latent frame, which encodes the last of them.
    pub fn stride(&self) -> usize {
        self.actions / self.frames
    }

    /// Returns the side of the images that the autoencoder takes.
    pub fn picture(&self) -> usize {
        self.side * self.autoencoder.factor()
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |setting: &'static str, found: String, expected: String| {
            Err(Error::Config {
                setting,
                found,
                expected,
            })
        };
        let at_least_one = [
            ("frame", self.frame),
            ("frames", self.frames),
            ("side", self.side),
            ("actions", self.actions),
            ("action_numbers", self.action_numbers),
            ("rounds", self.rounds),
            ("autoencoder.channels", self.autoencoder.channels),
            ("autoencoder.blocks", self.autoencoder.blocks),
        ];
        for (setting, found) in at_least_one {
            if found == 0 {
                return refuse(setting, "0".into(), "at least 1".into());
            }
        }
        for (setting, part) in [("encoder", self.encoder), ("decoder", self.decoder)] {
            let sound = part.width > 0 && part.hidden > 0 && part.heads > 0 && part.width.is_multiple_of(part.heads);
            if !sound {
                return refuse(setting, format!("{part:?}"), "a width that the heads divide".into());
            }
        }
        for (setting, head) in [("video_head", self.video_head), ("action_head", self.action_head)] {
            if head.width == 0 || !(2..=self.training_steps).contains(&head.steps) {
                let expected = format!("a width, and 2 to {} (training_steps) steps", self.training_steps);
                return refuse(setting, format!("{head:?}"), expected);
            }
        }
        if !self.actions.is_multiple_of(self.frames) {
            let expected = format!("as many for each of the {} frames", self.frames);
            return refuse("actions", self.actions.to_string(), expected);
        }
        if !self.tokens().is_multiple_of(self.actions) {
            let expected = format!("frames × side² a multiple of {} actions", self.actions);
            return refuse("side", self.side.to_string(), expected);
        }
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return refuse("temperature", self.temperature.to_string(), "a number from 0".into());
        }
        if !(self.latent_scale.is_finite() && self.latent_scale > 0.0) {
            return refuse("latent_scale", self.latent_scale.to_string(), "a number above 0".into());
        }
        let autoencoder = &self.autoencoder;
        let groups = autoencoder.width > 0 && autoencoder.width.is_multiple_of(32);
        let levels = (1..=8).contains(&autoencoder.multiples.len()) && !autoencoder.multiples.contains(&0);
        if !(groups && levels) {
            let expected = "a width that 32 divides and one to eight levels of at least its channels".into();
            return refuse("autoencoder", format!("{autoencoder:?}"), expected);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_no_model_are_refused_by_name() {
        let config = Config::default();
        config.check().unwrap();
        assert_eq!((config.tokens(), config.stride(), config.picture()), (1024, 4, 256));
        let refused = |change: fn(&mut Config), name: &str| {
            let mut config = Config::default();
            change(&mut config);
            let text = config.check().unwrap_err().to_string();
            assert!(text.contains(name), "{text}");
        };
        refused(|c| c.frame = 0, "frame");
        refused(|c| c.frames = 0, "frames");
        refused(|c| c.encoder.heads = 7, "encoder");
        refused(|c| c.video_head.steps = 1, "video_head");
        refused(|c| c.actions = 0, "actions");
        refused(|c| c.actions = 6, "actions");
        refused(|c| c.side = 3, "side");
        refused(|c| c.temperature = f64::NAN, "temperature");
        refused(|c| c.autoencoder.width = 48, "autoencoder");
    }
}
