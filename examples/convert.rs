//! Converts a data set of PushT into another layout.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use pusht_data::{DataError, Difference, Episode, SimulatedSet, Simulation, open, write_lerobot, write_replay_buffer};
use pusht_jobs::{JobContext, StagedFolder};
use video_io::{VideoOptions, save_video};

/// Converts a data set of PushT into another layout. Nothing incomplete is left at --to.
#[derive(Parser)]
struct Args {
    /// Data set: a zarr replay buffer or LeRobot v3 set (folders), or a file of simulated episodes.
    #[arg(long, value_name = "PATH")]
    from: PathBuf,
    /// What to write; must not exist yet. Videos: a folder, one video an episode (frames only, no actions).
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Layout of --to; without it, .zarr is a replay buffer and .jsonl a file of simulated episodes.
    #[arg(long = "as", value_name = "LAYOUT")]
    layout: Option<Layout>,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Where a recorded set was recorded, for --as simulated; episode e must have been started from seed e.
    #[arg(long, value_name = "NAME", default_value = "diffusion-policy")]
    recorded_in: Recorder,
    /// Videos: the side of the square that each pixel becomes, 1 to 22 (MP4 has at most 2160 px).
    #[arg(long, value_name = "PX", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=22))]
    scale: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Layout {
    /// Zarr replay buffer, as the Diffusion Policy code reads it.
    ReplayBuffer,
    /// LeRobot v3 (parquet and MP4).
    Lerobot,
    /// Starts and actions, from which frames and states are simulated anew, bit for bit.
    Simulated,
    /// MP4 (H.264).
    Mp4,
    /// Animated GIF.
    Gif,
    /// Folders of PNG files.
    Png,
}

#[derive(Clone, Copy, ValueEnum)]
enum Recorder {
    GymPusht,
    DiffusionPolicy,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    if args.to.exists() {
        bail!("{} exists already; remove it or choose another name", args.to.display());
    }
    let layout = layout(&args)?;
    let source = open(&args.from)?;
    let count = source.first(args.episodes)?;
    let lengths = &source.lengths()[..count];
    let mut ctx = JobContext::terminal()?;
    let frames: usize = lengths.iter().sum();
    let mut compared = String::new();
    // Every layout is written beside its place, so that nothing is there after a stop.
    let episodes = source.stream(0..count);
    match layout {
        Layout::ReplayBuffer => write_replay_buffer(&args.to, lengths, episodes, &mut ctx)?,
        Layout::Lerobot => drop(write_lerobot(&args.to, episodes, frames, &mut ctx)?),
        Layout::Simulated => {
            let simulation = match args.recorded_in {
                Recorder::GymPusht => Simulation::GYM_PUSHT,
                Recorder::DiffusionPolicy => Simulation::DIFFUSION_POLICY,
            };
            let (set, difference) = SimulatedSet::recover(&source, count, simulation, &mut ctx)?;
            let Difference { frames, pixels, states } = difference;
            compared =
                format!("; {frames} compared as simulated: {pixels} pixels differ, states by {states:.1e} at most");
            set.save(&args.to)?;
        }
        Layout::Mp4 => videos(&args, ".mp4", episodes, frames, &mut ctx)?,
        Layout::Gif => videos(&args, ".gif", episodes, frames, &mut ctx)?,
        Layout::Png => videos(&args, "", episodes, frames, &mut ctx)?,
    }
    eprintln!("{count} episodes, {frames} frames in {}{compared}", args.to.display());
    Ok(())
}

/// A video an episode.
fn videos(
    args: &Args,
    extension: &str,
    episodes: impl Iterator<Item = Result<Episode, DataError>>,
    frames: usize,
    ctx: &mut JobContext,
) -> Result<()> {
    let options = VideoOptions {
        fps: 10,
        scale: args.scale,
    };
    let folder = StagedFolder::beside(&args.to).with_context(|| args.to.display().to_string())?;
    let task = ctx.task("write frames", frames);
    for (index, episode) in episodes.enumerate() {
        task.check()?;
        let frames = episode?.frames;
        save_video(
            folder.path().join(format!("episode_{index:04}{extension}")),
            &frames,
            options,
        )?;
        task.add(frames.len());
    }
    task.finish("done");
    folder.commit().with_context(|| args.to.display().to_string())
}

fn layout(args: &Args) -> Result<Layout> {
    match (args.layout, args.to.extension().and_then(|e| e.to_str())) {
        (Some(layout), _) => Ok(layout),
        (None, Some("zarr")) => Ok(Layout::ReplayBuffer),
        (None, Some("jsonl")) => Ok(Layout::Simulated),
        _ => bail!(
            "--to {}: neither .zarr nor .jsonl; say --as replay-buffer, lerobot, simulated, mp4, gif or png",
            args.to.display()
        ),
    }
}
