//! One function for each reader of untrusted bytes: cargo-fuzz calls them with random input, a test with the corpus.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "learning")]
mod policy;
#[cfg(feature = "learning")]
mod weights;
#[cfg(feature = "learning")]
mod zip;

mod boxes;
mod datasets;
mod packed;
mod play;
mod rating_page;
mod records;
mod scratch;
mod target;
mod videos;

pub use packed::{pack_files, unpack_files};
pub use target::FuzzTarget;
