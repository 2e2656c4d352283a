//! Measures the actions of a data set: smoothness, directness, label variance, with the floors and the paper's figures.
#![allow(clippy::print_stdout)]

mod common;
#[path = "common/save.rs"]
mod save;

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use traj_metrics::{ActionMeasures, Point, to_points};

/// Smoothness, directness and variance of the actions of a data set, with floors that need no skill and the figures of
/// the paper. Units: px of the 512 board, one step = 0.1 s. The formulas stand in docs/metrics.md.
#[derive(Parser)]
struct Args {
    /// Data set: a zarr replay buffer or LeRobot v3 set (folders), or a file of simulated episodes.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Leave out the first N actions of every episode; the paper left out 1.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_first: usize,
    /// Seed of the white noise.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write every figure to this file as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The paper's own figures, by the row they stand in: human demonstrations, actions extracted from video.
const PAPER: [(&str, [&str; 2]); 5] = [
    ("velocity, px/step", ["10.12 ± 8.32", "29.56"]),
    ("acceleration, px/step²", ["5.36 ± 6.17", "51.02"]),
    ("jerk, px/step³", ["7.61", "93.03"]),
    ("directness", ["9.37", "96.61"]),
    ("L2 to the actions, px", ["", "122.56 ± 67.67"]),
];

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let source = pusht_data::open(&args.data)?;
    let (mut actions, mut positions) = (Vec::new(), Some(Vec::new()));
    for episode in 0..source.len() {
        let all = to_points(source.actions(episode)?);
        actions.push(rest(&all, args.skip_first));
        let states = source.states(episode)?;
        positions = positions.zip(states).map(|(mut positions, states)| {
            let agent: Vec<Point> = states.iter().map(|s| s.agent).collect();
            positions.push(rest(&agent, args.skip_first));
            positions
        });
    }
    let measures = ActionMeasures::of(&actions, positions.as_deref(), args.seed).with_context(|| {
        let hint = if args.skip_first > 0 {
            "; use a smaller --skip-first"
        } else {
            ""
        };
        format!(
            "{}, the first {} actions of an episode left out{hint}",
            source.name(),
            args.skip_first
        )
    })?;
    let own = &measures.actions;
    println!(
        "{}: {} episodes, {} actions (the first {} of each left out); mean ± SD within an episode, averaged over episodes\n",
        source.name(),
        own.episodes,
        own.actions,
        args.skip_first
    );
    print_table(&measures);
    if let Some(path) = &args.json {
        let report = serde_json::json!({
            "data": source.name(), "skip_first": args.skip_first, "seed": args.seed, "measures": measures,
            "paper_human_extracted": PAPER,
        });
        save::save(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
    }
    Ok(())
}

fn rest(points: &[Point], skip: usize) -> Vec<Point> {
    points[skip.min(points.len())..].to_vec()
}

/// One line a measure; one column for the data, each floor, and each set of the paper.
fn print_table(measures: &ActionMeasures) {
    let floors = [
        ("constant", Some(&measures.constant)),
        ("white noise", Some(&measures.white_noise)),
        ("next position", measures.next_position.as_ref()),
    ];
    let mut names = vec!["actions"];
    let mut columns = vec![measures.actions.cells().to_vec()];
    columns[0].push(("L2 to the actions, px", String::new()));
    for (name, floor) in floors.into_iter().filter_map(|(name, floor)| Some((name, floor?))) {
        let mut cells = floor.measures.cells().to_vec();
        cells.push(("L2 to the actions, px", floor.l2.text()));
        names.push(name);
        columns.push(cells);
    }
    names.extend(["paper: human", "paper: extracted"]);
    let line = |label: &str, cells: &[&str]| {
        println!(
            "{label:<28}{}",
            cells.iter().map(|cell| format!("{cell:>18}")).collect::<String>()
        );
    };
    line("", &names);
    for row in 0..columns[0].len() {
        let label = columns[0][row].0;
        let paper = PAPER
            .iter()
            .find(|(l, _)| *l == label)
            .map_or(["", ""], |(_, figures)| *figures);
        line(
            label,
            &columns
                .iter()
                .map(|c| c[row].1.as_str())
                .chain(paper)
                .collect::<Vec<_>>(),
        );
    }
}
