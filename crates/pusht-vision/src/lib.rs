#![doc = include_str!("../README.md")]

mod agent;
mod agent_control;
pub mod appearance;
mod bilinear;
mod block;
mod board;
mod error;
mod executable;
mod fade;
pub mod flagged;
pub mod geometry;
mod inverse;
pub mod limits;
mod linear;
mod measures;
pub mod motion;
mod registration;
mod resample;
mod seen;
mod similarity;
mod smoother;
mod spreads;
mod tracker;
mod tracking_errors;

pub use agent_control::{CONTROL_HZ, CONTROL_STEP, ControlStep, agent_step};
pub use error::VisionError;
pub use executable::executability_residual;
pub use fade::cross_fade;
pub use inverse::{InitialMotion, actions_from_track};
pub use measures::FrameMeasures;
pub use registration::{Registrar, Registration};
pub use similarity::{SimilarityError, psnr, ssim, video_ssim};
pub use smoother::{ActionSmoother, SmoothedTrack};
pub use tracker::{Tracked, Tracker, unwrap_angle, wrap};
pub use tracking_errors::{TrackingErrorRow, TrackingErrors};
