//! Clips that are trained on, and their source.

use std::path::Path;

use clip_audit::QualityReport;
use eval::{Generator, GeneratorKind};
use labeling::Segment;
use pusht_data::{Episode, Provenance};
use pusht_env::{Frame, Pose, State};
use report::{ModelTraining, NewStartClips, Picture};

use super::ends::Ends;
use crate::generators::Video;

/// Clips that are trained on.
pub(crate) struct Clips {
    /// Their trusted segments.
    pub(crate) episodes: Vec<Episode>,
    /// Their quality, if they are generated between frames of demonstrations.
    pub(crate) quality: Option<QualityReport>,
    /// What was measured of them, if they are generated from new starts.
    pub(crate) new_starts: Option<NewStartClips>,
    /// Number of frames of all clips, and of the episodes.
    pub(crate) frames: [usize; 2],
    pub(crate) pictures: Vec<Picture>,
    /// The rows of demonstrations between which they were generated, if they were.
    pub(crate) ends: Vec<Ends>,
}

/// A labeled segment of a clip as an episode; `None` if the clip has fewer frames.
pub(super) fn labeled(segment: &Segment, clip: &[Frame], goal: Pose, provenance: Provenance) -> Option<Episode> {
    Some(Episode {
        frames: clip.get(segment.first..segment.first + segment.actions.len())?.to_vec(),
        actions: segment.actions.clone(),
        states: Some(segment.states.iter().map(|row| State::from_row(*row)).collect()),
        goal,
        provenance,
    })
}

/// Source of the clips.
pub(crate) struct ClipsSource {
    /// Name in the verdict.
    pub(crate) generator: Generator,
    /// Prompt of the model.
    pub(crate) prompt: Option<String>,
    pub(crate) training: Option<ModelTraining>,
    /// Name in tables.
    pub(crate) name: String,
}

impl ClipsSource {
    /// The source of clips of a video model.
    pub(crate) fn of(video: Video, from_new_starts: bool) -> Self {
        Self {
            generator: Generator {
                name: if from_new_starts {
                    format!("{}, from new starts", video.what)
                } else {
                    video.what
                },
                kind: video.kind,
            },
            name: video.loaded.model.name(),
            prompt: video.loaded.prompt,
            training: video.training,
        }
    }

    /// The source of existing clips in this folder.
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
