//! `pusht train idm`.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use idm::{ClosedForm, LearnedConfig, Reduction, held_out_error};
use named_parts::{DataOptions, device_name};
use pusht_data::{InverseDynamics, Split, SplitProtocol};
use pusht_training::TrainSpec;
use pusht_vision::InitialMotion;
use training::{devices, out_folder};

use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Train the inverse dynamics model, and compare its actions and the closed form's with recorded ones
///
/// The model reads 16 frames and emits 8 actions. A stopped run (Ctrl-C) resumes from its last checkpoint when run
/// again with the same arguments. Writes idm.safetensors, result.json, curve.jsonl and tensorboard/ to --out.
#[derive(Args)]
pub(crate) struct TrainIdm {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder for the model and the record of its training
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Split protocol: by-episode or by-frame
    #[arg(long, value_name = "PROTOCOL", default_value = "by-episode")]
    split: SplitProtocol,
    /// Number of epochs, of 300 updates each
    #[arg(long, value_name = "N", default_value_t = 6)]
    epochs: usize,
    /// Additional corrupted copies of every training video (blur, noise, other colors and sizes, H.264)
    #[arg(long, value_name = "N", default_value_t = 2)]
    damaged_copies: usize,
    /// Device: cpu, cuda, cuda:N, wgpu, auto, or several GPUs: cuda:0,1
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = device_name)]
    device: String,
    /// Seed of the weights and of the order of the data
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Seed of the split; other commands hold out the same episodes only if it is the same there
    #[arg(long, value_name = "N", default_value_t = Split::SEED)]
    split_seed: u64,
}

impl TrainIdm {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let mut config = LearnedConfig::default();
        config.train.epochs = self.epochs;
        config.damaged_copies = self.damaged_copies;
        config.train.check()?;
        let settings = serde_json::to_value(&config)?;
        let devices = devices(&self.device)?;
        out_folder(&self.out)?;

        let (source, episodes) = session.read(&self.data, &self.reading, self.episodes)?;
        let count = episodes.len();
        let split = Split::new(&source.lengths()[..count], self.split, 1, self.split_seed)?;
        let trained = TrainSpec::new(config)
            .with_seed(self.seed)
            .with_split(&episodes, &split)
            .with_devices(devices)
            .with_out(&self.out)
            .run(&mut session.ctx)?;
        trained.model.save(&self.out.join("idm.safetensors"))?;

        let mut kinds: Vec<Box<dyn InverseDynamics>> = vec![Box::new(ClosedForm::new(InitialMotion::Rest))];
        for reduction in [None].into_iter().chain(Reduction::ALL.map(Some)) {
            kinds.push(Box::new(trained.model.clone().with_reduction(reduction)));
        }
        let mut results = Vec::new();
        let mut text = format!(
            "L2 to the recorded actions on the test part ({}), px: mean ± SD",
            self.split
        );
        for kind in kinds {
            let error = held_out_error(kind.as_ref(), &episodes, &split.test)?;
            let error = error.context("the split has no test part")?;
            let (name, l2, actions) = (kind.name(), error.l2_px, error.actions);
            write!(
                text,
                "\n  {name:16} {:7.2} ± {:6.2}   {actions} actions",
                l2.mean, l2.sd
            )?;
            results.push(serde_json::json!({ "idm": name, "l2_px": l2, "actions": actions }));
        }
        let result = serde_json::json!({
            "data": source.name(), "episodes": count, "split": self.split, "seed": self.seed,
            "split_seed": self.split_seed,
            "parameters": trained.model.parameters(), "validation_mse_px2": trained.best_valid, "test": results,
        });
        let record = self.out.join("result.json");
        pusht_jobs::write_json(&record, &result).with_context(|| record.display().to_string())?;
        let rows = [
            ("episodes", "episodes"),
            ("split", "split"),
            ("parameters", "parameters"),
            ("validation MSE, px²", "validation_mse_px2"),
        ];
        let mut card = cards::trained("An inverse dynamics model for PushT", &source.name(), &result, &rows);
        for test in result["test"].as_array().into_iter().flatten() {
            let (name, l2) = (test["idm"].as_str().unwrap_or_default(), test["l2_px"]["mean"].as_f64());
            card = card.with_row(
                format!("test L2 of {name}, px"),
                format!("{:.2}", l2.unwrap_or(f64::NAN)),
            );
        }
        let card = card
            .with_tags(["inverse-dynamics"])
            .with_text("`idm.safetensors` reads actions from videos of PushT; result.json has every result.")
            .with_usage("pusht label --idm learned:idm.safetensors --video CLIPS --out labeled")
            .with_settings(settings);
        cards::write(&card, &self.out, &mut session.ctx);
        Ok(Outcome::new(text, &result)?)
    }
}
