#![doc = include_str!("../README.md")]

mod agent_motion;
mod config;
mod coverage;
mod env;
mod error;
mod expert;
mod observer;
mod policy;
mod render;
mod scene;
mod seeding;
pub mod stable_worldmodel;
mod state;
mod vec_env;

pub use agent_motion::AgentMotion;
pub use config::{ContactCount, EnvConfig, ResetOrder};
pub use coverage::{SUCCESS_COVERAGE, coverage, reward};
pub use env::{Info, PushT, Snapshot, StepResult};
pub use error::EnvError;
pub use expert::{Demonstration, Expert, ExpertConfig, ExpertError, ExpertPolicy};
pub use image::RgbImage;
pub use observer::Observer;
pub use policy::{Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
pub use pusht_physics::{
    AGENT_RADIUS, BAR, BlockVelocity, CONTACT_PAIRS, ContactTick, Pose, Quad, STEM, WALL_RADIUS, WALLS, bar_vertices,
    stem_vertices,
};
pub use render::{FillRule, RenderError, Renderer, draw_cross, draw_marker};
pub use scene::Scene;
pub use seeding::{NumpyRng, Seeding};
pub use state::{Action, GOAL, State};
pub use vec_env::{Autoreset, EnvStep, EpisodeEnd, ObsArrays, VecEnv, VecEnvError};

/// Compiles and runs the Rust code of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// One RGB image, u8, height × width × 3.
pub type Frame = RgbImage;
