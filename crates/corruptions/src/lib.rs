#![doc = include_str!("../README.md")]

mod apply;
mod clip;
mod corruption;
mod degradation;
mod image;
mod paint;
mod random;
mod scene;

pub use clip::{Clip, CorruptionError};
pub use corruption::{Corruption, Strength};
pub use degradation::Degradation;
