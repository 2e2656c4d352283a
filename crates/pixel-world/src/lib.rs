//! A world model of PushT in pixels.
//!
#![doc = include_str!("../README.md")]

mod background;
mod data;
mod error;
mod input;
mod loss;
mod net;
mod palette;
mod play;
mod train;
mod window;
mod world;

pub use error::PixelWorldError;
pub use net::{Net, NetConfig};
pub use palette::{IndexedFrame, Palette};
pub use train::{FineTuneSettings, OwnRollouts, PixelWorldSettings};
pub use world::{PixelWorld, WorldProvenance};
