//! From a folder of videos to a verdict.

#![allow(clippy::print_stdout, reason = "what came out is the output")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use eval::Bootstrap;
use indicatif::{ProgressBar, ProgressStyle};
use rating::{AuditScore, Ratings};
use verdicts::{Job, People, RealSet, Verdicts};

/// Audits PushT videos of any size, rate and format, extracts their actions, replays these in the simulator, and writes
/// report.html, score.json and scores.json. A stopped run goes on with the same command.
#[derive(Parser)]
struct Args {
    /// MP4 or GIF files, folders of PNG files, or folders that hold such.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// The folder of the report.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Frames a second of the videos, over what they say themselves (generators often tag 8 or 24 where they mean 10).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Real episodes, whose trajectories the clips' are compared with: zarr, LeRobot, or simulated.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Ratings by people of the same folder, as `rate` keeps them.
    #[arg(long, value_name = "FILE")]
    ratings: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let source = args.data.as_deref().map(pusht_data::open).transpose()?;
    let real = source.as_ref().map(RealSet::read).transpose()?;
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} videos {eta}")?);
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let job = Job {
        video: args.video,
        fps: args.fps,
        out: args.out,
    };
    let mut verdicts = job.run(real.as_ref(), &progress)?;
    bar.finish_and_clear();
    if let Some(db) = &args.ratings {
        verdicts.people = Some(people(db, &verdicts)?);
    }
    verdicts.write(&job.out)?;
    println!("{}", verdicts.sentence());
    for clip in verdicts.clips.iter().filter(|c| c.error.is_some()) {
        println!(
            "  not read: {}: {}",
            clip.name,
            clip.error.as_deref().unwrap_or_default()
        );
    }
    for note in &verdicts.notes {
        println!("  {note}");
    }
    println!("report: {}", job.out.join("report.html").display());
    Ok(())
}

fn people(db: &Path, verdicts: &Verdicts) -> Result<People> {
    let scores: BTreeMap<String, AuditScore> = (verdicts.scores().into_iter())
        .map(|(name, s)| {
            let score = AuditScore {
                adherence: s.adherence,
                responsibility: s.responsibility,
                physics: s.physics,
            };
            (name, score)
        })
        .collect();
    let report = Ratings::read(db)?.report(Some(&scores), Bootstrap::default())?;
    Ok(People {
        text: report.to_string(),
        report: serde_json::to_value(&report)?,
    })
}
