//! One real set against others, as one file and as a table.

use super::DistributionError;
use super::features::{FEATURE_SCALES, FEATURES};
use super::frechet::{NullDistances, TrajectorySet, frechet_interval};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use traj_metrics::{Bootstrap, Estimate};

/// A set against the reference set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionRow {
    /// What it is called.
    pub name: String,
    /// Clips with a window.
    pub clips: usize,
    /// Windows.
    pub windows: usize,
    /// Windows left out because agent or T is not seen in some of their frames.
    pub unseen: usize,
    /// The Fréchet distance of trajectories.
    pub distance: Estimate,
    /// Share of splits of the real set that are as far apart.
    pub beyond: f64,
    /// Mean and standard deviation of each feature, in the units of [`FEATURE_SCALES`].
    pub features: [[f64; 2]; FEATURES],
}

/// Sets against one reference set, and what two parts of the real set differ by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionReport {
    /// The reference set against itself, for its numbers.
    pub reference: DistributionRow,
    /// Distances between random splits of the real set.
    pub null: NullDistances,
    /// The others.
    pub rows: Vec<DistributionRow>,
    /// Videos that cannot be read and are in none of the sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedVideo>,
}

/// A video that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedVideo {
    /// The file or folder.
    pub video: PathBuf,
    /// Why.
    pub reason: String,
}

impl DistributionReport {
    /// Each of `others` against `reference`, beside `null`.
    ///
    /// # Errors
    /// A set of fewer than two clips or windows; settings that give no interval.
    pub fn new(
        reference: (&str, &TrajectorySet),
        others: &[(&str, &TrajectorySet)],
        null: NullDistances,
        bootstrap: &Bootstrap,
    ) -> Result<Self, DistributionError> {
        let row = |&(name, set): &(&str, &TrajectorySet)| {
            let distance = frechet_interval(reference.1, set, bootstrap)?;
            Ok(DistributionRow {
                name: name.to_owned(),
                clips: set.clips(),
                windows: set.windows(),
                unseen: set.unseen(),
                beyond: null.share_beyond(distance.value),
                distance,
                features: set.moments()?,
            })
        };
        Ok(Self {
            reference: row(&reference)?,
            rows: others.iter().map(row).collect::<Result<_, DistributionError>>()?,
            null,
            skipped: Vec::new(),
        })
    }

    /// Its tables in Markdown.
    ///
    /// # Errors
    /// No null distances (a file that was edited).
    pub fn markdown(&self) -> Result<String, DistributionError> {
        let all = Bootstrap::default().bounds(&self.null.distances)?;
        let [first, second] = self.null.sizes;
        let mut out = format!(
            "Reference: {} ({} clips, {} windows). {} random splits of the real set into {first} and {second} clips: median \
             {:.3}, 95 % between {:.3} and {:.3}.\n\n",
            self.reference.name,
            self.reference.clips,
            self.reference.windows,
            self.null.distances.len(),
            self.null.median()?,
            all.low,
            all.high,
        );
        out +=
            "| against | clips | windows | left out | distance | share of splits as far |\n|---|---|---|---|---|---|\n";
        for r in &self.rows {
            out += &format!(
                "| {} | {} | {} | {} | {:.3} | {:.4} |\n",
                r.name, r.clips, r.windows, r.unseen, r.distance, r.beyond
            );
        }
        out += "\nMean ± standard deviation of each feature over the windows:\n\n| feature |";
        let sets: Vec<&DistributionRow> = [&self.reference].into_iter().chain(&self.rows).collect();
        for r in &sets {
            out += &format!(" {} |", r.name);
        }
        out += &format!("\n|---|{}\n", "---|".repeat(sets.len()));
        for (i, (name, scale)) in FEATURE_SCALES.iter().enumerate() {
            out += &format!("| {name} |");
            for r in &sets {
                let [mean, sd] = r.features[i].map(|x| x * scale);
                out += &format!(" {mean:.2} ± {sd:.2} |");
            }
            out += "\n";
        }
        if !self.skipped.is_empty() {
            out += &format!("\nLeft out, {} videos that cannot be read:\n\n", self.skipped.len());
        }
        for SkippedVideo { video, reason } in &self.skipped {
            out += &format!("- {}: {reason}\n", video.display());
        }
        Ok(out)
    }
}
