//! Configuration of an experiment.

mod check;
mod load;
mod refusal;
mod settings;
mod video;

pub use load::PRESETS;
pub use settings::Config;
pub(crate) use settings::{Demonstrations, Labeler, RolloutConfig, SplitConfig};
pub use video::{ClipEnds, NewStartsConfig, OtherGeneratorConfig, VideoChoice, VideoConfig};
