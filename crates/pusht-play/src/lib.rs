#![doc = include_str!("../README.md")]

mod command;
mod episode;
mod error;
mod folder;
mod guide;
mod interventions;
mod journal;
mod picture;
mod server;
mod session;
mod settings;
mod view;
mod web;

pub use command::PlayCommand;
pub use error::PlayError;
pub use guide::GuidedPolicy;
pub use interventions::InterventionSegments;
pub use server::{PlayServer, PlaySummary};
pub use session::PlaySession;
pub use settings::PlaySettings;
pub use view::{Actor, Phase, PlayView};
