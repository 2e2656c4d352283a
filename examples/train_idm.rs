//! Trains the learned inverse dynamics and says how far its actions are from recorded ones, beside the closed form.

#![allow(clippy::print_stdout)]

mod common;
#[path = "common/read.rs"]
mod read;
#[path = "common/save.rs"]
mod save;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use idm::{ClosedForm, LearnedConfig, LearnedIdm, Reduction, extraction_error};
use pusht_data::{InverseDynamics, Split, SplitProtocol};
use pusht_jobs::JobContext;
use pusht_vision::Start;
use training::{FitOptions, devices, out_folder};

/// Trains the learned inverse dynamics (16 frames in, 8 actions out). Stopped (Ctrl-C) and started again with the same
/// arguments it goes on from its last checkpoint; --out gets idm.safetensors, result.json, curve.jsonl and tensorboard/.
#[derive(Parser)]
struct Args {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of simulated episodes.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Folder for the model and the record of its training.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// by-episode or by-frame.
    #[arg(long, value_name = "PROTOCOL", default_value = "by-episode")]
    split: SplitProtocol,
    /// Epochs of 300 updates.
    #[arg(long, value_name = "N", default_value_t = 6)]
    epochs: usize,
    /// Damaged copies of every training video (blur, noise, other colours and sizes, H.264) to learn from besides.
    #[arg(long, value_name = "N", default_value_t = 2)]
    damaged_copies: usize,
    /// cpu, cuda, cuda:N, wgpu, or several GPUs: cuda:0,1.
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// Weights and order of the data follow from it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let mut config = LearnedConfig::default();
    config.train.epochs = args.epochs;
    config.damaged_copies = args.damaged_copies;
    config.train.seed = args.seed;
    config.train.check()?;
    let devices = devices(&args.device)?;
    out_folder(&args.out)?;
    let mut ctx = JobContext::terminal()?;

    let (source, episodes) = read::read(&args.data, args.episodes, &mut ctx)?;
    let count = episodes.len();
    let split = Split::new(&source.lengths()[..count], args.split, 1, args.seed)?;
    let identity = serde_json::to_string(&(&split, source.name()))?;
    let options = FitOptions {
        label: "inverse dynamics",
        identity: &identity,
        out: Some(&args.out),
        ctx: &mut ctx,
        replicas: &devices[1..],
    };
    let trained = LearnedIdm::train(&config, &episodes, &split, &devices[0], options)?;
    trained.model.save(&args.out.join("idm.safetensors"))?;

    let mut kinds: Vec<Box<dyn InverseDynamics>> = vec![Box::new(ClosedForm::new(Start::Rest))];
    for reduction in [None].into_iter().chain(Reduction::ALL.map(Some)) {
        kinds.push(Box::new(trained.model.clone().with_reduction(reduction)));
    }
    let mut results = Vec::new();
    println!(
        "L2 to the recorded actions on the test part ({}), px: mean ± SD",
        args.split
    );
    for kind in kinds {
        let label = |e: usize| {
            Ok((
                e,
                kind.label(&episodes[e].frames)
                    .with_context(|| format!("episode {e}"))?,
            ))
        };
        let labels = Split::episodes_of(&split.test)
            .into_iter()
            .map(label)
            .collect::<Result<Vec<_>>>()?;
        let error = extraction_error(&labels, &episodes, &split.test)?.context("the split has no test part")?;
        let (l2, actions) = (error.l2_px, error.actions);
        println!(
            "  {:16} {:7.2} ± {:6.2}   {actions} actions",
            kind.name(),
            l2.mean,
            l2.sd
        );
        results.push(serde_json::json!({ "idm": kind.name(), "l2_px": l2, "actions": actions }));
    }
    let result = serde_json::json!({
        "data": source.name(), "episodes": count, "split": args.split, "seed": args.seed,
        "parameters": trained.model.parameters(), "validation_mse_px2": trained.validation_mse, "test": results,
    });
    save::save(&args.out.join("result.json"), &serde_json::to_string_pretty(&result)?)?;
    Ok(())
}
