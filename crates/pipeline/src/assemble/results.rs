//! Everything that the report is made of.

use clip_audit::QualityReport;
use eval::RolloutRecord;
use pusht_data::Split;
use report::{ExtractionRow, ModelTraining, OtherGenerator, Picture, StageTime};

use crate::arms::{Arm, ArmDataset};
use crate::clips::ClipsSource;
use crate::policies::TrainedPolicy;
use crate::rollouts::Reference;

/// What the stages gave.
pub(crate) struct Results {
    /// Name of the demonstrations.
    pub(crate) demonstrations: String,
    pub(crate) split: Split,
    pub(crate) dataset: ArmDataset,
    /// Name of the inverse dynamics that labels.
    pub(crate) labels: String,
    /// How far every kind of inverse dynamics is from recorded actions.
    pub(crate) extraction: Vec<ExtractionRow>,
    pub(crate) source: ClipsSource,
    /// How good the clips are.
    pub(crate) quality: Option<QualityReport>,
    /// Frames of clips, and those of them that can be trusted.
    pub(crate) clip_frames: [usize; 2],
    /// Generators that stand beside.
    pub(crate) other_generators: Vec<OtherGenerator>,
    /// Trainings of models that are no policies.
    pub(crate) models: Vec<ModelTraining>,
    /// The arms, one after the other.
    pub(crate) arms: Vec<Trained>,
    /// Policies of other kinds than the arms', on the data of the arm `demo`.
    pub(crate) others: Vec<Trained>,
    /// Floors and ceiling.
    pub(crate) references: Vec<Played>,
    pub(crate) pictures: Vec<Picture>,
}

/// Policies that were trained on the same data: of an arm, or of another kind.
pub(crate) struct Trained {
    /// Whose data.
    pub(crate) arm: &'static Arm,
    pub(crate) seeds: Vec<TrainedSeed>,
}

/// A policy and what it did.
pub(crate) struct TrainedSeed {
    pub(crate) seed: u64,
    pub(crate) policy: TrainedPolicy,
    pub(crate) record: RolloutRecord,
}

/// A floor or the ceiling.
pub(crate) struct Played {
    pub(crate) reference: &'static Reference,
    pub(crate) record: RolloutRecord,
}

/// How the run came about, for its record.
pub(crate) struct Circumstances<'a> {
    pub(crate) command: &'a str,
    pub(crate) device: &'a str,
    pub(crate) stages: Vec<StageTime>,
    /// Stages that another build of the program made.
    pub(crate) other_build: Vec<&'a str>,
}
