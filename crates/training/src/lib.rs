//! Device choice, the training loop, checkpoints and resume, TensorBoard, progress.
//!
//! [`fit`] trains any Burn module on any [`Objective`]. Everything random follows from the seed in [`TrainConfig`]: on
//! the CPU, a run that is stopped and resumed from its last checkpoint ends with the same bits as an uninterrupted one.
//! `docs/training.md` has the conventions.
//!
#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]

mod backends;
mod best_device;
mod checkpoint;
mod clip;
mod config;
mod curve;
mod device;
mod ema;
mod error;
mod finite;
mod fit;
mod fitted;
mod identity;
mod init;
mod layers;
mod lr_schedule;
mod model_bytes;
mod model_error;
mod model_file;
mod objective;
mod order;
mod precision;
mod replica;
mod run;
mod team;
mod tensorboard;

pub use best_device::{BestDevice, best_device};
pub use checkpoint::out_folder;
pub use clip::clip_global_norm;
pub use config::TrainConfig;
pub use curve::{Curve, CurveRow};
pub use device::{device, devices, free_memory};
pub use ema::Ema;
pub use error::TrainingError;
pub use fit::{FitOptions, fit};
pub use fitted::FitOutput;
pub use init::init_seeded;
pub use model_bytes::{save_model, save_model_in_bf16};
pub use model_error::ModelFileError;
pub use model_file::ModelFile;
pub use objective::{Gradients, Objective, ObjectiveError, Step};
pub use precision::Precision;
pub use replica::to_compute_dtype;
pub use tensorboard::EventWriter;
