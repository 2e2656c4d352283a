//! Fine-tunes LTX-Video or Cosmos-Predict1 on PushT. PushT's own models are trained from scratch by train_video.

#![allow(clippy::print_stdout)]

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use pusht_jobs::JobContext;
use training::{device, free_memory};
use video_finetune::{
    ClipData, Family, Finetune, FinetuneConfig, Finetuned, Preset, check_finetune, finetune, write_tiny_model,
};

/// Fine-tunes a published video model with LoRA, or all of it with --full. A stopped run goes on with the same command.
#[derive(Parser)]
struct Args {
    /// ltx:PATH (a folder of diffusers or a single file) or cosmos:DIR (a folder with transformer/ or model.pt, and vae/)
    #[arg(long, value_name = "KIND:PATH")]
    model: String,
    /// A folder with tokenizer/ and text_encoder/, where they are not beside the model
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Videos (MP4, GIF or PNG folders, or a folder of them), demonstrations (a zarr replay buffer, a LeRobot v3 set, a file
    /// of make_demos), or simulator:N for N episodes of the expert
    #[arg(long, value_name = "PATH", required_unless_present = "make_tiny")]
    data: Option<String>,
    /// Folder for adapters or weights, checkpoints, TensorBoard, samples and finetune.json
    #[arg(long, value_name = "DIR", required_unless_present = "make_tiny")]
    out: Option<PathBuf>,
    /// Folder for latents and text embeddings, which several runs may share [default: cache in --out]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Settings to begin with: ours, or the seed paper's
    #[arg(long, value_name = "NAME", default_value = "ours")]
    preset: PresetName,
    /// Train all weights, not adapters
    #[arg(long)]
    full: bool,
    /// Change a setting of finetune.json's config; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Updates; as --set steps=N, and with validation at the end where there are fewer than between two
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Memory for training, GB; what needs more is refused [default: on the CPU what is free, elsewhere unknown]
    #[arg(long, value_name = "GB")]
    memory: Option<f64>,
    /// cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Write a random model of a few thousand parameters to --model's path and end: to try everything without weights
    #[arg(long)]
    make_tiny: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum PresetName {
    Ours,
    Paper,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let (family, model) = match args.model.split_once(':') {
        Some(("ltx", path)) => (Family::Ltx, Path::new(path)),
        Some(("cosmos", path)) => (Family::Cosmos, Path::new(path)),
        _ => bail!(
            "--model {}: expected ltx:PATH or cosmos:DIR (the object-latent and the pixel model are trained from scratch, by \
             train_video)",
            args.model
        ),
    };
    if args.make_tiny {
        ensure!(!model.exists(), "--make-tiny: {} is there already", model.display());
        write_tiny_model(family, model, 0)?;
        println!("wrote a random model to {}", model.display());
        return Ok(());
    }
    let (data, out) = args
        .data
        .as_deref()
        .zip(args.out.as_deref())
        .context("--data and --out")?;
    let mut config = FinetuneConfig::preset(
        match args.preset {
            PresetName::Ours => Preset::Ours,
            PresetName::Paper => Preset::Paper,
        },
        family,
    );
    config.full = args.full;
    args.set.iter().try_for_each(|text| config.set(text))?;
    if let Some(steps) = args.steps {
        config.steps = steps;
    }
    config.check()?;
    let limit = args.memory.map(|gigabytes| (gigabytes * 1e9) as u64);
    let limit = limit.or_else(|| free_memory(&args.device));
    let device = device(&args.device)?;
    let mut ctx = JobContext::terminal()?;
    check_finetune(family, model, args.text.as_deref(), &config)?;
    let data = open(data, out, config.seed, &mut ctx)?;
    let done = finetune(Finetune {
        family,
        model,
        text: args.text.as_deref(),
        data: &data,
        out,
        cache: args.cache.as_deref(),
        config: &config,
        device: &device,
        memory: limit,
        ctx: &mut ctx,
    })?;
    say(&args, &config, &done);
    Ok(())
}

/// What came of it, and what to do with it.
fn say(args: &Args, config: &FinetuneConfig, done: &Finetuned) {
    let loss = |name: &str, loss: Option<f64>| loss.map_or(String::new(), |loss| format!(", {name} {loss:.4}"));
    println!(
        "{} updates on {} clips{}{}",
        config.steps,
        done.clips[0],
        loss("loss at the end", done.train_loss),
        loss("lowest on held-out clips", done.best_valid)
    );
    if let Some(samples) = &done.samples {
        println!("last samples beside held-out clips: {samples}");
    }
    println!("wrote {}", done.file.display());
    if config.full {
        println!(
            "put {} in place of the model's to generate with it",
            done.file.with_file_name("").display()
        );
    } else {
        println!(
            "next: generate --model {} --lora {} --data DEMONSTRATIONS --out clips",
            args.model,
            done.file.display()
        );
    }
}

/// The videos at a path, or of the simulator.
fn open(data: &str, out: &Path, seed: u64, ctx: &mut JobContext) -> Result<ClipData> {
    let Some(episodes) = data.strip_prefix("simulator:") else {
        return Ok(ClipData::open(Path::new(data))?);
    };
    let episodes: usize = episodes
        .parse()
        .with_context(|| format!("--data {data}: expected simulator:N"))?;
    training::out_folder(out)?;
    Ok(ClipData::simulate(&out.join("simulated.jsonl"), episodes, seed, ctx)?)
}
