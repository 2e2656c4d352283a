//! What the model is asked for: its five modes.

use burn::tensor::{Device, Tensor};

use crate::config::Config;
use crate::error::Error;

/// Future latents of which some are to be drawn.
#[derive(Clone, Debug)]
pub struct Masked {
    /// `[batch, frames, channels, side, side]`; what stands under the mask is not looked at.
    pub latents: Tensor<5>,
    /// `[batch, side²]`, 1 where a token is to be drawn, 0 where it is given; the same for all frames.
    pub mask: Tensor<2>,
}

impl Masked {
    /// A future of which nothing is given.
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

/// One of the five modes with what it is given. Latents are `[batch, frames, channels, side, side]`, scaled; actions
/// `[batch, actions, numbers]`, normalized to [−1, 1]; action k leads into video frame k of the future.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "tensors are handles, and there are never many tasks"
)]
pub enum Task {
    /// Video after a history (`video_model`).
    Video {
        /// What was seen.
        history: Tensor<5>,
        /// What is to come.
        future: Masked,
    },
    /// Video after a history, under actions (`dynamic_model`).
    Dynamics {
        /// What was seen.
        history: Tensor<5>,
        /// What is to come.
        future: Masked,
        /// What is done.
        actions: Tensor<3>,
    },
    /// Actions after a history (`policy_model`).
    Policy {
        /// What was seen.
        history: Tensor<5>,
    },
    /// Actions between frames (`inverse_model`); it looks at no history.
    Inverse {
        /// What was seen, each frame after its actions.
        future: Tensor<5>,
    },
    /// Video and actions after a history (`full_dynamic_model`).
    FullDynamics {
        /// What was seen.
        history: Tensor<5>,
        /// What is to come.
        future: Masked,
    },
}

impl Task {
    /// Histories, futures, mask and actions, where they are given.
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

    /// Whether it gives video.
    pub fn gives_video(&self) -> bool {
        matches!(
            self,
            Self::Video { .. } | Self::Dynamics { .. } | Self::FullDynamics { .. }
        )
    }

    /// Whether it gives actions.
    pub fn gives_actions(&self) -> bool {
        matches!(
            self,
            Self::Policy { .. } | Self::Inverse { .. } | Self::FullDynamics { .. }
        )
    }

    /// Number of items.
    pub fn batch(&self) -> usize {
        let (history, future, _, _) = self.parts();
        history.or(future).map_or(0, |latents| latents.dims()[0])
    }

    /// The same task with other future latents and mask.
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

    /// Refuses input of other shapes than the configuration's.
    ///
    /// # Errors
    /// The first that does not fit.
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
