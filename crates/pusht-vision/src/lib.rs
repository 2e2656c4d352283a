//! The state out of a PushT frame, and the actions out of a track.
//!
//! [`Tracker`] finds the agent's position and the T's pose in a 96 × 96 frame, with a confidence for each.
//! [`actions_from_track`] inverts the agent's law of motion in closed form, [`ActionSmoother`] does the same for noisy
//! tracks. [`Registrar`] finds the board in frames of other sizes and shapes, [`FrameMeasures`] counts what a frame shows,
//! [`appearance`] reads whole clips: shape of the T, quality of the picture, who moves what ([`motion`]). [`psnr`] and
//! [`ssim`] say how alike pictures are. `docs/vision.md` has the formulas and what is reached on the human demonstrations.

mod agent;
pub mod appearance;
mod block;
mod board;
mod dynamics;
mod error;
mod executable;
mod fade;
pub mod geometry;
mod inverse;
pub mod limits;
mod linear;
pub mod marks;
mod measures;
pub mod motion;
mod registration;
mod seen;
mod similarity;
mod smoother;
mod spreads;
mod tracker;

pub use dynamics::{CONTROL_HZ, CONTROL_STEP, ControlStep, agent_step};
pub use error::VisionError;
pub use executable::executability_residual;
pub use fade::cross_fade;
pub use inverse::{Start, actions_from_track};
pub use measures::FrameMeasures;
pub use registration::{Registrar, Registration};
pub use similarity::{SimilarityError, psnr, ssim, video_ssim};
pub use smoother::{ActionSmoother, SmoothedTrack};
pub use tracker::{Tracked, Tracker, unwrap_angle, wrap};
