//! Recorded episodes: data sets, folders of videos, and LeRobot sets of one's own.

mod clips;
mod convert;
pub mod read;
pub mod write;
