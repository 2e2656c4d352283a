//! Converts a folder of PushT videos to a LeRobot dataset: extracts the actions and drops those that are not reliable.
//!
//! `cargo run --release --example label_videos -- clips/ labeled`
#![allow(clippy::print_stdout, reason = "the summary is the output")]

use std::path::PathBuf;

use anyhow::{Context, Result};
use labeling::{DatasetJob, LabelJob, LabeledDataset, Layout};
use pusht_jobs::JobContext;
use video_io::find_videos;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (videos, out) = args.next().zip(args.next()).context("expected VIDEOS OUT")?;
    let job = DatasetJob {
        job: LabelJob::new(find_videos(&[videos])?),
        layout: Layout::LeRobot,
        augment: false,
    };
    let LabeledDataset { summary, labels } = job.run(&out, &mut JobContext::terminal()?)?;
    println!(
        "{} videos, {} of {} frames trusted",
        summary.videos, summary.trusted, summary.frames
    );
    for record in labels.records() {
        let record = record?;
        for (reason, frames) in &record.dropped {
            println!("{}: {frames} frames dropped: {reason}", record.video.display());
        }
    }
    Ok(())
}
