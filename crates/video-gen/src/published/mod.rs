//! The published video models as models for PushT: frames in and out, prompts, requests.

mod ltx;

pub use ltx::{LtxSettings, LtxVideo};
