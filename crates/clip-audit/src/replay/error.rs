//! Why there is no replay.

use pusht_env::EnvError;
use pusht_vision::VisionError;

/// Why a clip cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Nothing to play.
    #[error("the clip has no action from frame {first} on; expected at least one")]
    NoActions {
        /// Where the replay would begin.
        first: usize,
    },
    /// More actions than the frames they were taken at.
    #[error("{actions} actions for {frames} frames; expected at most one a frame, action t is taken at frame t")]
    TooMany {
        /// Actions handed in.
        actions: usize,
        /// Frames handed in.
        frames: usize,
    },
    /// No frame to start from.
    #[error("none of the {frames} frames shows both agent and T, so there is no state to start from")]
    NoStart {
        /// Frames handed in.
        frames: usize,
    },
    /// The start frame lies outside of the clip.
    #[error("the replay should start at frame {first} of {frames}")]
    Outside {
        /// Where it should start.
        first: usize,
        /// Frames handed in.
        frames: usize,
    },
    /// Every how many frames to start anew.
    #[error("replays from every 0th frame; expected every 1st at least")]
    Every,
    /// A pose of the track that is not finite.
    #[error("frame {frame}: the T's pose is not finite; tracked poses always are, look for NaN in what made it")]
    NotFinite {
        /// Index in the clip.
        frame: usize,
    },
    /// An episode of a data set.
    #[error("episode {index}: {source}")]
    Episode {
        /// Its index.
        index: usize,
        /// The cause.
        source: Box<Self>,
    },
    /// Nothing known to compare with.
    #[error("the data set has no states; expected one with frames and states, as zarr and `pusht demos record` have")]
    NoStates,
    /// The data set cannot be read.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// A table of no replays.
    #[error("no clip was replayed; expected at least one")]
    Empty,
    /// The track cannot be smoothed.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The environment refuses the start or an action.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Intervals of no or bad values.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}
