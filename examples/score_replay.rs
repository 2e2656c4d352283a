//! Replays the clips of a data set from their pixels alone, and says what limits it: with known starts, with recorded
//! actions, from starts in the middle; and clips that nobody can execute, the first frame fading into the last.

#![allow(clippy::print_stdout)]

mod common;
#[path = "common/save.rs"]
mod save;

use anyhow::{Context, Result};
use clap::Parser;
use clip_audit::{Replay, ReplayCondition, ReplayReport, ReplayStart, ReplaySummary, replay, replay_from, restarts};
use pusht_data::{Episode, open};
use pusht_env::{Action, Pose};
use pusht_vision::{ActionSmoother, Start, Tracked, Tracker, cross_fade};
use rayon::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;
use traj_metrics::Bootstrap;

/// Do the actions read off a clip reproduce it in the simulator?
#[derive(Parser)]
struct Args {
    /// A data set with frames and states: a zarr replay buffer, a LeRobot v3 set, or a file of simulated episodes.
    #[arg(long)]
    data: PathBuf,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Also starts a replay at every N-th frame.
    #[arg(long, value_name = "N", default_value_t = 10)]
    every: usize,
    /// Writes the figures here, and the tables beside it as Markdown (FILE with the ending .md).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The replays of one episode, as the conditions of the report.
struct Replays {
    clip: Replay,
    known_start: Replay,
    recorded_actions: Replay,
    both_known: Replay,
    restarts: Vec<Replay>,
    faded: Option<Replay>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let source = open(&args.data)?;
    let count = source.first(args.episodes)?;
    let one = |index: usize| {
        let episode = source.episode(index)?;
        replays(&episode, args.every).with_context(|| format!("episode {index}"))
    };
    let all: Vec<Replays> = (0..count).into_par_iter().map(one).collect::<Result<_>>()?;
    let bootstrap = Bootstrap::default();
    let pick = |of: fn(&Replays) -> &Replay| -> Vec<Replay> { all.iter().map(|r| of(r).clone()).collect() };
    let condition = |name: &str, summary: ReplaySummary| ReplayCondition {
        name: name.to_owned(),
        summary,
    };
    let starts: Vec<Vec<Replay>> = all.iter().map(|r| r.restarts.clone()).collect();
    let faded: Vec<Replay> = all.iter().filter_map(|r| r.faded.clone()).collect();
    let others = [
        ("recorded, closed form", pick(|r| &r.known_start)),
        ("tracked, recorded", pick(|r| &r.recorded_actions)),
        ("recorded, recorded", pick(|r| &r.both_known)),
        ("cross-fade: tracked, closed form", faded),
    ];
    let mut conditions = Vec::new();
    for (name, replays) in others {
        conditions.push(condition(name, ReplaySummary::of(&replays, &bootstrap)?));
    }
    let every = format!("tracked at every {}th frame, closed form", args.every);
    conditions.insert(3, condition(&every, ReplaySummary::of_restarts(&starts, &bootstrap)?));
    let goals = [
        Pose::new(230.0, 280.0, std::f64::consts::FRAC_PI_3),
        Pose::new(300.0, 300.0, std::f64::consts::FRAC_PI_2),
    ];
    let main = pick(|r| &r.clip);
    let main = ("tracked, closed form", main.as_slice());
    let report = ReplayReport::new(&source.name(), main, conditions, &goals, &bootstrap)?;
    let tables = report.markdown();
    println!("{tables}");
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        save::save(path, &text)?;
        let command = format!("cargo run --release --example score_replay -- --data {}", source.name());
        let (data, clips) = (&report.data, report.clips);
        let page = format!(
            "# Replay in the exact environment\n\n`{command} --json replay.json` writes this page: {clips} episodes of \
             {data}, 96 × 96 frames. Definitions and what follows from it: [replay.md](../replay.md).\n\n{tables}"
        );
        save::save(&path.with_extension("md"), &page)?;
    }
    Ok(())
}

fn replays(episode: &Episode, every: usize) -> Result<Replays> {
    let (goal, recorded) = (episode.goal, &episode.actions);
    let tracker = Tracker::new(goal)?;
    let track = tracker.track_video(&episode.frames)?;
    let actions = closed_form(&track, Start::Rest)?;
    let states = episode.states.as_ref().context("the data has no states")?;
    let known = ReplayStart::at_rest(0, states[0]);
    let last = episode.frames.len() - 1;
    let faded = tracker.track_video(&cross_fade(&episode.frames[0], &episode.frames[last], last + 1))?;
    Ok(Replays {
        clip: replay(&track, &actions, Start::Rest, goal)?,
        known_start: replay_from(known, &track, &actions, goal)?,
        recorded_actions: replay(&track, recorded, Start::Rest, goal)?,
        both_known: replay_from(known, &track, recorded, goal)?,
        restarts: restarts(&track, &actions, Start::Rest, goal, every)?,
        // A fade in which agent or T are never seen cannot be replayed at all.
        faded: closed_form(&faded, Start::Moving)
            .and_then(|actions| Ok(replay(&faded, &actions, Start::Moving, goal)?))
            .ok(),
    })
}

fn closed_form(track: &[Tracked], start: Start) -> Result<Vec<Action>> {
    let agents: Vec<_> = track.iter().map(|t| t.agent).collect();
    Ok(ActionSmoother::default().smooth(&agents, start)?.actions)
}
