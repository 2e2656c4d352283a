//! Errors from comparing two sets.

/// Errors from comparing two sets.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DistributionError {
    /// A pose is not finite.
    #[error("frame {frame}: a tracked position is not finite; look for NaN in what made it")]
    NotFinite {
        /// Index of the frame.
        frame: usize,
    },
    /// Too few windows for a covariance.
    #[error(
        "{set} has {clips} clips with {windows} windows of {length} frames that show agent and T throughout; expected at \
         least 2 clips and 2 windows"
    )]
    TooFew {
        /// Name of the set.
        set: &'static str,
        /// Clips with at least one window.
        clips: usize,
        /// Windows of all clips.
        windows: usize,
        /// Frames of a window.
        length: usize,
    },
    /// Too few feature vectors for a covariance.
    #[error(
        "{set} has {found} feature vectors of {features} numbers; expected at least 2 vectors of at least 1 number"
    )]
    TooFewVectors {
        /// Name of the set.
        set: &'static str,
        /// Vectors found.
        found: usize,
        /// Numbers of the first set's first vector.
        features: usize,
    },
    /// A feature vector has another length, or an entry that is not finite.
    #[error("feature vector {index} of {set} has {found} numbers; expected {features}, all finite")]
    Vector {
        /// Name of the set.
        set: &'static str,
        /// Index of the vector.
        index: usize,
        /// Numbers found.
        found: usize,
        /// Numbers of the first set's first vector.
        features: usize,
    },
    /// The subsets are larger than the set.
    #[error(
        "two subsets of {first} and {second} clips cannot be drawn from {clips} clips; expected at least 2 in each"
    )]
    Split {
        /// Clips of the first subset.
        first: usize,
        /// Clips of the second subset.
        second: usize,
        /// Clips in the set.
        clips: usize,
    },
    /// The numbers of splits or resamples are invalid.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}
