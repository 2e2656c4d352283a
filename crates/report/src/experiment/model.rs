//! The data of a report, from which the page is rendered; stored as `report.json`.

use clip_audit::QualityReport;
use eval::{Arm, Fit, LossPoint, Protocol, Verdict};
use serde::{Deserialize, Serialize};
use traj_metrics::{Estimate, Interval, MeanSd, SequenceMeasures, Summary};

/// The version of the layout of `report.json`; raised when a field changes its meaning.
pub const REPORT_SCHEMA: u32 = 2;

/// The report of a finished experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentReport {
    /// [`REPORT_SCHEMA`] when written.
    pub schema: u32,
    /// Name of the run.
    pub name: String,
    /// When it was finished, UTC, e.g. `2026-01-31 12:00`.
    pub finished: String,
    /// A warning at the head of the page, e.g. that the numbers are not meaningful.
    #[serde(default)]
    pub warning: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The conditions of the comparison.
    pub method: Method,
    /// All arms, including floors and the ceiling, in the order of the table.
    pub arms: Vec<Arm>,
    /// Policies other than the one that all arms train, trained on the data of the arm `demo`.
    #[serde(default)]
    pub other_policies: Vec<OtherPolicy>,
    /// Baselines for errors on the recorded actions of the test part.
    #[serde(default)]
    pub fit_floors: Vec<FitFloor>,
    /// Smoothness and directness of actions, floors included.
    pub actions: Vec<ActionRow>,
    /// Distance of extracted to recorded actions, floors included.
    pub extraction: Vec<ExtractionRow>,
    /// Quality of the generated clips.
    #[serde(default)]
    pub clips: Option<QualityReport>,
    /// What was measured of generated clips that begin at new starts.
    #[serde(default)]
    pub new_starts: Option<NewStartClips>,
    /// Generators whose clips were evaluated, but not used for training.
    #[serde(default)]
    pub other_generators: Vec<OtherGenerator>,
    /// Loss curves of the models that are not policies (inverse dynamics, generator).
    pub models: Vec<ModelTraining>,
    /// Film strips and videos.
    pub pictures: Vec<Picture>,
    /// Notes on limitations, such as results that fell short and parts that were left out.
    pub notes: Vec<String>,
    /// Record for repeating the run.
    pub record: RunRecord,
}

/// The conditions that all arms share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Protocol of the rollouts in the table of arms.
    pub protocol: Protocol,
    /// Rollouts per trained policy.
    pub episodes: usize,
    /// Step limit of a rollout.
    pub steps: usize,
    /// First and last seed of the starts.
    pub start_seeds: [u64; 2],
    /// Source of the demonstrations.
    pub demonstrations: String,
    /// Split of the demonstrations, e.g. `by episode, 80/10/10, before augmentation`.
    pub split: String,
    /// Frames in the training, validation and test part.
    pub split_frames: [usize; 3],
    /// The policy that every arm trains.
    pub policy: String,
    /// Number of parameters.
    pub policy_parameters: usize,
    /// Training updates of every arm.
    pub updates: usize,
    /// Examples per update.
    pub batch: usize,
    /// Augmentation of the training part, or `none`.
    pub augmentation: String,
    /// Training seeds of every arm.
    pub seeds: Vec<u64>,
    /// The generator of the clips.
    pub generator: String,
    /// The inverse dynamics method.
    pub inverse_dynamics: String,
}

/// A policy that is compared with the one that all arms train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherPolicy {
    /// Its results, under its own name.
    pub arm: Arm,
    /// Number of parameters.
    pub parameters: usize,
    /// Training updates.
    pub updates: usize,
    /// Examples per update.
    pub batch: usize,
    /// Augmentation of the training part, or `none`.
    pub augmentation: String,
}

/// A generator whose clips were evaluated, but not used for training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherGenerator {
    /// Name of the generator, unique in the report.
    pub name: String,
    /// The model as specified: `pixel` for one trained in the run, or kind and path of an existing one.
    pub model: String,
    /// Prompt of every clip, if any.
    pub prompt: Option<String>,
    /// Quality of its clips.
    pub quality: QualityReport,
    /// Film strips and videos of some of them.
    pub pictures: Vec<Picture>,
}

/// Clips from resets that nobody demonstrated to the T on its goal. Intervals are bootstrap intervals over clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewStartClips {
    /// Name of the generator.
    pub name: String,
    /// Number of clips.
    pub clips: usize,
    /// Frames of a clip.
    pub frames: Summary,
    /// Clips whose last frame shows the T within 20 px of the 512 board and 20° of its goal.
    pub at_goal: usize,
    /// Share of frames with exactly one agent.
    pub one_agent: Interval,
    /// Deformation of the T.
    pub deformation: Interval,
    /// Share of the steps with a moving T that the exact simulator reproduces; `None` if the T moves in none.
    pub reproduced: Option<Estimate>,
    /// Share of clips without a finding of the audit.
    pub no_finding: Interval,
    /// Kinds of findings, and the number of clips with each.
    pub findings: Vec<(String, usize)>,
}

/// A baseline for errors on held-out actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitFloor {
    /// Its prediction, e.g. `the agent's position`.
    pub name: String,
    /// Error of the baseline.
    pub fit: Fit,
}

/// Whether a row was measured on data or is a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Measured on data of the run.
    Measured,
    /// A baseline without knowledge of the task (constant, white noise, next position).
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
    /// Directness of each episode that moves, for the strip chart; empty if the chart does not show it.
    pub directness_episodes: Vec<f64>,
}

/// Distance between extracted and recorded actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtractionRow {
    /// The inverse dynamics method with its reduction, or the floor.
    pub name: String,
    /// Measured or a floor.
    pub kind: RowKind,
    /// The frames compared, e.g. `test part, by episode`.
    pub on: String,
    /// Number of actions compared.
    pub frames: usize,
    /// Euclidean distance, px: mean and population SD over actions.
    pub l2: MeanSd,
}

/// Loss curve of a model that is not a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelTraining {
    /// The model.
    pub name: String,
    /// The loss function, with the unit.
    pub loss: String,
    /// What validation measures, with the unit; `None`: the same as training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// Number of parameters.
    pub parameters: usize,
    /// The curve.
    pub curve: Vec<LossPoint>,
    /// Duration, s.
    pub seconds: f64,
}

/// Section of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureGroup {
    /// Demonstrations.
    Demonstrations,
    /// Generated clips.
    Generated,
    /// Generated clips beside the exact simulator playing the actions read out of them.
    Simulated,
    /// Rollouts of an arm.
    Rollouts,
}

/// An image or video in the run's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The section.
    #[serde(alias = "shows")]
    pub group: PictureGroup,
    /// Caption, with arm, seed and start.
    pub caption: String,
    /// File, relative to the run's folder, with `/`: `.png`, `.gif` or `.mp4`.
    pub file: String,
}

/// Record for repeating a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The command line.
    pub command: String,
    /// Folder of the run, as given; empty in reports of earlier versions.
    #[serde(default)]
    pub folder: String,
    /// The full configuration, TOML.
    pub configuration: String,
    /// Names and values: versions of the program and its dependencies.
    pub versions: Vec<[String; 2]>,
    /// Names and values: processor, cores, memory, operating system, device.
    pub machine: Vec<[String; 2]>,
    /// Duration of each stage.
    pub stages: Vec<StageTime>,
}

/// Duration of a stage when it was computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// Name of the stage.
    pub name: String,
    /// Duration, s.
    pub seconds: f64,
}
