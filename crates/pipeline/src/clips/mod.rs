//! Clips: those that are trained on, generated or existing, and those of other generators.

mod asked;
mod beside;
mod controls;
mod ends;
mod evaluate;
mod found;
mod generated;
mod make;
mod new_starts;
mod set;
mod simulated;
mod store;

pub(crate) use beside::clips_beside;
pub(crate) use controls::ControlClips;
pub(crate) use ends::draw as draw_ends;
pub(crate) use found::find_clips;
pub(crate) use generated::{GenerateClips, Wanted};
pub(crate) use set::ClipsSource;
