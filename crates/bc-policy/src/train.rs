//! Training by configuration.

use burn::tensor::Device;
use pusht_data::{Episode, Split};
use training::{Curve, FitOptions};

use crate::diffusion::{train_diffusion, train_diffusion_lowdim};
use crate::train_image::train_image;
use crate::{BcError, BcPolicy, PolicyConfig, PolicyKind, sequences, train_tracked};

/// A policy and how its training went.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Ready to act and to be saved.
    pub policy: BcPolicy,
    /// Losses by step.
    pub curve: Curve,
    /// Epoch of the lowest validation loss, from 1.
    pub best_epoch: usize,
    /// That loss: the mean squared error of one action, averaged over both coordinates, px².
    pub best_valid: Option<f64>,
}

/// Trains a policy on the training part of episodes, validating on the validation part. The policies on states
/// learn from the states of the episodes, where they have none from those tracked in their frames
/// ([`crate::track_episodes`]).
///
/// # Errors
/// Bad settings, episodes or references, or what [`training::fit`] meets.
pub fn train(
    config: &PolicyConfig,
    episodes: &[Episode],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<Trained, BcError> {
    config.check()?;
    for episode in episodes {
        episode.check()?;
    }
    match config.kind {
        PolicyKind::Tracked => {
            let sequences = sequences(episodes)?;
            train_tracked(&config.tracked, &config.train, &sequences, split, device, options)
        }
        PolicyKind::DiffusionLowdim => {
            let sequences = sequences(episodes)?;
            train_diffusion_lowdim(&config.diffusion, &config.train, &sequences, split, device, options)
        }
        PolicyKind::Diffusion => {
            let networks = (&config.diffusion, config.encoder);
            train_diffusion(networks, &config.train, episodes, split, device, options)
        }
        PolicyKind::Cnn | PolicyKind::ResNet18 => train_image(config, episodes, split, device, options),
    }
}
