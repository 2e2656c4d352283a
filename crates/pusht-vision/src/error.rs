//! Errors from this crate.

use pusht_env::{Pose, RenderError};

/// Errors from reading a frame or a track.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// The frame does not have the expected size.
    #[error("the frame is {width} × {height} px; the tracker reads 96 × 96 (resize it, or render it at that size)")]
    FrameSize {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// The frame shows no board.
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
    /// The board lies on its side in the pixels.
    #[error(
        "the board is turned clockwise by {degrees}°, or mirrored; expected it upright, as PushT draws it: turn the video \
         back (ffmpeg: -vf {})",
        turning_back(*degrees)
    )]
    TurnedBoard {
        /// Clockwise turn, degrees: 90, 180 or 270. A mirrored board looks like a turned one.
        degrees: u16,
    },
    /// The board lies askew.
    #[error(
        "the board is turned clockwise by {degrees:.1}°; expected it upright, as PushT draws it: turn the video back (ffmpeg: \
         -vf rotate={:.4}:fillcolor=white), or film the screen straight",
        -degrees.to_radians()
    )]
    TiltedBoard {
        /// Clockwise turn, degrees, from -180 to 180.
        degrees: f64,
    },
    /// The frame shows more than one board.
    #[error(
        "the frame of {width} × {height} px shows several boards; expected one: cut each into a video of its own (ffmpeg: -vf \
         crop=WIDTH:HEIGHT:LEFT:TOP)"
    )]
    SeveralBoards {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// The frame is gray.
    #[error(
        "the frame of {width} × {height} px is gray or blank; expected the colors of PushT, by which agent, T and goal are told \
         apart: take the video from before its colors were removed, or cut off what comes before the board"
    )]
    NoColor {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// Too little of goal and walls is in view.
    #[error(
        "the frame of {width} × {height} px does not show enough of the goal and the walls to tell which part of the board it \
         is; expected the whole board, or the goal in view where a margin is cut off"
    )]
    UncertainBoard {
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// The goal pose is not finite.
    #[error("the goal pose {goal:?} is not finite; expected px of the 512 board and rad")]
    Goal {
        /// The pose that was passed.
        goal: Pose,
    },
    /// The track has fewer positions than an action needs.
    #[error("the track has {found} positions; at least 2 are needed, and give one action fewer than positions")]
    TooShort {
        /// Positions found.
        found: usize,
    },
    /// The track begins without an agent.
    #[error("the first position of the track is missing; leave out the frames before the agent is first seen")]
    NoStart,
    /// A position is not finite.
    #[error("position {index} of the track is not finite ({position:?}); leave such a stretch out, or fill its gaps")]
    NotFinite {
        /// Index of the position.
        index: usize,
        /// The position found.
        position: [f64; 2],
    },
    /// A noise level is not a positive number.
    #[error("the {name} is {value}; expected a finite number above 0, in px")]
    Noise {
        /// Name of the parameter.
        name: &'static str,
        /// The value that was passed.
        value: f64,
    },
    /// The renderer failed.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The filter of FFmpeg that undoes a clockwise turn. A mirrored board looks like one that is turned, and is a board of PushT
/// again when its goal is turned back.
fn turning_back(degrees: u16) -> &'static str {
    match degrees {
        90 => "transpose=2, which turns it anticlockwise by 90°",
        180 => "hflip,vflip, which turns it by 180°",
        _ => "transpose=1, which turns it clockwise by 90°",
    }
}
