//! How far clips are from real ones by their trajectories: half of a data set against its other half, against generated
//! clips, against cross-fades, read from pixels alike.

#![allow(clippy::print_stdout)]

mod common;
#[path = "common/save.rs"]
mod save;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use clip_audit::{DistributionReport, NullDistances, TrajectorySet, split_clips};
use pusht_data::open;
use pusht_env::{Frame, GOAL};
use pusht_vision::{Registrar, Tracked, Tracker, cross_fade};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use traj_metrics::Bootstrap;
use video_io::find_videos;

/// A Fréchet distance of trajectories, without learned weights, with its null distribution.
#[derive(Parser)]
struct Args {
    /// The real set: a zarr replay buffer, a LeRobot v3 set, or a file of simulated episodes.
    #[arg(long)]
    data: PathBuf,
    /// Generated clips of 10 Hz: files or folders.
    #[arg(long, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// What they are called in the table.
    #[arg(long, default_value = "generated")]
    name: String,
    /// Frames of the cross-fades, and of the real clips that are cut as short.
    #[arg(long, default_value_t = 48)]
    frames: usize,
    /// Seed of the halves, the cuts and the splits.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Random splits of the real set.
    #[arg(long, default_value_t = 1000)]
    splits: usize,
    /// Writes the figures here, and the tables beside it as Markdown (FILE with the ending .md).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    ensure!(args.frames >= 2, "--frames {}: expected at least 2", args.frames);
    let source = open(&args.data)?;
    let count = source.len();
    // Each episode whole, a cut of it, and the cut's first frame fading into its last.
    let read = |index: usize| -> Result<[Vec<Tracked>; 3]> {
        let episode = source.episode(index)?;
        let tracker = Tracker::new(episode.goal)?;
        let whole = tracker.track_video(&episode.frames)?;
        let length = args.frames.min(whole.len());
        let first = (whole.len() - length) * (index % 7) / 6;
        let faded = cross_fade(&episode.frames[first], &episode.frames[first + length - 1], length);
        let cut = whole[first..first + length].to_vec();
        Ok([whole, cut, tracker.track_video(&faded)?])
    };
    let tracks: Vec<[Vec<Tracked>; 3]> = (0..count).into_par_iter().map(read).collect::<Result<_>>()?;
    let half = count / 2;
    let [a, b] = split_clips(count, half, args.seed)?;
    let real = set(tracks.iter().map(|t| &t[0]))?;
    let [first, second] = [&a, &b].map(|part| set(part.iter().map(|&i| &tracks[i][0])));
    let (first, second) = (first?, second?);
    let cuts = set(b.iter().map(|&i| &tracks[i][1]))?;
    let faded = set(b.iter().map(|&i| &tracks[i][2]))?;
    let short = format!("the same, {} frames a clip", args.frames);
    let mut others = vec![("its other half", &second), (short.as_str(), &cuts)];
    let generated = if args.video.is_empty() {
        TrajectorySet::default()
    } else {
        let tracks: Result<Vec<_>> = find_videos(&args.video)?.par_iter().map(|p| track(p)).collect();
        set(&tracks?)?
    };
    if !args.video.is_empty() {
        others.push((args.name.as_str(), &generated));
    }
    others.push(("cross-fades of these cuts", &faded));
    let bootstrap = Bootstrap {
        resamples: 2000,
        ..Bootstrap::default()
    };
    let null = NullDistances::draw(&real, [half, count - half], args.splits, args.seed)?;
    let report = DistributionReport::new(("half of the real set", &first), &others, null, &bootstrap)?;
    let tables = report.markdown()?;
    println!("{tables}");
    if let Some(path) = &args.json {
        save::save(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
        let page = format!(
            "# Fréchet distance of trajectories\n\n`cargo run --release --example score_distribution -- --data {} --video \
             CLIPS --name \"{}\" --json distribution.json` writes this page. Definitions: \
             [distribution.md](../distribution.md).\n\n{tables}",
            source.name(),
            args.name
        );
        save::save(&path.with_extension("md"), &page)?;
    }
    Ok(())
}

fn set<'a>(tracks: impl IntoIterator<Item = &'a Vec<Tracked>>) -> Result<TrajectorySet> {
    let mut set = TrajectorySet::default();
    tracks.into_iter().try_for_each(|track| set.add(track))?;
    Ok(set)
}

fn track(path: &Path) -> Result<Vec<Tracked>> {
    let frames = video_io::read_frames(path).with_context(|| format!("{}", path.display()))?;
    let map = Registrar::new(GOAL)?.register(frames.first().context("a video without frames")?)?;
    let frames: Vec<Frame> = frames.iter().map(|f| map.resample(f)).collect();
    Ok(Tracker::new(GOAL)?.track_video(&frames)?)
}
