//! `pusht audit object-model`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clip_generation::MotionReport;
use named_parts::{DataOptions, device_name};
use serde_json::json;
use video_gen::ObjectLatentModel;

use crate::outcome::Outcome;
use crate::session::Session;

/// Compare the motion of agent and T from a saved object-latent video model with held-out demonstrations
#[derive(Args)]
pub(crate) struct ObjectModel {
    /// A model that `pusht train video` or `pusht experiment` saved
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Demonstrations with states, as in `pusht train video`; the test part of the split by episode is used
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Seed of the clips; the split is that of `pusht train video`
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Use only the first episodes of the data
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// cpu, cuda, cuda:N, wgpu or auto
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
}

impl ObjectModel {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let model = ObjectLatentModel::load(&self.model, &training::device(&self.device)?)?;
        let source = self.reading.open(&self.data, &mut session.ctx)?;
        let report = MotionReport::measure(&model, &source, self.episodes, self.seed)?;
        let conclusion = report.conclusion();
        let text = format!("{}\n{conclusion}", report.table());
        let mut json = serde_json::to_value(&report)?;
        json["conclusion"] = json!(conclusion);
        Ok(Outcome::new(text, &json)?)
    }
}
