//! Generates 8 clips between start and end frames of held-out demonstrations with a video model.
//!
//! `cargo run --release --example generate_clips -- object:runs/object/object-latent.safetensors demos.jsonl clips`
#![allow(clippy::print_stdout, reason = "the result is the output")]

use std::path::Path;

use anyhow::{Context, Result};
use clip_generation::{ClipEndpoints, GenerationJob, SplitName};
use pusht_jobs::JobContext;
use video_gen::{LoadOptions, ModelSpec};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, data, out] = args.as_slice() else {
        anyhow::bail!("expected KIND:PATH DEMONSTRATIONS OUT");
    };
    let model = model
        .parse::<ModelSpec>()?
        .load(&LoadOptions::default())
        .context("the model")?;
    let endpoints = ClipEndpoints::from_data(pusht_data::open(data)?, SplitName::Test, model.frames)?;
    let job = GenerationJob::builder(&model, &endpoints).clips(8).seed(0).build()?;
    let made = job.run(Path::new(out), &mut JobContext::terminal()?)?;
    println!("{} clips of {} frames in {out}", made.clips.len(), made.plan.frames);
    Ok(())
}
