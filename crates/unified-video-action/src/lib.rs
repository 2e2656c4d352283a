#![doc = include_str!("../README.md")]

mod config;
mod error;
mod heads;
mod inverse;
mod load;
mod model;
mod net;
#[cfg(feature = "parity")]
pub mod parity;
mod pictures;
mod sample;
mod task;
mod video;

pub use config::{Config, HeadConfig, TransformerConfig};
pub use error::Error;
pub use heads::{ActionHead, VideoHead};
pub use load::{Shapes, shapes};
pub use model::{Action, ActionScale, Model, Output};
pub use net::Net;
pub use task::{Masked, Task};
