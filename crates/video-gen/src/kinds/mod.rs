//! Video models by name.
//!
//! A kind of model is a file in this folder that implements [`ModelKind`], and a line in [`list::KINDS`].

mod cosmos;
mod error;
mod list;
mod load;
mod ltx;
mod object;
mod options;
mod pixel;
mod shared;
mod spec;

use std::path::Path;

pub use cosmos::CosmosOptions;
pub use error::ModelError;
pub use load::{LoadOptions, LoadedModel};
pub use ltx::LtxOptions;
pub use object::ObjectOptions;
pub use options::{ModelOptions, SamplingOptions};
pub use pixel::PixelOptions;
pub use shared::WeightFormat;
pub use spec::ModelSpec;

/// What is known of a kind of models without its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// What stands before the path in a [`ModelSpec`].
    pub name: &'static str,
    /// As messages name it.
    pub title: &'static str,
    /// What stands behind the colon: `FILE`, `DIR` or `PATH`.
    pub path: &'static str,
    /// The files that are expected there.
    pub files: &'static str,
    /// Whether it reads frames of the environment (96 × 96 px) only. Such models are small: they load in no time.
    pub reads_boards: bool,
    /// Whether it generates states, which the environment's renderer draws.
    pub generates_states: bool,
    /// Which lengths of clips it makes.
    pub lengths: ClipLengths,
}

/// Which lengths of clips a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipLengths {
    /// Up to its own.
    UpToOwn,
    /// Its own alone.
    Own,
    /// Those that its autoencoder can have, whatever it was trained on.
    Any,
}

/// A kind of models.
trait ModelKind: Sync {
    /// What is known without files.
    fn info(&self) -> &'static ModelInfo;

    /// Whether there may be such a model at this path.
    fn is_at(&self, path: &Path) -> bool;

    /// The options as this kind of models writes them; refused where it has no such option.
    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError>;

    /// Refuses what [`Self::load`] would, as far as that shows without reading anything large.
    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError>;

    /// Reads the model.
    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError>;
}
