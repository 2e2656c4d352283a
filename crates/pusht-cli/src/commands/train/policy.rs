//! `pusht train policy`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bc_policy::{Augmentation, evaluate, track_episodes};
use clap::Args;
use named_parts::{DataOptions, device_name, hub};
use pusht_data::{Split, SplitProtocol};
use pusht_jobs::counted;
use pusht_training::TrainSpec;
use training::{devices, out_folder};

use super::policy_settings::PolicySettings;
use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Train a policy by behavior cloning, and measure how well it predicts held-out actions
///
/// A stopped run (Ctrl-C) resumes from its last checkpoint when run again with the same arguments. Writes
/// policy.safetensors, result.json, curve.jsonl, tensorboard/ and checkpoints/ to --out.
#[derive(Args)]
pub(crate) struct TrainPolicy {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of `pusht demos record`; several
    /// datasets, such as demonstrations and labeled clips, are combined
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder for the policy and the record of its training
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Split protocol: by-episode or by-frame
    #[arg(long, value_name = "PROTOCOL", default_value = "by-episode")]
    split: SplitProtocol,
    /// Seed of the split; other commands hold out the same episodes only if it is the same there
    #[arg(long, value_name = "N", default_value_t = Split::SEED)]
    split_seed: u64,
    /// tracked: learn from recorded states, if the data has them, instead of states tracked in the frames
    #[arg(long)]
    recorded_states: bool,
    /// Device: cpu, cuda, cuda:N, wgpu, auto, or several GPUs: cuda:0,1
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = device_name)]
    device: String,
    #[command(flatten)]
    settings: PolicySettings,
}

impl TrainPolicy {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let config = self.settings.resolve()?;
        let kind = config.kind();
        ensure!(
            !self.recorded_states || kind.learns_from_frames(),
            "--recorded-states: the policy {kind} does not choose what it learns from; leave it out"
        );
        let devices = devices(&self.device)?;
        hub::fetch_imagenet(&config, &mut session.ctx)?;

        let (mut names, mut episodes, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        for data in &self.data {
            let (source, some) = session.read(data, &self.reading, self.episodes)?;
            lengths.extend_from_slice(&source.lengths()[..some.len()]);
            names.push(source.name());
            episodes.extend(some);
        }
        let (name, count) = (names.join(" + "), episodes.len());
        out_folder(&self.out)?;
        if kind.learns_from_frames() && !self.recorded_states {
            let task = session.ctx.task("track agent and T", count, "episode");
            track_episodes(&mut episodes)?;
            task.finish(&counted(count, "episode"));
        }

        let seed = config.train.seed;
        let copies = config
            .section::<Augmentation>()
            .map_or(1, |augmentation| augmentation.copies());
        let split = Split::new(&lengths, self.split, copies, self.split_seed)?;
        let spec = TrainSpec::new(config.clone())
            .with_split(&episodes, &split)
            .with_devices(devices)
            .with_out(&self.out);
        let began = Instant::now();
        let trained = spec.run(&mut session.ctx)?;
        let file = self.out.join("policy.safetensors");
        trained.model.save(&file)?;

        let test = evaluate(&trained.model, &episodes, &split.test)?.context("the split has no test part")?;
        let result = serde_json::json!({
            "policy": kind, "data": name, "episodes": count, "split": self.split, "seed": seed,
            "split_seed": self.split_seed,
            "settings": config, "parameters": trained.model.parameters(),
            "updates": trained.curve.rows.last().map(|row| row.step),
            "seconds_of_last_process": began.elapsed().as_secs(),
            "validation_mse_px2": trained.best_valid, "best_epoch": trained.best_epoch,
            "test_mse_px2": test.mse, "test_r2": test.r2, "test_actions": test.actions,
        });
        let record = self.out.join("result.json");
        pusht_jobs::write_json(&record, &result).with_context(|| record.display().to_string())?;
        let card = cards::trained(
            &format!("A PushT policy, {kind}"),
            &name,
            &result,
            &[
                ("episodes", "episodes"),
                ("split", "split"),
                ("parameters", "parameters"),
                ("test MSE, px²", "test_mse_px2"),
                ("test R²", "test_r2"),
            ],
        );
        let card = card
            .with_tags(["behavior-cloning"])
            .with_text(
                "`policy.safetensors` is read by `pusht` and by the crate `bc-policy`; result.json has every result.",
            )
            .with_usage("pusht rollout --policy policy.safetensors")
            .with_settings(result["settings"].clone());
        cards::write(&card, &self.out, &mut session.ctx);
        let text = format!(
            "{file}: test MSE {:.1} px², R² {:.4} ({} actions, split {})\nnext: pusht rollout --policy {file}",
            test.mse,
            test.r2,
            test.actions,
            self.split,
            file = file.display(),
        );
        Ok(Outcome::new(text, &result)?)
    }
}
