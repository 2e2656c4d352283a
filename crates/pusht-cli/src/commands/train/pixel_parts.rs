//! The two files of the pixel model that come with the program: `pusht train video --model pixel-base` and
//! `--model pixel-paths`.

use anyhow::{Context, Result};
use burn::tensor::Device;
use hub_files::{Card, RepoKind};
use pixel_world::{PixelWorld, PixelWorldSettings};
use pusht_data::demonstrate;
use pusht_training::TrainSpec;
use serde::Serialize;
use serde_json::json;
use training::FitOptions;
use video_gen::{PathFlow, PathTrainSettings};

use super::video::TrainVideo;
use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// A card of what was trained on nobody's data.
fn own(title: &str, data: &str, settings: &impl Serialize) -> Result<Card> {
    Ok(Card::new(RepoKind::Model, title, cards::own_license())
        .with_tags(["pusht-start", "rust", "burn"])
        .with_row("trained on", data)
        .with_settings(serde_json::to_value(settings)?))
}

impl TrainVideo {
    /// Trains the base of the pixel world model and writes it in bf16.
    pub(super) fn base_world(
        &self,
        settings: &PixelWorldSettings,
        devices: &[Device],
        session: &mut Session,
    ) -> Result<Outcome> {
        let (device, replicas) = devices.split_first().context("no device")?;
        let options = FitOptions {
            label: "pixel world model",
            identity: "",
            inputs: "",
            out: Some(&self.out),
            ctx: &mut session.ctx,
            replicas,
        };
        let from = self
            .base
            .as_deref()
            .map(|file| PixelWorld::load(file, device))
            .transpose()?;
        let trained = settings.train_on_play(from.as_ref(), device, options)?;
        let file = self.out.join("base.safetensors");
        trained.model.save_in_bf16(&file)?;
        let json = json!({
            "model": file.display().to_string(), "validation_loss": trained.best_valid,
            "trained_on": trained.model.trained_on(),
        });
        let card = own(
            "The base of the pixel world model of PushT",
            "random play in the simulator",
            &settings,
        )?
        .with_row(
            "validation loss",
            format!("{:.5}", trained.best_valid.unwrap_or(f64::NAN)),
        );
        cards::write(&card, &self.out, &mut session.ctx);
        Ok(Outcome::new(format!("wrote {}", file.display()), &json)?)
    }

    /// Records the expert, trains the base paths on it and writes them in bf16.
    pub(super) fn base_paths(
        &self,
        settings: PathTrainSettings,
        devices: &[Device],
        session: &mut Session,
    ) -> Result<Outcome> {
        let mut what = PathFlow::base_demonstrations();
        what.episodes = self.episodes.unwrap_or(what.episodes);
        let set = demonstrate(self.out.join("expert.jsonl"), &what, &mut session.ctx)?;
        let episodes = set.episodes(0..set.len(), &mut session.ctx)?;
        let written = serde_json::to_value(&settings)?;
        let spec = TrainSpec::new(settings)
            .with_train(&episodes)
            .with_seed(self.seed)
            .with_devices(devices.to_vec())
            .with_out(&self.out);
        let model = spec.run(&mut session.ctx)?.model;
        let file = self.out.join("paths.safetensors");
        model.save_in_bf16(&file)?;
        let frames = model.trained_on().frames;
        let card = own(
            "Paths of the agent for the pixel model of PushT",
            "the expert in the simulator",
            &written,
        )?
        .with_row("training episodes", episodes.len())
        .with_row("training frames", frames);
        cards::write(&card, &self.out, &mut session.ctx);
        let text = format!(
            "wrote {}: {} episodes of the expert, {frames} frames",
            file.display(),
            episodes.len()
        );
        let json =
            json!({ "model": file.display().to_string(), "training_episodes": episodes.len(), "frames": frames });
        Ok(Outcome::new(text, &json)?)
    }
}
