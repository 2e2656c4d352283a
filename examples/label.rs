//! Labels videos with the actions that made them.
#![allow(clippy::print_stdout, reason = "what came out is the output")]

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use idm::{LearnedIdm, Reduction, Uva};
use labelling::{DatasetJob, Doubt, Job, Labelled, Layout, Method, Settings, Summary};
use pusht_data::InverseDynamics;
use pusht_jobs::{JobContext, Shard};
use unified_video_action::Config;
use video_io::find_videos;

/// Labels PushT videos of any size, rate and format with the actions that made them, and writes a data set of those that can
/// be trusted, with label.json for what was found in each video. A stopped run goes on with the same command.
#[derive(Parser)]
struct Args {
    /// MP4 or GIF files, folders of PNG files, or folders that hold such.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// closed-form, learned:FILE as train_idm writes, or uva:FILE, the published checkpoint of Unified Video Action.
    #[arg(long, value_name = "NAME", default_value = "closed-form")]
    idm: String,
    /// How the several actions that a model gives a frame become one: as the model has it, or as the paper tried.
    #[arg(long, value_name = "NAME", default_value = "none")]
    reduce: Reduce,
    /// Frames a second of the videos, over what they say themselves (generators often tag 8 or 24 where they mean 10).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Adds the seven flips and quarter turns of every episode.
    #[arg(long)]
    augment: bool,
    /// Layout of the data set.
    #[arg(long, value_name = "NAME", default_value = "lerobot")]
    format: Format,
    /// Only part I of N of the videos, as a file that the example merge joins with those of the other parts.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// The data set to write; with --shard a file, by convention .jsonl.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// cpu, cuda or wgpu; for learned models.
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Reduce {
    None,
    Mean,
    Sum,
    First,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// LeRobot v3 (parquet and MP4).
    Lerobot,
    /// Zarr replay buffer, as the Diffusion Policy code reads it.
    Zarr,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let mut args = Args::parse();
    // `--out DIR/` is the folder DIR.
    args.out = args.out.components().collect();
    let model = model(&args)?;
    let job = Job {
        videos: find_videos(&args.video)?,
        method: match &model {
            Some(model) => Method::Model(model.as_ref()),
            None => Method::ClosedForm(Default::default()),
        },
        settings: Settings { fps: args.fps },
        part: args.shard,
    };
    let mut ctx = JobContext::terminal()?;
    let start = Instant::now();
    if let Some(part) = args.shard {
        job.run(&args.out, &mut ctx)?;
        println!("part {part} of {} videos in {}", job.videos.len(), args.out.display());
        return Ok(());
    }
    let job = DatasetJob {
        job,
        layout: match args.format {
            Format::Lerobot => Layout::LeRobot,
            Format::Zarr => Layout::Zarr,
        },
        augment: args.augment,
    };
    let (summary, labelled) = job.run(&args.out, &mut ctx)?;
    tell(&summary, &labelled, &args.out, start.elapsed().as_secs_f64())?;
    if summary.episodes == 0 {
        bail!(
            "no action can be trusted, so there is nothing to train on; {} says why of each video",
            args.out.join("label.json").display()
        );
    }
    Ok(())
}

fn model(args: &Args) -> Result<Option<Box<dyn InverseDynamics>>> {
    let reduction = match args.reduce {
        Reduce::None => None,
        Reduce::Mean => Some(Reduction::Mean),
        Reduce::Sum => Some(Reduction::Sum),
        Reduce::First => Some(Reduction::First),
    };
    if args.idm == "closed-form" {
        if reduction.is_some() {
            bail!("--reduce: the closed form gives one action a frame; there is nothing to reduce");
        }
        return Ok(None);
    }
    let device = training::device(&args.device)?;
    match args.idm.split_once(':') {
        Some(("learned", file)) => {
            let model = LearnedIdm::load(Path::new(file), &device)?;
            Ok(Some(Box::new(model.with_reduction(reduction))))
        }
        Some(("uva", file)) => {
            let model = Uva::load(Path::new(file), &Config::default(), &device)?;
            Ok(Some(Box::new(model.with_reduction(reduction))))
        }
        _ => bail!("--idm {}: expected closed-form, learned:FILE or uva:FILE", args.idm),
    }
}

/// Videos that are named in the terminal, at most.
const NAMED: usize = 10;
/// A mean velocity of actions, px a step, that is twice the demonstrations'.
const HURRIED: f64 = 20.0;

/// What was done, which videos failed and why, and where frame rates look wrong.
fn tell(summary: &Summary, labelled: &Labelled, out: &Path, seconds: f64) -> Result<()> {
    println!(
        "{} videos ({} failed), {} frames labelled in {seconds:.1} s; {} trusted, in {} episodes in {}",
        summary.videos,
        summary.failed,
        summary.frames,
        summary.trusted,
        summary.episodes,
        out.display()
    );
    for (doubt, count) in &summary.dropped {
        println!("  dropped {count}: {doubt}");
    }
    let mut notes = Vec::new();
    for record in labelled.records() {
        let record = record?;
        let repeated = record.dropped.get(&Doubt::Repeated).copied().unwrap_or(0);
        if let Some(error) = &record.error {
            notes.push(format!("failed: {}: {error}", record.video.display()));
        } else if 2 * repeated > record.frames[1] {
            let video = record.video.display();
            notes.push(format!(
                "{video}: most frames at 10 Hz repeat the one before; if its frames are 0.1 s apart, say --fps 10"
            ));
        } else if let Some(measures) = record.measures.filter(|m| m.velocity.mean > HURRIED) {
            let (video, velocity) = (record.video.display(), measures.velocity.mean);
            notes.push(format!(
                "{video}: {velocity:.0} px a step (demonstrations: 10); if its frames are 0.1 s apart, say --fps 10"
            ));
        }
    }
    for note in notes.iter().take(NAMED) {
        println!("  {note}");
    }
    if notes.len() > NAMED {
        println!("  and {} more", notes.len() - NAMED);
    }
    println!("  every video: {}", out.join("label.json").display());
    Ok(())
}
