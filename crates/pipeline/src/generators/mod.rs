//! Generators of clips: the clips of one are trained on, the others are for comparison.

mod list;
mod model;
mod ready;
mod trained;
mod trainings;

pub(crate) use list::{ClipsFrom, Generator, Generators, Model};
pub(crate) use model::{Length, LoadedGenerator, Video};
pub(crate) use trained::TrainingData;
