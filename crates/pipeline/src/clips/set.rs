//! Clips that are trained on, and where they are from.

use std::path::Path;

use clip_audit::QualityReport;
use eval::{Generator, GeneratorKind};
use pusht_data::Episode;
use report::{ModelTraining, Picture};

use super::ends::Ends;
use crate::generators::Video;

/// Clips that are trained on.
pub(crate) struct Clips {
    /// What can be trusted of them.
    pub(crate) episodes: Vec<Episode>,
    /// How good they are; none of clips that lie between no ends of demonstrations.
    pub(crate) quality: Option<QualityReport>,
    /// Frames of all clips, and of the episodes.
    pub(crate) frames: [usize; 2],
    pub(crate) pictures: Vec<Picture>,
    /// Where they begin and end, as far as that is known.
    pub(crate) ends: Vec<Ends>,
}

/// Who made them.
pub(crate) struct ClipsSource {
    /// As the verdict names it.
    pub(crate) generator: Generator,
    /// What the model was told.
    pub(crate) prompt: Option<String>,
    pub(crate) training: Option<ModelTraining>,
    /// As tables name it.
    pub(crate) name: String,
}

impl ClipsSource {
    /// A video model.
    pub(crate) fn of(video: Video) -> Self {
        Self {
            generator: Generator {
                name: video.what,
                kind: video.kind,
            },
            name: video.loaded.model.name(),
            prompt: video.loaded.prompt,
            training: video.training,
        }
    }

    /// Somebody else: the clips lie in this folder.
    pub(crate) fn folder(folder: &Path) -> Self {
        let name = format!("the clips in {}", folder.display());
        Self {
            generator: Generator {
                name: name.clone(),
                kind: GeneratorKind::Unknown,
            },
            prompt: None,
            training: None,
            name,
        }
    }
}
