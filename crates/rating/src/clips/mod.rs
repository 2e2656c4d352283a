//! The clips of a study: which there are, that they are still what they were, and their pictures.

mod content;
mod folder;
mod frames;
mod reel;
mod search;

pub(crate) use folder::{Catalogue, Clip};
pub(crate) use frames::Frames;
pub(crate) use reel::Reel;
