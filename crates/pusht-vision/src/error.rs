//! What can be wrong with what is asked of this crate.

use pusht_env::{Pose, RenderError};

/// Why a frame or a track gave nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// Not a picture of the expected size.
    #[error("the frame is {width} × {height} px; the tracker reads 96 × 96 (resize it, or render it at that size)")]
    FrameSize {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// A frame without a board.
    #[error(
        "the frame of {width} × {height} px shows no PushT board (best fit off by {residual:.0} levels of 255); expected \
         the white board with its green goal, of any size, whole or cropped a little"
    )]
    NoBoard {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
        /// Root mean square difference of the best fit.
        residual: f64,
    },
    /// A goal pose that is not finite.
    #[error("the goal pose {goal:?} is not finite; expected px of the 512 board and rad")]
    Goal {
        /// What was handed in.
        goal: Pose,
    },
    /// Fewer positions than an action needs.
    #[error("the track has {found} positions; at least 2 are needed, and give one action fewer than positions")]
    TooShort {
        /// Positions found.
        found: usize,
    },
    /// A track that begins without an agent.
    #[error("the first position of the track is missing; leave out the frames before the agent is first seen")]
    NoStart,
    /// A position that is not finite.
    #[error("position {index} of the track is not finite ({position:?}); leave such a stretch out, or fill its gaps")]
    NotFinite {
        /// Its index.
        index: usize,
        /// What stood there.
        position: [f64; 2],
    },
    /// A noise level that is not a positive number.
    #[error("the {name} is {value}; expected a finite number above 0, in px")]
    Noise {
        /// Which parameter.
        name: &'static str,
        /// What was handed in.
        value: f64,
    },
    /// Tracks without a frame to compare.
    #[error("nothing to compare for {what}: no frame shows both agent and T")]
    NothingTracked {
        /// The kind of error.
        what: &'static str,
    },
    /// The renderer's own failure.
    #[error(transparent)]
    Render(#[from] RenderError),
}
