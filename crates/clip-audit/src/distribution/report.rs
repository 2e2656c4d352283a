//! Report on the distances between a real set and others, as one file and as a table.

use pusht_jobs::counted;

use super::DistributionError;
use super::features::{FEATURE_SCALES, FEATURES};
use super::frechet::{NullDistances, TrajectorySet, frechet_interval};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use traj_metrics::{Bootstrap, Estimate};

/// A set compared with the reference set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionRow {
    /// Name of the set.
    pub name: String,
    /// Number of clips with at least one window.
    pub clips: usize,
    /// Number of windows.
    pub windows: usize,
    /// Number of windows left out because some of their frames do not show both agent and T.
    pub unseen: usize,
    /// Fréchet distance of trajectories from the reference set.
    pub distance: Estimate,
    /// Share of splits of the real set with at least this distance.
    pub beyond: f64,
    /// Mean and standard deviation of each feature, in the units of [`FEATURE_SCALES`].
    pub features: [[f64; 2]; FEATURES],
}

/// Several sets compared with one reference set, and the distances between parts of the real set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionReport {
    /// The reference set compared with itself, for its moments.
    pub reference: DistributionRow,
    /// Distances between random splits of the real set.
    pub null: NullDistances,
    /// The other sets.
    pub rows: Vec<DistributionRow>,
    /// Videos that cannot be read and are in no set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedVideo>,
}

/// A video that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedVideo {
    /// The video: a file or folder.
    pub video: PathBuf,
    /// The reason.
    pub reason: String,
}

impl DistributionReport {
    /// Compares each of `others` with `reference`; `null` gives the share of larger distances.
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

    /// The report as Markdown tables.
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
            out += &format!(
                "\nLeft out, {} that cannot be read:\n\n",
                counted(self.skipped.len(), "video")
            );
        }
        for SkippedVideo { video, reason } in &self.skipped {
            out += &format!("- {}: {reason}\n", video.display());
        }
        Ok(out)
    }
}
