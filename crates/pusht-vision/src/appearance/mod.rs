//! What pixels show: which are board, agent and T, the T's shape, and how good the picture is.

mod board;
mod frame;
mod matter;
mod picture;
mod shape;

pub use frame::{Eyes, FrameAudit, Looked};
pub use picture::{Border, Quality};
pub use shape::Shape;
