#![doc = include_str!("../README.md")]

mod apply;
mod clip;
mod damage;
mod defect;
mod image;
mod paint;
mod random;
mod scene;

pub use clip::{Clip, DefectError};
pub use damage::Damage;
pub use defect::{Defect, Strength};
