//! Inputs of the model's five modes.

use burn::tensor::{Device, Tensor};

use crate::config::Config;
use crate::error::Error;

/// Future latents, of which some are to be sampled.
#[derive(Clone, Debug)]
pub struct Masked {
    /// `[batch, frames, channels, side, side]`; values under the mask are ignored.
    pub latents: Tensor<5>,
    /// `[batch, side²]`, 1 for tokens to sample, 0 for given tokens; the same for all frames.
    pub mask: Tensor<2>,
}

impl Masked {
    /// Creates a future of which nothing is given.
    pub fn all(config: &Config, batch: usize, device: &Device) -> Self {
        Self {
            latents: Tensor::zeros(
                [batch, config.frames, config.channels(), config.side, config.side],
                device,
            ),
            mask: Tensor::ones([batch, config.frame_tokens()], device),
        }
    }
}

/// One of the five modes with its inputs. Latents are `[batch, frames, channels, side, side]`, scaled; actions are
/// `[batch, actions, numbers]`, normalized to [−1, 1]. Action k leads to video frame k of the future.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "tensors are handles, and there are never many tasks"
)]
pub enum Task {
    /// Predicts video after a history (`video_model`).
    Video {
        /// Latents of past frames.
        history: Tensor<5>,
        /// Latents of future frames.
        future: Masked,
    },
    /// Predicts video after a history, conditioned on actions (`dynamic_model`).
    Dynamics {
        /// Latents of past frames.
        history: Tensor<5>,
        /// Latents of future frames.
        future: Masked,
        /// Future actions.
        actions: Tensor<3>,
    },
    /// Predicts actions after a history (`policy_model`).
    Policy {
        /// Latents of past frames.
        history: Tensor<5>,
    },
    /// Predicts actions between frames (`inverse_model`), without a history.
    Inverse {
        /// Latents of the frames after the actions.
        future: Tensor<5>,
    },
    /// Predicts video and actions after a history (`full_dynamic_model`).
    FullDynamics {
        /// Latents of past frames.
        history: Tensor<5>,
        /// Latents of future frames.
        future: Masked,
    },
}

impl Task {
    /// Returns history, future latents, mask and actions, as far as the mode has them.
    pub(crate) fn parts(
        &self,
    ) -> (
        Option<&Tensor<5>>,
        Option<&Tensor<5>>,
        Option<&Tensor<2>>,
        Option<&Tensor<3>>,
    ) {
        match self {
            Self::Video { history, future } | Self::FullDynamics { history, future } => {
                (Some(history), Some(&future.latents), Some(&future.mask), None)
            }
            Self::Dynamics {
                history,
                future,
                actions,
            } => (Some(history), Some(&future.latents), Some(&future.mask), Some(actions)),
            Self::Policy { history } => (Some(history), None, None, None),
            Self::Inverse { future } => (None, Some(future), None, None),
        }
    }

    /// Returns true if the mode predicts video.
    pub fn gives_video(&self) -> bool {
        matches!(
            self,
            Self::Video { .. } | Self::Dynamics { .. } | Self::FullDynamics { .. }
        )
    }

    /// Returns true if the mode predicts actions.
    pub fn gives_actions(&self) -> bool {
        matches!(
            self,
            Self::Policy { .. } | Self::Inverse { .. } | Self::FullDynamics { .. }
        )
    }

    /// Returns the number of items.
    pub fn batch(&self) -> usize {
        let (history, future, _, _) = self.parts();
        history.or(future).map_or(0, |latents| latents.dims()[0])
    }

    /// Returns the same task with other future latents and mask.
    pub(crate) fn with_future(&self, future: Masked) -> Self {
        match self.clone() {
            Self::Video { history, .. } => Self::Video { history, future },
            Self::Dynamics { history, actions, .. } => Self::Dynamics {
                history,
                future,
                actions,
            },
            Self::FullDynamics { history, .. } => Self::FullDynamics { history, future },
            other @ (Self::Policy { .. } | Self::Inverse { .. }) => other,
        }
    }

    /// Checks the shapes of the inputs against the configuration.
    ///
    /// # Errors
    /// The first input that does not fit.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        let batch = self.batch();
        let latents = [batch, config.frames, config.channels(), config.side, config.side];
        let fits = |what, found: Vec<usize>, expected: &[usize]| {
            if found == expected {
                return Ok(());
            }
            Err(Error::Shape {
                what,
                found,
                expected: expected.to_vec(),
            })
        };
        let (history, future, mask, actions) = self.parts();
        if let Some(history) = history {
            fits("the history", history.dims().to_vec(), &latents)?;
        }
        if let Some(future) = future {
            fits("the future", future.dims().to_vec(), &latents)?;
        }
        if let Some(mask) = mask {
            fits("the mask", mask.dims().to_vec(), &[batch, config.frame_tokens()])?;
        }
        if let Some(actions) = actions {
            let expected = [batch, config.actions, config.action_numbers];
            fits("the actions", actions.dims().to_vec(), &expected)?;
        }
        Ok(())
    }
}
