//! Errors.

use std::path::{Path, PathBuf};

use eval::{RecordError, RolloutError};
use pusht_data::{DataError, VideoModelError, WorldModelError};
use pusht_env::{EnvError, ExpertError, PolicyError, RenderError};
use pusht_jobs::Cancelled;
use pusht_vision::VisionError;
use traj_metrics::MetricError;
use video_io::VideoIoError;

/// Errors of judging a world model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldEvalError {
    /// A setting outside its range.
    #[error("{setting} is {value}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// The value.
        value: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// No episode is long enough.
    #[error(
        "{path}: none of the {episodes} episodes has {frames} frames (the longest has {longest}); use shorter clips or \
         more data",
        path = path.display()
    )]
    Short {
        /// The dataset.
        path: PathBuf,
        /// Number of episodes that were to be used.
        episodes: usize,
        /// Frames of a clip.
        frames: usize,
        /// Frames of the longest episode.
        longest: usize,
    },
    /// Fewer windows than clips.
    #[error(
        "{path}: {asked} clips of {frames} frames were asked for, and its {episodes} episodes have {available} of them; \
         ask for fewer or shorter clips",
        path = path.display()
    )]
    Few {
        /// The dataset.
        path: PathBuf,
        /// Clips asked for.
        asked: usize,
        /// Frames of a clip.
        frames: usize,
        /// Number of episodes that were to be used.
        episodes: usize,
        /// Windows that there are.
        available: usize,
    },
    /// An episode or a frame that cannot be used.
    #[error("{path}, episode {episode}: {reason}", path = path.display())]
    Episode {
        /// The dataset.
        path: PathBuf,
        /// Index of the episode.
        episode: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The expert finishes before a clip is over.
    #[error("the expert plays {frames} frames from {found} of {tried} starts; expected {asked}: use shorter clips")]
    ExpertShort {
        /// Frames of a clip.
        frames: usize,
        /// Clips asked for.
        asked: usize,
        /// Starts from which it plays as long.
        found: usize,
        /// Starts tried.
        tried: usize,
    },
    /// A start or an action that the world refuses.
    #[error("{world}, clip {clip}, frame {frame}: {reason}")]
    Refused {
        /// Name of the world.
        world: String,
        /// Index of the clip.
        clip: usize,
        /// Index of the frame that was to be made.
        frame: usize,
        /// What is wrong.
        reason: String,
    },
    /// A number of frames other than that of rollouts, or of clips other than that of requests.
    #[error("{world} returned {found} frames or clips where {expected} were asked for")]
    Returned {
        /// Name of the world.
        world: String,
        /// Number of rollouts.
        expected: usize,
        /// Frames returned.
        found: usize,
    },
    /// A frame of another size.
    #[error("{world}, clip {clip}, frame {frame}: {} × {} px; expected 96 × 96", found.0, found.1)]
    FrameSize {
        /// Name of the world.
        world: String,
        /// Index of the clip.
        clip: usize,
        /// Index of the frame.
        frame: usize,
        /// Width and height found, px.
        found: (u32, u32),
    },
    /// A clip that is not as long as the path that it was made for.
    #[error("a clip has {found} frames; expected {expected}")]
    Length {
        /// Frames expected.
        expected: usize,
        /// Frames found.
        found: usize,
    },
    /// Two policies of one name.
    #[error("the policy {policy} is given twice; expected different policies")]
    PolicyTwice {
        /// Its name.
        policy: String,
    },
    /// A start that the world refuses.
    #[error("{world} refuses the start of seed {seed}: {reason}")]
    Start {
        /// Name of the world.
        world: String,
        /// Seed of the start.
        seed: u64,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// An episode without frames.
    #[error("the frames of episode {episode} were not kept; those of {filmed:?} were")]
    NotFilmed {
        /// The requested episode.
        episode: usize,
        /// Episodes with frames.
        filmed: Vec<usize>,
    },
    /// A file that is no record of rollouts in a world.
    #[error(
        "{path} is not a file of rollouts in a world model: {reason}; make it anew with `pusht rollout --in`",
        path = path.display()
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A record that cannot be written as JSON.
    #[error("the record cannot be written: {0}")]
    Json(serde_json::Error),
    /// Settings that a rollout does not have.
    #[error(transparent)]
    Rollout(#[from] RolloutError),
    /// A record without scores.
    #[error(transparent)]
    Scores(#[from] RecordError),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A failure of the world.
    #[error(transparent)]
    World(#[from] WorldModelError),
    /// Data that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A frame that cannot be tracked or audited.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// Statistics that cannot be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// Numbers that the simulator refuses.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Settings that the expert refuses.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// A frame that cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A failure of a video model.
    #[error(transparent)]
    Model(#[from] VideoModelError),
    /// A film that cannot be written.
    #[error(transparent)]
    Film(#[from] VideoIoError),
    /// A file that cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl WorldEvalError {
    /// Adds the path to an error of the file system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
