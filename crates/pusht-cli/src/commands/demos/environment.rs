//! Environments by name.

use clap::ValueEnum;
use pusht_data::Simulation;

/// The environment whose start states and images are used.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Environment {
    GymPusht,
    DiffusionPolicy,
}

impl From<Environment> for Simulation {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::GymPusht => Self::GYM_PUSHT,
            Environment::DiffusionPolicy => Self::DIFFUSION_POLICY,
        }
    }
}
