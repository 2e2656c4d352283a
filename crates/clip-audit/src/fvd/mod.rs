//! The Fréchet video distance: FVD (Unterthiner et al. 2018) with I3D (Carreira and Zisserman 2017).
//!
//! The published weights are read from a path; nothing is downloaded. Definitions: `docs/distribution.md`.

mod error;
mod i3d;
mod layers;
mod resize;

pub use error::FvdError;
pub use i3d::{I3D_CLASSES, I3D_FRAMES, I3d, fvd};
