//! Generators: whatever makes clips. One is trained on; others stand beside it.

mod list;
mod model;
mod ready;
mod trained;
mod trainings;

pub(crate) use list::{ClipsFrom, Generator, Generators, Model};
pub(crate) use model::{Length, LoadedGenerator, Video};
pub(crate) use trained::TrainingData;
