//! JSON and JSON-lines files of ours, and the database of ratings.

use std::path::Path;

use eval::{GoalRecord, RolloutPart, RolloutRecord};
use labeling::Labeled;
use pusht_data::SimulatedSet;
use pusht_jobs::{JobContext, JournalScan};
use rating::{Ratings, read_audit_scores};

use crate::scratch::Scratch;

/// Actions that are simulated.
const MOST_ACTIONS: usize = 500;

thread_local! {
    static FOLDER: Scratch = Scratch::new();
}

pub(crate) fn records(input: &[u8]) {
    FOLDER.with(|folder| {
        if input.starts_with(b"SQLite format 3\0") {
            let _ = Ratings::read(&folder.file("ratings.db", input));
            return;
        }
        // Every reader decides by the content.
        let path = folder.file("x.jsonl", input);
        demonstrations(&path);
        if let Ok(labeled) = Labeled::open(std::slice::from_ref(&path)) {
            labeled.records().for_each(drop);
        }
        if let Ok(scan) = JournalScan::<serde_json::Value>::read(&path)
            && let Ok(lines) = scan.lines::<serde_json::Value>()
        {
            lines.for_each(drop);
        }
        let _ = RolloutRecord::read(&path);
        let _ = RolloutPart::read(&path);
        goals(&path);
        let _ = read_audit_scores(&path);
        folder.file("report.json", input);
        let _ = report::ExperimentReport::read(folder.path());
        #[cfg(feature = "generation")]
        {
            folder.file("generation.json", input);
            let _ = clip_generation::Generation::open(folder.path());
        }
    });
}

/// Reads rollouts to goals, joins them, and renders one.
fn goals(path: &Path) {
    let _ = GoalRecord::merge(&[path.to_path_buf()]);
    if let Ok(record) = GoalRecord::read(path) {
        let _ = record.summary();
        let _ = record.film(0, 96);
    }
}

/// Reads demonstrations, and simulates them if they are few.
fn demonstrations(path: &Path) {
    let Ok(set) = SimulatedSet::open(path) else {
        let _ = SimulatedSet::merge(&[path.to_path_buf()]);
        return;
    };
    let actions: usize = set.trajectories().iter().map(|t| t.actions.len()).sum();
    if actions <= MOST_ACTIONS && set.simulation.frame_size <= 512 {
        let _ = set.summary();
        let _ = set.episodes(0..set.len(), &mut JobContext::silent());
    }
}
