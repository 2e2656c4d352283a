//! Converts a data set of PushT into another layout.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use pusht_data::{DataError, Difference, Episode, SimulatedSet, Simulation, open, write_replay_buffer};
use video_io::{VideoOptions, save_video};

/// Converts a data set of PushT into another layout. Nothing incomplete is left at --to (videos are complete one by one).
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
    let bar = ProgressBar::new(lengths.iter().sum::<usize>() as u64);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} frames {eta}")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut progress = |done: usize, _: usize| bar.set_position(done as u64);
    let mut compared = String::new();
    match layout {
        Layout::ReplayBuffer => write_replay_buffer(&args.to, lengths, source.stream(0..count), &mut progress)?,
        Layout::Simulated => {
            let simulation = match args.recorded_in {
                Recorder::GymPusht => Simulation::GYM_PUSHT,
                Recorder::DiffusionPolicy => Simulation::DIFFUSION_POLICY,
            };
            let (set, difference) = SimulatedSet::recover(&source, count, simulation, &mut progress)?;
            set.save(&args.to)?;
            let Difference { frames, pixels, states } = difference;
            compared =
                format!("; {frames} compared as simulated: {pixels} pixels differ, states by {states:.1e} at most");
        }
        Layout::Mp4 | Layout::Gif | Layout::Png => {
            let extension = match layout {
                Layout::Mp4 => ".mp4",
                Layout::Gif => ".gif",
                _ => "",
            };
            let options = VideoOptions {
                fps: 10,
                scale: args.scale,
            };
            let write = |(index, episode): (usize, Result<Episode, DataError>)| {
                let frames = episode?.frames;
                let path = args.to.join(format!("episode_{index:04}{extension}"));
                save_video(&path, &frames, options)?;
                bar.inc(frames.len() as u64);
                Ok(())
            };
            let written = source.stream(0..count).enumerate().try_for_each(write);
            // A folder without a single video is not left behind; one with videos cannot be removed like this.
            written.inspect_err(|_: &anyhow::Error| drop(std::fs::remove_dir(&args.to)))?;
        }
    }
    bar.finish();
    let frames = bar.length().unwrap_or(0);
    eprintln!("{count} episodes, {frames} frames in {}{compared}", args.to.display());
    Ok(())
}

fn layout(args: &Args) -> Result<Layout> {
    match (args.layout, args.to.extension().and_then(|e| e.to_str())) {
        (Some(layout), _) => Ok(layout),
        (None, Some("zarr")) => Ok(Layout::ReplayBuffer),
        (None, Some("jsonl")) => Ok(Layout::Simulated),
        _ => bail!(
            "--to {}: neither .zarr nor .jsonl; say --as replay-buffer, simulated, mp4, gif or png",
            args.to.display()
        ),
    }
}
