//! Inputs of the report.

use std::path::Path;

use clip_audit::QualityReport;
use eval::RolloutRecord;
use pusht_data::Split;
use report::{ExtractionRow, ModelTraining, NewStartClips, OtherGenerator, Picture, StageTime};

use crate::arms::{Arm, ArmDataset};
use crate::clips::ClipsSource;
use crate::policies::TrainedPolicy;
use crate::rollouts::Reference;

/// Results of the stages.
pub(crate) struct Results {
    /// Name of the demonstrations.
    pub(crate) demonstrations: String,
    pub(crate) split: Split,
    pub(crate) dataset: ArmDataset,
    /// Name of the inverse dynamics that labels.
    pub(crate) labels: String,
    /// Error of every kind of inverse dynamics against recorded actions.
    pub(crate) extraction: Vec<ExtractionRow>,
    pub(crate) source: ClipsSource,
    /// Quality of the clips, if they are between frames of demonstrations.
    pub(crate) quality: Option<QualityReport>,
    /// What was measured of the clips, if they are from new starts.
    pub(crate) new_starts: Option<NewStartClips>,
    /// Number of frames of the clips, and of trusted ones among them.
    pub(crate) clip_frames: [usize; 2],
    /// Generators for comparison.
    pub(crate) other_generators: Vec<OtherGenerator>,
    /// Training runs of models other than policies.
    pub(crate) models: Vec<ModelTraining>,
    /// The arms, in order.
    pub(crate) arms: Vec<Trained>,
    /// Policies of other kinds than the arms', on the data of the arm `demo`.
    pub(crate) others: Vec<Trained>,
    /// Reference policies: floors and ceiling.
    pub(crate) references: Vec<Played>,
    pub(crate) pictures: Vec<Picture>,
}

/// Policies trained on the same data: those of an arm, or of another kind.
pub(crate) struct Trained {
    /// The arm whose data they were trained on.
    pub(crate) arm: &'static Arm,
    pub(crate) seeds: Vec<TrainedSeed>,
}

/// A trained policy and its rollouts.
pub(crate) struct TrainedSeed {
    pub(crate) seed: u64,
    pub(crate) policy: TrainedPolicy,
    pub(crate) record: RolloutRecord,
}

/// Rollouts of a reference policy (floor or ceiling).
pub(crate) struct Played {
    pub(crate) reference: &'static Reference,
    pub(crate) record: RolloutRecord,
}

/// Circumstances of the run, for its record.
pub(crate) struct Circumstances<'a> {
    pub(crate) command: &'a str,
    pub(crate) folder: &'a Path,
    pub(crate) device: &'a str,
    pub(crate) stages: Vec<StageTime>,
    /// Stages that were run by another build of the program.
    pub(crate) other_build: Vec<&'a str>,
}
