//! Trains one policy by behaviour cloning and says how well it predicts held-out actions.

mod common;
#[path = "common/read.rs"]
mod read;
#[path = "common/save.rs"]
mod save;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bc_policy::{Augmentation, ImageConfig, PolicyConfig, PolicyKind, evaluate, track_episodes, train};
use clap::Parser;
use pusht_data::{Split, SplitProtocol, Transform};
use pusht_jobs::JobContext;
use training::{FitOptions, devices, out_folder};

/// Trains one policy by behaviour cloning. Stopped (Ctrl-C) and started again with the same arguments it goes on from its
/// last checkpoint; --out gets policy.safetensors, result.json, curve.jsonl, tensorboard/ and checkpoints/.
#[derive(Parser)]
struct Args {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of simulated episodes. Several, such as
    /// demonstrations and labelled clips, are trained on together.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Folder for the policy and the record of its training.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// tracked, cnn, resnet18, diffusion-lowdim or diffusion.
    #[arg(long, value_name = "KIND", default_value = "tracked")]
    policy: PolicyKind,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// by-episode or by-frame.
    #[arg(long, value_name = "PROTOCOL", default_value = "by-episode")]
    split: SplitProtocol,
    /// tracked: learn from recorded states where the data has them, not from those tracked in the frames.
    #[arg(long)]
    recorded_states: bool,
    /// cnn, resnet18: the paper's settings (25 epochs).
    #[arg(long)]
    paper: bool,
    /// cnn, resnet18: also learn from the eight symmetries of every frame.
    #[arg(long)]
    augment: bool,
    /// cnn, resnet18: see a square of so many px, cut out of the frame at random.
    #[arg(long, value_name = "PX")]
    crop: Option<usize>,
    /// cnn, resnet18: say so many actions at once, and take them all before looking again.
    #[arg(long, value_name = "N", default_value_t = 1)]
    chunk: usize,
    /// resnet18: start from the weights of a torchvision checkpoint (.pth or .safetensors), or `imagenet` for torchvision's
    /// own (fetched with the feature `hub`); the head is replaced.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Epochs; the default depends on the policy.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Updates of an epoch, instead of one pass over the data.
    #[arg(long, value_name = "N")]
    steps_per_epoch: Option<usize>,
    /// Frames of an update.
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate.
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// cpu, cuda, cuda:N, wgpu, or several GPUs: cuda:0,1.
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// Weights, order of the data and noise follow from it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// An option that the policy does not read is a mistake.
fn refuse_options_of_others(args: &Args) -> Result<()> {
    let image = matches!(args.policy, PolicyKind::Cnn | PolicyKind::ResNet18);
    let options = [
        ("--paper", args.paper, image),
        ("--augment", args.augment, image),
        ("--crop", args.crop.is_some(), image),
        ("--chunk", args.chunk != 1, image),
        (
            "--recorded-states",
            args.recorded_states,
            args.policy == PolicyKind::Tracked,
        ),
    ];
    for (option, given, read) in options {
        let policy = args.policy.name();
        ensure!(
            !given || read,
            "{option} is not for the policy {policy}; --help says whose option it is"
        );
    }
    Ok(())
}

fn config(args: &Args) -> PolicyConfig {
    let preset = if args.paper {
        PolicyConfig::paper
    } else {
        PolicyConfig::new
    };
    let mut config = preset(args.policy, args.seed);
    config.train.epochs = args.epochs.unwrap_or(config.train.epochs);
    config.train.steps_per_epoch = args.steps_per_epoch.or(config.train.steps_per_epoch);
    config.train.batch_size = args.batch_size.unwrap_or(config.train.batch_size);
    config.train.learning_rate = args.learning_rate.unwrap_or(config.train.learning_rate);
    // A plan that is shorter than its warm-up would never reach its learning rate.
    if let Some(steps) = config.train.steps_per_epoch {
        config.train.warmup_steps = config.train.warmup_steps.min(config.train.epochs * steps / 2);
    }
    if args.augment {
        config.augmentation = Augmentation::Dihedral;
    }
    config.image = ImageConfig {
        chunk: args.chunk,
        crop: args.crop,
        init: args.init.clone(),
    };
    config
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    refuse_options_of_others(&args)?;
    let config = config(&args);
    config.check()?;
    let devices = devices(&args.device)?;
    let mut ctx = JobContext::terminal()?;

    let (mut names, mut episodes, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for data in &args.data {
        let (source, some) = read::read(data, args.episodes, &mut ctx)?;
        lengths.extend_from_slice(&source.lengths()[..some.len()]);
        names.push(source.name());
        episodes.extend(some);
    }
    let (name, count) = (names.join(" + "), episodes.len());
    out_folder(&args.out)?;
    if args.policy == PolicyKind::Tracked && !args.recorded_states {
        let task = ctx.task("track agent and T", 1);
        track_episodes(&mut episodes)?;
        task.finish("done");
    }

    let copies = if args.augment { Transform::dihedral().len() } else { 1 };
    let split = Split::new(&lengths, args.split, copies, args.seed)?;
    let identity = serde_json::json!({
        "data": name, "episodes": count, "policy": config, "recorded states": args.recorded_states,
        "split": split,
    })
    .to_string();
    let options = FitOptions {
        label: args.policy.name(),
        identity: &identity,
        out: Some(&args.out),
        ctx: &mut ctx,
        replicas: &devices[1..],
    };
    let began = Instant::now();
    let trained = train(&config, &episodes, &split, &devices[0], options)?;
    let file = args.out.join("policy.safetensors");
    trained.policy.save(&file)?;

    let test = evaluate(&trained.policy, &episodes, &split.test)?.context("the split has no test part")?;
    let result = serde_json::json!({
        "policy": args.policy, "data": name, "episodes": count, "split": args.split, "seed": args.seed,
        "settings": config, "parameters": trained.policy.parameters(),
        "updates": trained.curve.rows.last().map(|row| row.step), "seconds of the last process": began.elapsed().as_secs(),
        "validation_mse_px2": trained.best_valid, "best_epoch": trained.best_epoch,
        "test_mse_px2": test.mse, "test_r2": test.r2, "test_actions": test.actions,
    });
    save::save(&args.out.join("result.json"), &serde_json::to_string_pretty(&result)?)?;
    eprintln!(
        "{}: test MSE {:.1} px², R² {:.4} ({} actions, split {})",
        file.display(),
        test.mse,
        test.r2,
        test.actions,
        args.split
    );
    eprintln!("next: rollout --policy {}", file.display());
    Ok(())
}
