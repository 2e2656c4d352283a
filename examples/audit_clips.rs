//! Scores the physics of every clip in a folder of PushT videos and writes the report.
//!
//! `cargo run --release --example audit_clips -- clips/ audited`
#![allow(clippy::print_stdout, reason = "the findings are the output")]

use std::path::PathBuf;

use anyhow::{Context, Result};
use clip_review::ReviewJob;
use pusht_jobs::JobContext;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (videos, out) = args.next().zip(args.next()).context("expected VIDEOS OUT")?;
    let job = ReviewJob {
        video: vec![videos],
        fps: None,
        out: out.clone(),
    };
    let verdicts = job.run(None, &mut JobContext::terminal()?)?;
    verdicts.write(&out)?;
    for (clip, scores) in verdicts.scores() {
        println!("{clip}: physics {} of 5", scores.physics);
    }
    println!("{}", verdicts.sentence());
    Ok(())
}
