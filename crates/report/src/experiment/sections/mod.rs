//! The sections of the page; each is a function from the report to HTML.

mod actions;
mod clips;
mod exchange;
mod method;
mod outcome;
mod paper;
mod pictures;
mod policies;
mod rollouts;
mod training;

pub(super) use actions::actions;
pub(super) use clips::clips;
pub(super) use method::{method, record};
pub(super) use outcome::{results, verdict};
pub(super) use paper::paper;
pub(super) use pictures::pictures;
pub(super) use policies::policies;
pub(super) use rollouts::rollouts;
pub(super) use training::training;
