//! Generators: whatever makes clips. One is trained on; others stand beside it.

mod list;
mod model;
mod ready;
mod recipes;
mod trained;

pub(crate) use list::{ClipsFrom, Generator, Generators, Model};
pub(crate) use model::{Length, Maker, Video};
pub(crate) use trained::TrainingData;
