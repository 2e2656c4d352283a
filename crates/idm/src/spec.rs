//! Selection of inverse dynamics by name.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use burn::tensor::Device;
use pusht_data::InverseDynamics;

use crate::{LearnedError, LearnedIdm, Reduction, Uva};

/// Choice of inverse dynamics, parsed from `closed-form`, `learned:FILE` or `uva:FILE`.
///
/// ```
/// use idm::IdmSpec;
///
/// assert_eq!("learned:idm.safetensors".parse(), Ok(IdmSpec::Learned("idm.safetensors".into())));
/// assert_eq!(IdmSpec::default().to_string(), "closed-form");
/// assert!("learned".parse::<IdmSpec>().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdmSpec {
    /// The agent's equation of motion, inverted on the track; needs no file and no device.
    #[default]
    ClosedForm,
    /// A model file of [`LearnedIdm`].
    Learned(PathBuf),
    /// The published checkpoint of Unified Video Action.
    Uva(PathBuf),
}

/// Error of parsing an [`IdmSpec`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?}; expected closed-form, learned:FILE or uva:FILE")]
pub struct UnknownIdm {
    /// The given text.
    pub found: String,
}

/// Errors of loading an inverse dynamics.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdmLoadError {
    /// An error of the learned model.
    #[error(transparent)]
    Learned(#[from] LearnedError),
    /// An error of Unified Video Action.
    #[error(transparent)]
    Uva(#[from] unified_video_action::Error),
}

impl FromStr for IdmSpec {
    type Err = UnknownIdm;

    fn from_str(text: &str) -> Result<Self, UnknownIdm> {
        match text.split_once(':') {
            None if text == "closed-form" => Ok(Self::ClosedForm),
            Some(("learned", file)) if !file.is_empty() => Ok(Self::Learned(file.into())),
            Some(("uva", file)) if !file.is_empty() => Ok(Self::Uva(file.into())),
            _ => Err(UnknownIdm { found: text.to_owned() }),
        }
    }
}

impl fmt::Display for IdmSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedForm => f.write_str("closed-form"),
            Self::Learned(file) => write!(f, "learned:{}", file.display()),
            Self::Uva(file) => write!(f, "uva:{}", file.display()),
        }
    }
}

impl IdmSpec {
    /// Loads the model on a device; `None` for the closed form, which needs no model. `reduction` reduces a model's
    /// chunk to one action per frame.
    ///
    /// # Errors
    /// A file that cannot be read or is of another model.
    pub fn load(
        &self,
        reduction: Option<Reduction>,
        device: &Device,
    ) -> Result<Option<Box<dyn InverseDynamics>>, IdmLoadError> {
        Ok(match self {
            Self::ClosedForm => None,
            Self::Learned(file) => Some(Box::new(LearnedIdm::load(file, device)?.with_reduction(reduction))),
            Self::Uva(file) => Some(Box::new(
                Uva::load(file, &Default::default(), device)?.with_reduction(reduction),
            )),
        })
    }
}
