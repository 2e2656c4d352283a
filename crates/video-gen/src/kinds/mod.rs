//! Selection of video models by name.
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

/// Properties of a kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// Name of the kind, before the colon in a [`ModelSpec`].
    pub name: &'static str,
    /// Name in messages.
    pub title: &'static str,
    /// Placeholder for the path after the colon: `FILE`, `DIR` or `PATH`.
    pub path: &'static str,
    /// The files expected there.
    pub files: &'static str,
    /// Whether it requires frames of the board of 96 × 96 px, as the models trained here do. Such models are small and
    /// load quickly.
    pub requires_96px: bool,
    /// Whether it generates states, which the environment's renderer draws.
    pub generates_states: bool,
    /// Supported clip lengths.
    pub lengths: ClipLengths,
    /// Whether the name alone, without a path, stands for a model that comes with the program.
    pub built_in: bool,
    /// Whether clips without a given last frame end when the T rests on its goal, with the number of frames asked for as
    /// the limit.
    pub ends_at_goal: bool,
}

/// Clip lengths that a model supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipLengths {
    /// 2 frames up to the model's own length.
    UpTo,
    /// Exactly the model's own length.
    Fixed,
    /// Every length that its autoencoder supports, independent of the training.
    Any,
    /// Every length from 2 frames on.
    All,
}

/// A kind of model.
trait ModelKind: Sync {
    /// Properties that are known without the model's files.
    fn info(&self) -> &'static ModelInfo;

    /// Whether the path looks like a model of this kind. An empty one stands for the model that comes with the program.
    fn is_at(&self, path: &Path) -> bool;

    /// Normalizes the options to the form of this kind; options that it does not have are an error.
    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError>;

    /// Checks what [`Self::load`] checks, without reading large files.
    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError>;

    /// Loads the model.
    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError>;
}
