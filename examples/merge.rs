//! Joins the parts that `--shard` made.
#![allow(clippy::print_stdout, reason = "what was joined is the output")]

mod common;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use eval::{Protocol, RolloutPart, Scores};
use labelling::{Labelled, Layout, write_dataset};
use pusht_data::SimulatedSet;
use pusht_jobs::JobContext;

/// Joins the parts that `make_demos --shard`, `rollout --shard` or `label --shard` made to what one process writes, byte
/// for byte, and prints the scores of joined roll-outs. Labels become the data set: a zarr replay buffer where --out ends in
/// .zarr, else a LeRobot data set. Parts may be named in any order; one that is missing, named twice or of another run is
/// refused.
#[derive(Parser)]
struct Args {
    /// The files of all parts.
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// The file to write; must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Labels: adds the seven flips and quarter turns of every episode.
    #[arg(long)]
    augment: bool,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    if args.out.exists() {
        bail!(
            "{} exists already; remove it or choose another name",
            args.out.display()
        );
    }
    let episodes = if Labelled::is_ours(&args.parts[0]) {
        let labelled = Labelled::open(&args.parts)?;
        let zarr = args.out.extension().is_some_and(|e| e == "zarr");
        let layout = if zarr { Layout::Zarr } else { Layout::LeRobot };
        write_dataset(&labelled, &args.out, layout, args.augment, &mut JobContext::silent())?.episodes
    } else if is_demonstrations(&args.parts[0])? {
        let set = SimulatedSet::merge(&args.parts)?;
        set.save(&args.out)?;
        set.len()
    } else {
        let record = RolloutPart::merge(&args.parts)?;
        record.write(&args.out)?;
        for protocol in Protocol::ALL.into_iter().filter(|p| p.steps() <= record.steps) {
            let scores = Scores::from_record(&record, protocol)?;
            println!("{}: {}", record.policy, scores.summary()?);
        }
        record.episodes.len()
    };
    println!(
        "{} parts joined to {} episodes in {}",
        args.parts.len(),
        episodes,
        args.out.display()
    );
    Ok(())
}

/// Files of demonstrations name their format first.
fn is_demonstrations(path: &Path) -> Result<bool> {
    if path.is_dir() {
        bail!(
            "{} is a folder; expected the files that make_demos, rollout or label wrote with --shard (train_policy takes \
             several data sets by itself: --data A B)",
            path.display()
        );
    }
    const START: &[u8] = b"{\"format\":";
    let mut start = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
    file.take(START.len() as u64).read_to_end(&mut start)?;
    Ok(start == START)
}
