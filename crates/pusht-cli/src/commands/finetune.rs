//! `pusht finetune`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use hub_files::{Card, CardLicense, RepoKind};
use named_parts::{DataOptions, device_name, gigabytes, hub};
use pusht_jobs::counted;
use serde_json::json;
use video_finetune::{ClipSource, Family, Finetune, FinetuneConfig, Finetuned, Preset, write_tiny_model};
use video_gen::ModelSpec;

use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Fine-tune LTX-Video or Cosmos-Predict1 on PushT, with LoRA, or all weights with --full
///
/// Writes adapters or weights, checkpoints, TensorBoard, samples and finetune.json. Run the same command again to
/// resume a stopped run. `pusht train video` trains the small PushT models from scratch.
#[derive(Args)]
pub(crate) struct FinetuneVideo {
    /// Model: ltx:PATH (a diffusers folder or a single file) or cosmos:DIR (a folder with transformer/ or model.pt, and
    /// vae/); PATH may be hub:OWNER/NAME on the Hugging Face Hub
    #[arg(long, value_name = "KIND:PATH")]
    model: ModelSpec,
    /// Folder with tokenizer/ and text_encoder/ [default: the model's folder]
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Videos (MP4, GIF or PNG folders, or a folder of them), demonstrations (a zarr replay buffer, a LeRobot v3 set, a
    /// file of `pusht demos record`), or simulator:N for N episodes of the expert
    #[arg(long, value_name = "PATH", required_unless_present = "make_tiny")]
    data: Option<ClipSource>,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder for adapters or weights, checkpoints, TensorBoard, samples and finetune.json
    #[arg(long, value_name = "DIR", required_unless_present = "make_tiny")]
    out: Option<PathBuf>,
    /// Folder for latents and text embeddings, which several runs may share [default: cache in --out]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Base settings: ours, or those of the PushT Start paper (paper)
    #[arg(long, value_name = "NAME", default_value = "ours")]
    preset: Preset,
    /// Train all weights instead of adapters
    #[arg(long)]
    full: bool,
    /// Override one setting of finetune.json's config; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Number of updates, as --set steps=N; a run shorter than the validation interval is validated at its end
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Memory for training, GB; a run that needs more is refused [default: free memory on the CPU, no limit elsewhere]
    #[arg(long, value_name = "GB", value_parser = gigabytes)]
    memory: Option<u64>,
    /// Device: cpu, cuda, cuda:N, wgpu or auto
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
    /// Write a random model of a few thousand parameters to --model's path and exit, for tests without published
    /// weights
    #[arg(
        long,
        conflicts_with_all = ["text", "data", "camera", "tolerance", "out", "cache", "preset", "full", "settings", "steps", "memory", "device"]
    )]
    make_tiny: bool,
}

impl FinetuneVideo {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        let family = Family::try_from(&self.model)?;
        if self.make_tiny {
            let path = self.model.path();
            ensure!(!hub::is_name(path), "--make-tiny: expected a path to write to");
            ensure!(!path.exists(), "--make-tiny: {} is there already", path.display());
            write_tiny_model(family, path, 0)?;
            let text = format!("wrote a random model to {}", path.display());
            return Ok(Outcome::new(text, &json!({ "model": self.model }))?);
        }
        let mut config = FinetuneConfig::preset(self.preset, family);
        config.full = self.full;
        self.settings.iter().try_for_each(|text| config.set(text))?;
        if let Some(steps) = self.steps {
            config.steps = steps;
        }
        let ctx = &mut session.ctx;
        let base = self.model.hub_name().map(str::to_owned);
        self.model = hub::locate_model("--model", self.model, self.text.is_some(), ctx)?;
        self.text = hub::locate_given("--text", self.text, &[hub::layouts::text()], ctx)?;
        let (data, out) = self.data.zip(self.out).context("expected --data and --out")?;
        let finetune = Finetune {
            model: &self.model,
            text: self.text.as_deref(),
            out: &out,
            cache: self.cache.as_deref(),
            config: &config,
            device: &training::device(&self.device)?,
            memory: self.memory.or_else(|| training::free_memory(&self.device)),
        };
        finetune.check()?;
        let data = match data {
            ClipSource::Path(path) => ClipSource::Path(self.reading.locate(&path, &mut session.ctx)?),
            other => other,
        };
        let data = data.open(&self.reading.source(), &out, config.seed, &mut session.ctx)?;
        let done = finetune.run(&data, &mut session.ctx)?;
        cards::write(
            &card(&self.model, base.as_deref(), &config, &done)?,
            &out,
            &mut session.ctx,
        );
        Ok(Outcome::new(text(&self.model, &config, &done), &done)?)
    }
}

/// The card of the folder; `base` is the name of the model on the Hub, if it is there.
fn card(model: &ModelSpec, base: Option<&str>, config: &FinetuneConfig, done: &Finetuned) -> Result<Card> {
    let (title, file) = (
        model.info().title,
        done.file.file_name().unwrap_or_default().to_string_lossy(),
    );
    let (what, tag) = if config.full {
        ("", "full-finetuning")
    } else {
        (" (LoRA)", "lora")
    };
    let mut card = Card::new(
        RepoKind::Model,
        format!("{title} fine-tuned on PushT{what}"),
        CardLicense::OfBaseModel,
    )
    .with_task("image-to-video")
    .with_tags([model.info().name, tag, "pusht-start"])
    .with_row("base model", model)
    .with_row("updates", config.steps)
    .with_row("training clips", done.train_clips)
    .with_row("validation clips", done.valid_clips);
    if let Some(base) = base {
        let end = base
            .match_indices(['@', '/'])
            .map(|(at, _)| at)
            .filter(|&at| at > base.find('/').unwrap_or(0))
            .min();
        card = card.with_base_model(&base[..end.unwrap_or(base.len())]);
    }
    for (name, loss) in [
        ("training loss at the end", done.train_loss),
        ("lowest validation loss", done.best_valid),
    ] {
        card = loss.map_or(card.clone(), |loss| card.with_row(name, format!("{loss:.4}")));
    }
    if let Some(samples) = &done.samples {
        card = card.with_row("last samples beside held-out clips", samples);
    }
    if !config.full {
        card = card.with_usage(format!(
            "pusht generate --model {}:PATH --lora {file} --data DEMONSTRATIONS --out clips",
            model.info().name
        ));
    }
    Ok(card.with_settings(serde_json::to_value(config)?))
}

/// The result, and commands that use it.
fn text(model: &ModelSpec, config: &FinetuneConfig, done: &Finetuned) -> String {
    let loss = |name: &str, loss: Option<f64>| loss.map_or(String::new(), |loss| format!(", {name} {loss:.4}"));
    let mut text = format!(
        "{} on {}{}{}\n",
        counted(config.steps, "update"),
        counted(done.train_clips, "clip"),
        loss("loss at the end", done.train_loss),
        loss("lowest on held-out clips", done.best_valid)
    );
    if let Some(samples) = &done.samples {
        text += &format!("last samples beside held-out clips: {samples}\n");
    }
    text += &format!("wrote {}\n", done.file.display());
    text += &if config.full {
        let folder = done.file.with_file_name("");
        format!("put {} in place of the model's to generate with it", folder.display())
    } else {
        let adapters = done.file.display();
        format!("next: pusht generate --model {model} --lora {adapters} --data DEMONSTRATIONS --out clips")
    };
    text
}
