//! A video model that is ready to generate clips.

use eval::GeneratorKind;
use pusht_data::VideoModel;
use report::ModelTraining;
use video_gen::LoadedModel;

/// A loaded video model with its prompt and batch size.
pub(crate) struct LoadedGenerator {
    pub(crate) model: Box<dyn VideoModel>,
    /// Its prompt.
    pub(crate) prompt: Option<String>,
    /// Clips per batch.
    pub(crate) batch_size: usize,
}

impl From<LoadedModel> for LoadedGenerator {
    fn from(opened: LoadedModel) -> Self {
        Self {
            model: opened.model,
            prompt: opened.prompt,
            batch_size: opened.batch_size,
        }
    }
}

/// A model whose clips are trained on.
pub(crate) struct Video {
    pub(crate) loaded: LoadedGenerator,
    pub(crate) kind: GeneratorKind,
    /// Name in the verdict.
    pub(crate) what: String,
    /// Its training, if it was trained in the experiment.
    pub(crate) training: Option<ModelTraining>,
}

/// Clip lengths that a generator supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// This many frames and no others.
    Exactly(usize),
    /// Any number of frames up to this one.
    UpTo(usize),
}

impl Length {
    pub(crate) fn words(self) -> String {
        match self {
            Self::Exactly(frames) => format!("{frames} frames"),
            Self::UpTo(frames) => format!("up to {frames} frames"),
        }
    }
}
