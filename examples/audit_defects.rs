//! The audit on trial: clips with known defects, from the simulator and from a recorded set, and what it says of them.

#![allow(clippy::print_stdout)]

mod common;
#[path = "common/save.rs"]
mod save;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use clip_audit::VideoAuditor;
use clip_audit::trial::{Case, Outcome, TrialTable, examine};
use corruptions::{Clip, Defect};
use pusht_jobs::JobContext;
use rayon::prelude::*;

/// Puts known defects into clips of the simulator and of a data set, and tables what the audit says. A damaged clip takes
/// some twenty seconds of one core, as it is audited a hundred times.
#[derive(Parser)]
struct Args {
    /// Simulated clips to damage.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    clips: u64,
    /// Seed of the first one; thresholds were fixed on 0 to 99.
    #[arg(long, value_name = "N", default_value_t = 100)]
    seed: u64,
    /// A data set with frames and states (zarr, LeRobot, simulated): all its episodes are audited as they are.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Every how many of its episodes is damaged as well.
    #[arg(long, value_name = "N", default_value_t = 5)]
    every: usize,
    /// The folder for audit.json and audit.md.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let auditor = VideoAuditor::new()?;
    let all: Vec<Defect> = Defect::TUNED.into_iter().chain(Defect::HELD_OUT).collect();
    let mut ctx = JobContext::terminal()?;
    let look = |clip: &Clip, seed: u64, source: &str, damage: bool| -> Result<Vec<Outcome>> {
        let audit = auditor.audit_frames(&clip.frames)?;
        let mut outcomes = vec![Outcome::new(Case::Clean(source.to_owned()), &audit)];
        if damage {
            outcomes.extend(examine(&auditor, clip, seed, &all)?);
        }
        Ok(outcomes)
    };

    let task = ctx.task("simulated clips", args.clips as usize);
    let simulated = (args.seed..args.seed + args.clips).into_par_iter().map(|seed| {
        task.check()?;
        let outcomes = look(&Clip::simulated(seed, 96)?, seed, "simulated", true);
        task.add(1);
        outcomes
    });
    let mut outcomes = simulated.collect::<Result<Vec<_>>>()?.concat();
    task.finish("done");

    for size in [64, 128, 256, 512] {
        let source = format!("simulated, {size} × {size} px");
        let seeds = 50_000..50_000 + args.clips / 4;
        let clips = (seeds.into_par_iter()).map(|seed| look(&Clip::simulated(seed, size)?, seed, &source, false));
        outcomes.extend(clips.collect::<Result<Vec<_>>>()?.concat());
    }

    if let Some(path) = &args.data {
        let source = pusht_data::open(path)?;
        let task = ctx.task("recorded clips", source.len());
        let recorded = (0..source.len()).into_par_iter().map(|index| {
            task.check()?;
            let episode = source.episode(index)?;
            let clip = Clip {
                frames: episode.frames,
                states: episode.states.context("the data set has no states")?,
                goal: episode.goal,
            };
            let damage = index.is_multiple_of(args.every.max(1)) && clip.frames.len() >= 16;
            let outcomes = look(&clip, index as u64, "recorded", damage);
            task.add(1);
            outcomes
        });
        outcomes.extend(recorded.collect::<Result<Vec<_>>>()?.concat());
        task.finish("done");
    }

    let table = TrialTable::of(&outcomes);
    let (by_processor, by_clock) = speed(&auditor)?;
    let head = format!(
        "# The audit on trial\n\nMade by `cargo run --release --example audit_defects -- --clips {} --seed {} --every {}{} --out docs/results`. Definitions: [audit.md](../audit.md). \
         *Flagged*: any finding; *found*: a finding names the defect; *named*: the main finding does. *Precision*: of the \
         clips of which the main finding is the defect's, the share for which that is right, among all clean clips and all \
         clips with a tuned defect at its clear strength (and the held-out defect itself); *over all strengths and kinds*: \
         among all clips below.\n\n\
         Clean clips flagged: {:.4}. Mild blur, noise and H.264 mistaken for a physical defect: {:.4}. One core, 96 × 96: \
         {by_processor:.0} frames a second of processor time, {by_clock:.0} by the clock (the fastest of five passes each).\n\n",
        args.clips,
        args.seed,
        args.every,
        args.data.as_ref().map_or("", |_| " --data pusht_cchi_v7_replay.zarr"),
        table.clean_flagged,
        table.mild_mistaken,
    );
    let json = serde_json::json!({ "frames_per_processor_second": by_processor, "frames_per_second": by_clock, "table": table });
    std::fs::create_dir_all(&args.out)?;
    let page = head + &table.markdown();
    let numbers = serde_json::to_string_pretty(&json)?;
    save::save(&args.out.join("audit.json"), &(numbers + "\n"))?;
    save::save(&args.out.join("audit.md"), &page)?;
    println!(
        "clean clips flagged: {:.4}; mild damage of the picture mistaken for a physical defect: {:.4}",
        table.clean_flagged, table.mild_mistaken
    );
    println!("tables by defect and strength: {}", args.out.join("audit.md").display());
    Ok(())
}

/// Frames a second on this thread, by processor time where the system tells it, and by the clock.
fn speed(auditor: &VideoAuditor) -> Result<(f64, f64)> {
    let clips: Vec<Clip> = (0..8).map(|seed| Clip::simulated(seed, 96)).collect::<Result<_, _>>()?;
    let (mut by_processor, mut by_clock): (f64, f64) = (0.0, 0.0);
    for _ in 0..5 {
        let (start, busy, mut frames) = (Instant::now(), processor_seconds(), 0);
        for clip in &clips {
            frames += auditor.audit_frames(&clip.frames)?.frames;
        }
        let clock = start.elapsed().as_secs_f64();
        let processor = processor_seconds()
            .zip(busy)
            .map_or(clock, |(now, before)| now - before);
        by_processor = by_processor.max(frames as f64 / processor);
        by_clock = by_clock.max(frames as f64 / clock);
    }
    Ok((by_processor, by_clock))
}

/// Seconds that this thread has run on a processor (Linux).
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}
