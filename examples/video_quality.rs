//! Measures a saved object-latent video model on held-out episodes: how its agent and its T move, beside the data.

#![allow(clippy::print_stdout)]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pusht_data::{Split, SplitProtocol, open};
use pusht_env::State;
use serde_json::{Value, json};
use traj_metrics::{Order, smoothness};
use video_gen::{ContactMeasures, ObjectLatentModel, StateRequest};

/// Measure a saved object-latent video model on held-out episodes.
#[derive(Parser)]
struct Args {
    /// A model that train_video or pipeline saved
    #[arg(long)]
    model: PathBuf,
    /// Demonstrations with states; their test part by episode is used
    #[arg(long)]
    data: PathBuf,
    /// Seed of the split (as in train_video) and of the clips
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Use only the first episodes of the data, as in train_video
    #[arg(long)]
    episodes: Option<usize>,
    /// Writes the table here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let model = ObjectLatentModel::load(&args.model, &training::device(&args.device)?)?;
    let frames = model.max_frames();
    let source = open(&args.data)?;
    let count = source.first(args.episodes)?;
    let split = Split::new(&source.lengths()[..count], SplitProtocol::ByEpisode, 1, args.seed)?;
    let mut real: Vec<Vec<State>> = Vec::new();
    for e in Split::episodes_of(&split.test) {
        let episode = source.episode(e)?;
        let states = episode.states.context("the data has no states to measure against")?;
        real.extend(states.windows(frames).step_by(frames / 2).map(<[State]>::to_vec));
    }
    ensure!(!real.is_empty(), "no held-out episode has {frames} frames");

    println!(
        "{} held-out clips of {frames} frames; px; T motion = path + 60 px x turn",
        real.len()
    );
    println!("                 velocity acceleration  jerk  T motion untouched  rest overlap");
    let mut table = vec![row("data", &real)?];
    for (name, pinned) in [("start and end", true), ("start only", false)] {
        let request = |(i, clip): (usize, &Vec<State>)| StateRequest {
            start: clip[0],
            end: pinned.then(|| clip[frames - 1]),
            frames,
            seed: args.seed.wrapping_add(i as u64),
        };
        let requests: Vec<StateRequest> = real.iter().enumerate().map(request).collect();
        table.push(row(name, &model.generate_states(&requests)?)?);
    }
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&json!({ "clips": real.len(), "frames": frames, "table": table }))?;
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// Prints one line of the table and returns it.
fn row(name: &str, clips: &[Vec<State>]) -> Result<Value> {
    let agent: Vec<Vec<[f64; 2]>> = clips.iter().map(|c| c.iter().map(|s| s.agent).collect()).collect();
    let mean = |order| smoothness(&agent, order).map(|s| s.mean);
    let (velocity, acceleration, jerk) = (mean(Order::Velocity)?, mean(Order::Acceleration)?, mean(Order::Jerk)?);
    let contact = ContactMeasures::of(clips);
    println!(
        "{name:<16} {velocity:>8.2} {acceleration:>12.2} {jerk:>5.2} {:>9.2} {:>8.1}% {:>4.1}% {:>7.2}",
        contact.motion,
        100.0 * contact.untouched,
        100.0 * contact.rest,
        contact.overlap
    );
    Ok(json!({
        "clips": name, "velocity": velocity, "acceleration": acceleration, "jerk": jerk, "contact": contact,
    }))
}
