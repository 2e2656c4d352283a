//! Reads the states out of the frames of a data set and compares with the recorded ones; then reads the actions off the
//! track and compares again.
#![allow(clippy::print_stdout)]

mod common;
#[path = "common/save.rs"]
mod save;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use pusht_data::Episode;
use pusht_env::{Action, Pose};
use pusht_jobs::JobContext;
use pusht_vision::{ActionSmoother, Start, Tracked, Tracker, actions_from_track, unwrap_angle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Tracking error against recorded states, and the error of the actions that follow from the track.
#[derive(Parser)]
struct Args {
    /// A data set with frames and states: a zarr replay buffer, a LeRobot v3 set, or a file of simulated episodes.
    #[arg(long)]
    data: PathBuf,
    /// Only the first N episodes.
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Writes the figures to this file as well.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Errors by name and unit, in the order in which they first came.
#[derive(Default)]
struct Errors(Vec<(&'static str, Vec<f64>)>);

impl Errors {
    fn add(&mut self, name: &'static str, errors: impl IntoIterator<Item = f64>) {
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, all)) => all.extend(errors),
            None => self.0.push((name, errors.into_iter().collect())),
        }
    }

    fn add_actions(&mut self, name: &'static str, found: &[Action], recorded: &[Action]) {
        let l2 = |(a, b): (&Action, &Action)| f64::from(a[0] - b[0]).hypot(f64::from(a[1] - b[1]));
        self.add(name, found.iter().zip(recorded).map(l2));
    }
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let source = pusht_data::open(&args.data)?;
    let count = source.first(args.episodes)?;
    let frames: usize = source.lengths()[..count].iter().sum();
    let mut ctx = JobContext::terminal()?;
    let task = ctx.task("track frames", frames);
    let (mut errors, mut missed, mut time) = (Errors::default(), 0, Duration::ZERO);
    for index in 0..count {
        task.check()?;
        let episode = source.episode(index)?;
        let tracker = Tracker::new(episode.goal)?;
        let start = Instant::now();
        let track = tracker.track_video(&episode.frames)?;
        time += start.elapsed();
        missed += track.iter().filter(|t| t.state().is_none()).count();
        compare(&episode, &track, &mut errors)?;
        task.add(track.len());
    }
    task.finish("done");
    let rate = frames as f64 / time.as_secs_f64();
    let name = source.name();
    println!("{name}: {count} episodes, {frames} frames, {missed} without agent or T, {rate:.0} frames/s on one core");
    println!("error                                             mean     median       90 %        max");
    let mut rows = Vec::new();
    for (name, mut all) in errors.0 {
        ensure!(
            !all.is_empty(),
            "nothing to compare for {name}: no frame shows both agent and T"
        );
        all.sort_by(f64::total_cmp);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let [median, ninety] = [50, 90].map(|q| all[(all.len() - 1) * q / 100]);
        let max = all[all.len() - 1];
        println!("{name:<43} {mean:>10.5} {median:>10.5} {ninety:>10.5} {max:>10.5}");
        rows.push(serde_json::json!({
            "name": name, "count": all.len(), "mean": mean, "median": median, "p90": ninety, "max": max,
        }));
    }
    if let Some(path) = args.json {
        let report = serde_json::json!({
            "data": name, "frames": frames, "missed": missed, "frames_per_second": rate, "errors": rows,
        });
        save::save(&path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
    }
    Ok(())
}

/// Errors of one episode.
fn compare(episode: &Episode, track: &[Tracked], errors: &mut Errors) -> Result<()> {
    let states = episode.states.as_ref();
    let states = states.with_context(|| format!("episode {} has no states", episode.provenance.index))?;
    let both: Vec<_> = track
        .iter()
        .zip(states)
        .filter_map(|(t, recorded)| Some((t.state()?, recorded)))
        .collect();
    let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let origin = |block: Pose| [block.x, block.y];
    errors.add("agent, px", both.iter().map(|(t, r)| apart(t.agent, r.agent)));
    errors.add(
        "T origin, px",
        both.iter().map(|(t, r)| apart(origin(t.block), origin(r.block))),
    );
    let turned = |a: f64, b: f64| unwrap_angle(0.0, a - b).abs();
    errors.add(
        "T angle, rad",
        both.iter().map(|(t, r)| turned(t.block.angle, r.block.angle)),
    );

    let recorded: Vec<[f64; 2]> = states.iter().map(|s| s.agent).collect();
    let seen: Vec<Option<[f64; 2]>> = track.iter().map(|t| t.agent).collect();
    // N frames end N − 1 actions; an episode of one frame, or one that begins without an agent, gives none.
    if recorded.len() < 2 || seen[0].is_none() {
        return Ok(());
    }
    let exact = actions_from_track(&recorded, Start::Rest)?;
    errors.add_actions("action of recorded positions, px", &exact, &episode.actions);
    if let Some(all) = seen.iter().copied().collect::<Option<Vec<_>>>() {
        let actions = actions_from_track(&all, Start::Rest)?;
        errors.add_actions("action of the track, px", &actions, &episode.actions);
    }
    let smoothed = ActionSmoother::default().smooth(&seen, Start::Rest)?;
    errors.add_actions("action of the smoothed track, px", &smoothed.actions, &episode.actions);
    let next: Vec<Action> = recorded[1..].iter().map(|p| p.map(|c| c as f32)).collect();
    errors.add_actions("floor: next position as action, px", &next, &episode.actions);
    Ok(())
}
