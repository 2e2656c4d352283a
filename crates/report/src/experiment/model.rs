//! What a report says, as data: everything that is needed to draw it anew. `report.json` is this struct.

use clip_audit::QualityReport;
use eval::{Arm, Fit, LossPoint, Protocol, Verdict};
use serde::{Deserialize, Serialize};
use traj_metrics::{MeanSd, SequenceMeasures};

/// The version of the layout of `report.json`; raised when a field changes its meaning.
pub const REPORT_SCHEMA: u32 = 2;

/// A finished experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentReport {
    /// [`REPORT_SCHEMA`] when written.
    pub schema: u32,
    /// Name of the run.
    pub name: String,
    /// When it was finished, UTC, e.g. `2026-01-31 12:00`.
    pub finished: String,
    /// What the reader must know before anything else, at the head of the page: why the numbers mean nothing, say.
    #[serde(default)]
    pub warning: Option<String>,
    /// The answer.
    pub verdict: Verdict,
    /// What was compared, and how.
    pub method: Method,
    /// All arms, floors and the ceiling included, in the order of the table.
    pub arms: Vec<Arm>,
    /// Other policies than the one that all arms train, on the data of the arm `demo`.
    #[serde(default)]
    pub other_policies: Vec<OtherPolicy>,
    /// How well answers without a policy fit the recorded actions of the test part.
    #[serde(default)]
    pub fit_floors: Vec<FitFloor>,
    /// Smoothness and directness of actions, floors included.
    pub actions: Vec<ActionRow>,
    /// Distance of extracted to recorded actions, floors included.
    pub extraction: Vec<ExtractionRow>,
    /// How good the generated clips are.
    #[serde(default)]
    pub clips: Option<QualityReport>,
    /// Generators that stand beside the one whose clips were trained on.
    #[serde(default)]
    pub other_generators: Vec<OtherGenerator>,
    /// Loss curves of the models that are not policies (inverse dynamics, generator).
    pub models: Vec<ModelTraining>,
    /// Film strips and videos.
    pub pictures: Vec<Picture>,
    /// What a reader must know before quoting a number: what fell short, what was left out.
    pub notes: Vec<String>,
    /// What is needed to repeat it.
    pub record: RunRecord,
}

/// What was compared, and how: every condition that all arms share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Protocol of the roll-outs whose numbers stand in the table of arms.
    pub protocol: Protocol,
    /// Roll-outs per trained policy.
    pub episodes: usize,
    /// Step limit of a roll-out.
    pub steps: usize,
    /// First and last seed of the starts.
    pub start_seeds: [u64; 2],
    /// Where the demonstrations come from.
    pub demonstrations: String,
    /// How they were split, e.g. `by episode, 80/10/10, before augmentation`.
    pub split: String,
    /// Frames in the training, validation and test part.
    pub split_frames: [usize; 3],
    /// The policy that every arm trains.
    pub policy: String,
    /// Its number of parameters.
    pub policy_parameters: usize,
    /// Updates that every arm gets.
    pub updates: usize,
    /// Examples an update.
    pub batch: usize,
    /// Augmentation of the training part, or `none`.
    pub augmentation: String,
    /// Training seeds that every arm gets.
    pub seeds: Vec<u64>,
    /// The generator.
    pub generator: String,
    /// The inverse dynamics.
    pub inverse_dynamics: String,
}

/// A policy that is compared with the one that all arms train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherPolicy {
    /// Its results, under its own name.
    pub arm: Arm,
    /// Its number of parameters.
    pub parameters: usize,
    /// Updates it got.
    pub updates: usize,
    /// Examples an update.
    pub batch: usize,
    /// Augmentation of the training part, or `none`.
    pub augmentation: String,
}

/// A generator whose clips were judged and shown, and not trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherGenerator {
    /// Its name, which no other generator of the report has.
    pub name: String,
    /// As it was chosen: `pixel`, trained here, or kind and path of one that was there already.
    pub model: String,
    /// What it was told about every clip.
    pub prompt: Option<String>,
    /// How good its clips are.
    pub quality: QualityReport,
    /// Film strips and videos of some of them.
    pub pictures: Vec<Picture>,
}

/// A yardstick for errors on held-out actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitFloor {
    /// What it answers, e.g. `the agent's position`.
    pub name: String,
    /// Its error.
    pub fit: Fit,
}

/// Whether a row was measured on data or is a yardstick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Measured on data of the run.
    Measured,
    /// A yardstick that knows nothing of the task (constant, white noise, next position).
    Floor,
}

/// Smoothness and directness of one source of actions (px and steps of 0.1 s; formulas: `docs/metrics.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionRow {
    /// The source, e.g. `demonstrations` or `generated, closed form`.
    pub name: String,
    /// Measured or a floor.
    pub kind: RowKind,
    /// Its measures.
    pub measures: SequenceMeasures,
    /// Directness of each episode that moves, for the strip chart; empty where it is not drawn.
    pub directness_episodes: Vec<f64>,
}

/// Distance between extracted and recorded actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtractionRow {
    /// The inverse dynamics, reduction included, or the floor.
    pub name: String,
    /// Measured or a floor.
    pub kind: RowKind,
    /// Which frames, e.g. `test part, by episode`.
    pub on: String,
    /// Actions compared.
    pub frames: usize,
    /// Euclidean distance, px: mean and population SD over actions.
    pub l2: MeanSd,
}

/// Loss curve of a model that is not a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelTraining {
    /// The model.
    pub name: String,
    /// What its loss is, with the unit.
    pub loss: String,
    /// Its number of parameters.
    pub parameters: usize,
    /// The curve.
    pub curve: Vec<LossPoint>,
    /// Duration, s.
    pub seconds: f64,
}

/// Where a picture belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureGroup {
    /// Demonstrations.
    Demonstrations,
    /// Generated clips.
    Generated,
    /// Roll-outs of an arm.
    Rollouts,
}

/// A picture or a video in the run's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it belongs.
    #[serde(alias = "shows")]
    pub group: PictureGroup,
    /// What is to be seen, with arm, seed and start.
    pub caption: String,
    /// File, relative to the run's folder, with `/`: `.png`, `.gif` or `.mp4`.
    pub file: String,
}

/// What is needed to repeat a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The command line.
    pub command: String,
    /// The full configuration, TOML.
    pub configuration: String,
    /// Names and values: versions of the program and of what it stands on.
    pub versions: Vec<[String; 2]>,
    /// Names and values: processor, cores, memory, operating system, device.
    pub machine: Vec<[String; 2]>,
    /// Duration of each stage.
    pub stages: Vec<StageTime>,
}

/// How long a stage took when it was computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// The stage.
    pub name: String,
    /// Duration, s.
    pub seconds: f64,
}
