//! Says how far each inverse dynamics can be trusted: errors, smoothness, and whether its intervals hold.
#![allow(clippy::print_stdout)]

mod common;
#[path = "common/read.rs"]
mod read;
#[path = "common/save.rs"]
mod save;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use corruptions::Damage;
use idm::{ClosedForm, LEAD, LearnedIdm, Reduction, Score};
use pusht_data::{Episode, InverseDynamics, Labels, Split, SplitProtocol};
use pusht_jobs::JobContext;
use pusht_vision::{ActionSmoother, Start};
use training::device;
use traj_metrics::{ActionMeasures, Point, SequenceMeasures, to_points};

/// Compares extracted with recorded actions on the test part of a data set: distance, smoothness, directness, and how many of
/// the 90 % intervals hold, for the closed form and a trained model, beside floors and the paper's figures.
#[derive(Parser)]
struct Args {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of simulated episodes.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// A model of train_idm.
    #[arg(long, value_name = "FILE")]
    learned: Option<PathBuf>,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Of the split, by episode; that of the model's training, whose test part it has not seen.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The videos go through H.264 with this quantiser (12 to 51) first, scaled to --side.
    #[arg(long, value_name = "QP")]
    coded: Option<u8>,
    /// Side of the coded video, px.
    #[arg(long, value_name = "PX", default_value_t = 96, requires = "coded")]
    side: u32,
    /// Write every figure to this file as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What the paper reports of its own extraction, mean ± SD, px.
const PAPER: [(&str, f64, f64); 2] = [
    ("paper: mean reduction", 122.56, 67.67),
    ("paper: another reduction", 137.42, 73.96),
];

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let model = args
        .learned
        .as_ref()
        .map(|path| LearnedIdm::load(path, &device("cpu")?).map_err(anyhow::Error::from));
    let model = model.transpose()?;
    let mut ctx = JobContext::terminal()?;
    let (source, mut episodes) = read::read(&args.data, args.episodes, &mut ctx)?;
    let count = episodes.len();
    let split = Split::new(&source.lengths()[..count], SplitProtocol::ByEpisode, 1, args.seed)?;
    let test = Split::episodes_of(&split.test);
    if let Some(quantiser) = args.coded {
        let task = ctx.task("code videos", test.len());
        for (done, &e) in test.iter().enumerate() {
            episodes[e].frames = Damage::coded(args.side, quantiser).apply(&episodes[e].frames, 0)?;
            task.advance_to(done + 1, "");
        }
        task.finish("done");
    }

    let mut rows = Vec::new();
    let mut score = |name: &str, labels: Vec<(usize, Labels)>| -> Result<()> {
        rows.push(Score::of(name, &labels, &episodes, &split.test)?);
        Ok(())
    };
    let smoothed = ClosedForm::new(Start::Rest);
    score("closed form", labels(&smoothed, &episodes, &test)?)?;
    let unsmoothed = ClosedForm {
        // With hardly any noise the smoother is the exact inverse.
        smoother: ActionSmoother {
            position_noise: Some(1e-3),
            pace_step: Some(100.0),
        },
        ..smoothed
    };
    score(
        "closed form, not smoothed",
        without_deviations(labels(&unsmoothed, &episodes, &test)?),
    )?;
    if let Some(model) = model {
        score("learned", labels(&model, &episodes, &test)?)?;
        for reduction in Reduction::ALL {
            let kind = model.clone().with_reduction(Some(reduction));
            let own = labels(&kind, &episodes, &test)?;
            let shifted = own
                .iter()
                .map(|(e, l)| {
                    (
                        *e,
                        Labels {
                            start: l.start - LEAD,
                            ..l.clone()
                        },
                    )
                })
                .collect();
            score(&kind.name(), own)?;
            score(&format!("{}, from the window's first frame", kind.name()), shifted)?;
        }
    }
    let floors = floors(&episodes, &split, &test)?;
    print(&rows, &floors, test.len());
    if let Some(path) = &args.json {
        let result = serde_json::json!({
            "data": source.name(), "episodes": count, "split": "by-episode", "seed": args.seed, "coded": args.coded,
            "side": args.side, "rows": rows, "floors": floors, "paper": PAPER,
        });
        save::save(path, &(serde_json::to_string_pretty(&result)? + "\n"))?;
    }
    Ok(())
}

fn labels(idm: &dyn InverseDynamics, episodes: &[Episode], test: &[usize]) -> Result<Vec<(usize, Labels)>> {
    let label = |&e: &usize| {
        let labels = idm.label(&episodes[e].frames);
        Ok((e, labels.with_context(|| format!("episode {e}"))?))
    };
    test.iter().map(label).collect()
}

fn without_deviations(labels: Vec<(usize, Labels)>) -> Vec<(usize, Labels)> {
    labels
        .into_iter()
        .map(|(e, l)| (e, Labels::new(l.start, l.actions)))
        .collect()
}

fn floors(episodes: &[Episode], split: &Split, test: &[usize]) -> Result<ActionMeasures> {
    let actions: Vec<Vec<Point>> = test.iter().map(|&e| to_points(&episodes[e].actions)).collect();
    let positions: Option<Vec<Vec<Point>>> = test
        .iter()
        .map(|&e| Some(episodes[e].states.as_ref()?.iter().map(|s| s.agent).collect()))
        .collect();
    Ok(ActionMeasures::of(&actions, positions.as_deref(), split.seed)?)
}

fn print(rows: &[Score], floors: &ActionMeasures, episodes: usize) {
    println!(
        "{episodes} test episodes. L2 to the recorded actions, px: mean ± SD; smoothness and directness of whole episodes\n"
    );
    println!(
        "{:48} {:>18} {:>8} {:>9} {:>7} {:>11}",
        "", "L2, px", "actions", "velocity", "jerk", "directness"
    );
    let line = |name: &str, l2: String, actions: usize, m: Option<&SequenceMeasures>| {
        let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.2}"));
        println!(
            "{name:48} {l2:>18} {actions:>8} {:>9} {:>7} {:>11}",
            number(m.map(|m| m.velocity.mean)),
            number(m.map(|m| m.jerk.mean)),
            number(m.and_then(|m| Some(m.directness.summary.as_ref()?.mean))),
        );
    };
    for row in rows {
        let (l2, actions) = row.error.map_or(("–".to_owned(), 0), |e| (e.l2_px.text(), e.actions));
        line(&row.idm, l2, actions, row.measures.as_ref());
    }
    line(
        "recorded",
        "–".to_owned(),
        floors.actions.actions,
        Some(&floors.actions),
    );
    for (name, floor) in [
        ("floor: constant", Some(&floors.constant)),
        ("floor: white noise", Some(&floors.white_noise)),
        ("floor: next position", floors.next_position.as_ref()),
    ] {
        if let Some(floor) = floor {
            line(name, floor.l2.text(), floor.measures.actions, Some(&floor.measures));
        }
    }
    for (name, mean, sd) in PAPER {
        line(name, format!("{mean:.2} ± {sd:.2}"), 22_414, None);
    }
    println!("\nshare of the recorded coordinates within the 90 % interval");
    for row in rows.iter().filter(|row| !row.coverage.is_empty()) {
        for c in &row.coverage {
            println!(
                "{:32} {:18} {:6.1} %   {:6} actions, L2 {:.2} px",
                row.idm,
                c.of,
                100.0 * c.held,
                c.actions,
                c.l2_px
            );
        }
    }
}
