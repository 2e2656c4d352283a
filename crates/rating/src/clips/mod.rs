//! The clips of a study: their catalog, checks for changes, and their frames.

mod content;
mod folder;
mod frame_stream;
mod frames;
mod search;

pub(crate) use folder::{Catalog, Clip};
pub(crate) use frame_stream::FrameStream;
pub(crate) use frames::Frames;
