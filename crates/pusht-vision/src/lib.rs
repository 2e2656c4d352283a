//! The state out of a PushT frame: agent position and T pose with confidence.

mod agent;
mod block;
mod board;
mod error;
mod tracker;

pub use error::VisionError;
pub use tracker::{Tracked, Tracker, unwrap_angle, wrap};
