#![doc = include_str!("../README.md")]

mod apply;
mod clip;
mod corruption;
mod degradation;
mod dynamics;
mod error;
mod image;
mod paint;
mod player;
mod pose;
mod random;
mod scene;

pub use clip::Clip;
pub use corruption::{Corruption, Strength};
pub use degradation::Degradation;
pub use error::CorruptionError;
pub use player::ClipPlayer;
