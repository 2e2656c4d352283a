//! The clips of a study: which there are, that they are still what they were, and their pictures.

mod content;
mod folder;
mod frame_stream;
mod frames;
mod search;

pub(crate) use folder::{Catalog, Clip};
pub(crate) use frame_stream::FrameStream;
pub(crate) use frames::Frames;
