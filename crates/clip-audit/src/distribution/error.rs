//! Why two sets cannot be compared.

/// What is wrong with what was to be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DistributionError {
    /// A pose that is not finite.
    #[error("frame {frame}: a tracked position is not finite; look for NaN in what made it")]
    NotFinite {
        /// Index in the clip.
        frame: usize,
    },
    /// Too few windows for a covariance.
    #[error(
        "{set} has {clips} clips with {windows} windows of {length} frames that show agent and T throughout; expected at \
         least 2 clips and 2 windows"
    )]
    TooFew {
        /// Which one.
        set: &'static str,
        /// Clips with a window.
        clips: usize,
        /// Windows of all.
        windows: usize,
        /// Frames of a window.
        length: usize,
    },
    /// Too few feature vectors for a covariance.
    #[error(
        "{set} has {found} feature vectors of {features} numbers; expected at least 2 vectors of at least 1 number"
    )]
    TooFewVectors {
        /// Which one.
        set: &'static str,
        /// Vectors found.
        found: usize,
        /// Numbers of the first set's first vector.
        features: usize,
    },
    /// A feature vector that does not fit.
    #[error("feature vector {index} of {set} has {found} numbers; expected {features}, all finite")]
    Vector {
        /// Which set.
        set: &'static str,
        /// Index of the vector.
        index: usize,
        /// Numbers found.
        found: usize,
        /// Numbers of the first set's first vector.
        features: usize,
    },
    /// Subsets larger than the set.
    #[error(
        "two subsets of {first} and {second} clips cannot be drawn from {clips} clips; expected at least 2 in each"
    )]
    Split {
        /// Clips of one.
        first: usize,
        /// Clips of the other.
        second: usize,
        /// Clips there are.
        clips: usize,
    },
    /// No splits, no resamples.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
}
