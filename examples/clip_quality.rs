//! Measures the clips that `generate --data` made, beside cross-fades between the same ends and the demonstrations.
#![allow(clippy::print_stdout, reason = "the tables are the output")]

mod common;
#[path = "common/save.rs"]
mod save;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use clip_audit::{ClipQuality, Judge, QualityReport};
use pusht_data::{Source, open};
use pusht_env::Frame;
use pusht_vision::cross_fade;
use rayon::prelude::*;
use traj_metrics::Bootstrap;
use video_gen::{ClipRecord, EndsOf, Generation};
use video_io::read_frames;

/// Measures the clips of a folder that `generate --data` made: agents, the T's shape, who moves it, executability, and
/// similarity with the demonstrations they are drawn from, beside cross-fades between the same ends.
#[derive(Parser)]
struct Args {
    /// The folder
    #[arg(long, value_name = "DIR")]
    clips: PathBuf,
    /// Writes the tables here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let record = args.clips.join("generation.json");
    let text = std::fs::read(&record).with_context(|| {
        format!(
            "{} cannot be read; expected a folder that generate made",
            record.display()
        )
    })?;
    let made: Generation =
        serde_json::from_slice(&text).with_context(|| format!("{} is no record of generate", record.display()))?;
    let EndsOf::Data { path, .. } = &made.plan.ends else {
        bail!(
            "these clips have one start and end from pictures; expected clips of generate --data, to be held against demonstrations"
        );
    };
    ensure!(!made.clips.is_empty(), "the folder has no clips yet");
    let source = open(path)?;
    let judge = Judge::new()?;
    let one = |clip: &ClipRecord| measure(&judge, &source, &args.clips, clip, made.plan.frames);
    let measured: Vec<[ClipQuality; 4]> = made.clips.par_iter().map(one).collect::<Result<_>>()?;
    let set = |k: usize| measured.iter().map(|m| m[k]).collect::<Vec<ClipQuality>>();
    let sets = [set(0), set(1), set(2), set(3)];
    let sets = [&sets[0][..], &sets[1][..], &sets[2][..], &sets[3][..]];
    let report = QualityReport::new(&made.plan.model_name, sets, &Bootstrap::default())?;
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "plan": made.plan, "quality": report }))?;
        save::save(file, &text)?;
    }
    println!("{}", report.markdown());
    Ok(())
}

/// A clip, a cross-fade, its first frame throughout, and the demonstration.
fn measure(
    judge: &Judge,
    source: &Source,
    folder: &Path,
    clip: &ClipRecord,
    frames: usize,
) -> Result<[ClipQuality; 4]> {
    let (episode, row) = clip
        .start
        .strip_prefix("episode ")
        .and_then(|rest| rest.split_once(", row "))
        .and_then(|(episode, row)| Some((episode.parse::<usize>().ok()?, row.parse::<usize>().ok()?)))
        .with_context(|| format!("{:?} names no row of a demonstration", clip.start))?;
    let all = source.episode(episode)?.frames;
    let truth: Vec<Frame> = all.into_iter().skip(row).take(frames).collect();
    let shown = read_frames(folder.join(&clip.frames))?;
    let (first, last) = (&truth[0], &truth[truth.len() - 1]);
    let still = vec![first.clone(); truth.len()];
    let fade = cross_fade(first, last, truth.len());
    Ok([
        judge.clip(&shown, &truth)?,
        judge.clip(&fade, &truth)?,
        judge.clip(&still, &truth)?,
        judge.clip(&truth, &truth)?,
    ])
}
