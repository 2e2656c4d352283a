//! `pusht score tracker`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use dataset_checks::{TrackingErrors, dataset_faults};
use named_parts::DataOptions;
use pusht_jobs::counted;
use serde_json::json;

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure the tracking error against recorded states, and the error of the actions computed from the track
#[derive(Args)]
pub(crate) struct Tracker {
    /// Dataset with frames and states: a zarr replay buffer, a LeRobot v3 set, or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
}

impl Tracker {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let source = self.reading.open(&self.data, &mut session.ctx)?;
        let count = source.first(self.episodes)?;
        let task = session
            .ctx
            .task("track frames", source.lengths()[..count].iter().sum(), "frame");
        let mut faults = Vec::new();
        let (mut errors, mut time) = (TrackingErrors::new(), Duration::ZERO);
        for index in 0..count {
            task.check()?;
            let episode = source.episode(index)?;
            faults.extend(dataset_faults(std::slice::from_ref(&episode), index)?);
            let states = episode
                .states
                .with_context(|| format!("episode {index} has no states"))?;
            let tracker = pusht_vision::Tracker::new(episode.goal)?;
            let start = Instant::now();
            let track = tracker.track_video(&episode.frames)?;
            time += start.elapsed();
            errors.add(&track, &states, &episode.actions)?;
            task.add(track.len());
        }
        task.finish(&counted(count, "episode"));
        if let Some(fault) = faults.first() {
            session.ctx.say(&format!("warning: {}: {fault}", source.name()));
        }
        let (rows, name, frames, missed) = (errors.rows()?, source.name(), errors.frames(), errors.missed());
        let rate = frames as f64 / time.as_secs_f64();
        let mut text = format!(
            "{name}: {}, {}, {missed} without agent or T, {rate:.0} frames/s on one core\n\
             error                                             mean     median       90 %        max\n",
            counted(count, "episode"),
            counted(frames, "frame"),
        );
        for row in &rows {
            text += &format!("{row}\n");
        }
        let json = json!({
            "data": name, "frames": frames, "missed": missed, "frames_per_second": rate, "errors": rows,
        });
        Ok(Outcome::new(text, &json)?)
    }
}
