//! Errors from replays.

use pusht_env::EnvError;
use pusht_vision::VisionError;

/// Errors from replaying clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There are no actions to play.
    #[error("the clip has no action from frame {first} on; expected at least one")]
    NoActions {
        /// Frame at which the replay would begin.
        first: usize,
    },
    /// There are more actions than frames.
    #[error("{actions} actions for {frames} frames; expected at most one a frame, action t is taken at frame t")]
    TooMany {
        /// Number of actions.
        actions: usize,
        /// Number of frames.
        frames: usize,
    },
    /// No frame shows both agent and T.
    #[error("none of the {frames} frames shows both agent and T, so there is no state to start from")]
    NoStart {
        /// Number of frames.
        frames: usize,
    },
    /// The start frame lies outside of the clip.
    #[error("the replay should start at frame {first} of {frames}")]
    Outside {
        /// The start frame.
        first: usize,
        /// Number of frames.
        frames: usize,
    },
    /// The interval between restarts is 0.
    #[error("replays from every 0th frame; expected every 1st at least")]
    Every,
    /// A pose of the track is not finite.
    #[error("frame {frame}: the T's pose is not finite; tracked poses always are, look for NaN in what made it")]
    NotFinite {
        /// Index of the frame.
        frame: usize,
    },
    /// An episode of a dataset cannot be replayed.
    #[error("episode {index}: {source}")]
    Episode {
        /// Index of the episode.
        index: usize,
        /// The underlying error.
        source: Box<Self>,
    },
    /// The dataset has no recorded states to compare with.
    #[error("the dataset has no states; expected one with frames and states, as zarr and `pusht demos record` have")]
    NoStates,
    /// The dataset cannot be read.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// There are no replays to summarize.
    #[error("no clip was replayed; expected at least one")]
    Empty,
    /// The track cannot be smoothed.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The environment refuses the start or an action.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// An interval cannot be computed.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}
