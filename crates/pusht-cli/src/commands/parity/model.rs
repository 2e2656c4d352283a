//! `pusht parity model`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use named_parts::device_name;

use super::{Compared, each};
use crate::outcome::Outcome;
use crate::session::Session;

/// Compare models with recorded tensors of their published implementations
///
/// Prints one line per tensor, with its relative error. Exit status 3: an error is over its limit.
#[derive(Args)]
pub(crate) struct Model {
    /// Folders with config.json, io.safetensors and weights.safetensors (or its index and shards)
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Device: cpu, auto, or cuda and wgpu if they are compiled in
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
}

impl Model {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let device = training::device(&self.device).context("--device")?;
        // The models of each crate; the folder's config names one.
        let models = [
            unified_video_action::parity::MODELS,
            model_parity::FLOW_MODELS,
            t5_encoder::parity::MODELS,
            ltx_video::parity::MODELS,
            cosmos_predict::parity::MODELS,
        ]
        .concat();
        each(&self.folders, session, |folder| {
            let report = model_parity::compare(folder, &models, &device)?;
            Ok(Compared {
                text: report.to_string(),
                passed: report.passed(),
                report: serde_json::to_value(report)?,
            })
        })
    }
}
