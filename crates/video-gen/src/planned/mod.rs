//! Clips of a world model along planned paths of the agent.
//!
//! A small flow, learned from demonstrations, proposes the agent's next positions ([`PathFlow`]); a beam search plays
//! them in the world model, tracks what its frames show, and keeps those whose T comes nearer to the prescribed end
//! ([`PlannedVideo`]). Formulas, limits and figures: `docs/video-models.md`.

mod branch;
mod condition;
mod end_distance;
mod flow;
mod model;
mod net;
mod reader;
mod record;
mod refine;
mod search;
mod settings;
mod steps;
mod target;
#[cfg(test)]
mod tests;
mod tracks;
mod train;
mod whitening;

pub use end_distance::EndDistance;
pub use flow::PathFlow;
pub use model::PlannedVideo;
pub use net::PathNetConfig;
pub use record::PlannedClip;
pub use settings::PlanSettings;
pub use train::PathTrainSettings;
