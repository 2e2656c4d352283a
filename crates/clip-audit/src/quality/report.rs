//! Report on the clips of a model, compared with cross-fades and demonstrations.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Interval};

use super::clip::{ClipQuality, QualityError};
use super::comparison::ClipComparison;

/// Path lengths of the T that separate groups of clips, px.
const PATHS: [f64; 3] = [20.0, 80.0, 160.0];
/// Numbers of pushes that separate groups of clips.
const PUSHES: [f64; 3] = [1.0, 2.0, 3.0];

/// Mean quality of a set of clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityRow {
    /// Name of the set.
    pub name: String,
    /// Number of clips.
    pub clips: usize,
    /// Numbers of frames of the shortest and of the longest clip, in this order; zeros in a report of an earlier
    /// version.
    #[serde(default)]
    pub frames: [usize; 2],
    /// Peak signal-to-noise ratio, dB; this and the following as in [`ClipQuality`].
    pub psnr: Interval,
    /// Structural similarity.
    pub ssim: Interval,
    /// Share of frames with exactly one agent.
    pub one_agent: Interval,
    /// Deformation of the T.
    pub deformation: Interval,
    /// Share of the T's motion that was pushed, over the clips in which it is known; `None` if there are none.
    pub pushed: Option<Interval>,
    /// Residual of the agent's path, px, over the clips in which it is known; `None` if there are none.
    pub residual: Option<Interval>,
    /// Largest distance from the given frames, image px (96 × 96); `None` if no clip shows agent and T there.
    pub given_error: Option<f64>,
}

/// A group of clips, by a property of their demonstrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityGroup {
    /// Lower bound of the group, inclusive.
    pub from: f64,
    /// Upper bound, exclusive; `None`: unbounded.
    pub below: Option<f64>,
    /// Means of the model's clips.
    pub row: QualityRow,
}

/// Quality of a model's clips, compared with cross-fades, stills and demonstrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityReport {
    /// The model's clips, then cross-fades with the same start and end frames, the first frame repeated, and the
    /// demonstrations.
    pub rows: Vec<QualityRow>,
    /// Paired differences, model minus cross-fade, in this order: deformation, share pushed, residual (px). `None` if
    /// no clip has both values.
    pub against_fade: [Option<Interval>; 3],
    /// The model's clips by the length of the T's path in the demonstration, px.
    pub by_path: Vec<QualityGroup>,
    /// The model's clips by the number of pushes in the demonstration.
    pub by_pushes: Vec<QualityGroup>,
}

impl QualityGroup {
    /// The range as text; a range of a single whole number is that number.
    pub fn range(&self) -> String {
        match self.below {
            Some(below) if below - self.from == 1.0 => self.from.to_string(),
            Some(below) => format!("{} to below {below}", self.from),
            None => format!("{} and more", self.from),
        }
    }
}

impl QualityReport {
    /// Summarizes the clips of the model `name`.
    ///
    /// # Errors
    /// No clips, or settings that give no interval.
    pub fn new(name: &str, clips: &[ClipComparison], bootstrap: &Bootstrap) -> Result<Self, QualityError> {
        let set = |of: fn(&ClipComparison) -> ClipQuality| clips.iter().map(of).collect::<Vec<_>>();
        let (model, fade) = (&set(|c| c.clip)[..], &set(|c| c.cross_fade)[..]);
        let (still, real) = (&set(|c| c.first_frame)[..], &set(|c| c.demonstration)[..]);
        let difference = |of: fn(&ClipQuality) -> Option<f64>| {
            let pairs = model.iter().zip(fade);
            let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.filter_map(|(a, b)| of(a).zip(of(b))).unzip();
            let some = !ours.is_empty();
            some.then(|| bootstrap.paired_difference(&ours, &theirs)).transpose()
        };
        let group = |of: fn(&ClipQuality) -> f64, edges: &[f64]| grouped(name, model, of, edges, bootstrap);
        Ok(Self {
            rows: vec![
                QualityRow::new(name, model, bootstrap)?,
                QualityRow::new("cross-fade", fade, bootstrap)?,
                QualityRow::new("first frame", still, bootstrap)?,
                QualityRow::new("demonstrations", real, bootstrap)?,
            ],
            against_fade: [
                difference(|c| Some(c.deformation))?,
                difference(|c| c.pushed)?,
                difference(|c| c.residual)?,
            ],
            by_path: group(|c| c.target.length, &PATHS)?,
            by_pushes: group(|c| c.target.pushes as f64, &PUSHES)?,
        })
    }

    /// Renames the model.
    pub fn rename(&mut self, name: &str) {
        let groups = self
            .by_path
            .iter_mut()
            .chain(&mut self.by_pushes)
            .map(|group| &mut group.row);
        for row in self.rows.first_mut().into_iter().chain(groups) {
            name.clone_into(&mut row.name);
        }
    }

    /// One sentence that compares the clips with cross-fades with the same start and end frames.
    pub fn conclusion(&self) -> String {
        let [deformation, pushed, residual] = &self.against_fade;
        // Lower is better for the first and the last.
        let measures = [
            ("deformation of the T", deformation, -1.0),
            ("pushed share of its motion", pushed, 1.0),
            ("residual of the agent's track", residual, -1.0),
        ];
        let found = |wanted: &str| {
            let named = measures.iter().filter(|(_, difference, good)| {
                let found = match difference.and_then(|difference| difference.bounds) {
                    None => "untold",
                    Some(b) if good * b.low > 0.0 && good * b.high > 0.0 => "better",
                    Some(b) if good * b.low < 0.0 && good * b.high < 0.0 => "worse",
                    Some(_) => "equal",
                };
                found == wanted
            });
            named.map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
        };
        let parts = [
            ("better", "better in "),
            ("worse", "worse in "),
            ("equal", "no difference shown in "),
            ("untold", "too few clips to compare the "),
        ];
        let parts: Vec<String> = parts
            .iter()
            .map(|(wanted, words)| (words, found(wanted)))
            .filter(|(_, names)| !names.is_empty())
            .map(|(words, names)| format!("{words}{names}"))
            .collect();
        let name = self.rows.first().map_or("the model", |row| row.name.as_str());
        format!(
            "The clips of {name}, compared with cross-fades between the same ends: {}.",
            parts.join("; ")
        )
    }

    /// The report as Markdown tables.
    pub fn markdown(&self) -> String {
        let head = "PSNR, dB | SSIM | one agent | deformation of the T | pushed share of its motion | residual, px | given frames off by, px of 96 |";
        let mut out = format!("| clips | n | {head}\n|---|---|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let _ = writeln!(out, "| {} {}", row.name, figures(row));
        }
        let [deformation, pushed, residual] = &self.against_fade;
        let _ = writeln!(
            out,
            "\nAgainst the cross-fade, clip by clip: deformation {}, pushed share {}, residual {} px.",
            signed(deformation),
            signed(pushed),
            signed(residual)
        );
        for (what, groups) in [
            ("the T's path in the demonstration, px", &self.by_path),
            ("pushes in it", &self.by_pushes),
        ] {
            let _ = write!(out, "\n| {what} | n | {head}\n|---|---|---|---|---|---|---|---|---|\n");
            for group in groups {
                let _ = writeln!(out, "| {} {}", group.range(), figures(&group.row));
            }
        }
        out
    }
}

impl QualityRow {
    fn new(name: &str, clips: &[ClipQuality], bootstrap: &Bootstrap) -> Result<Self, QualityError> {
        if clips.is_empty() {
            return Err(QualityError::Empty);
        }
        let of = |of: fn(&ClipQuality) -> f64| bootstrap.mean(&clips.iter().map(of).collect::<Vec<f64>>());
        let some = |of: fn(&ClipQuality) -> Option<f64>| {
            let told: Vec<f64> = clips.iter().filter_map(of).collect();
            (!told.is_empty()).then(|| bootstrap.mean(&told)).transpose()
        };
        let frames = || clips.iter().map(|c| c.frames);
        let given = clips.iter().flat_map(|c| [c.start_error, c.end_error]).flatten();
        Ok(Self {
            name: name.to_owned(),
            clips: clips.len(),
            frames: [frames().min().unwrap_or(0), frames().max().unwrap_or(0)],
            psnr: of(|c| c.psnr)?,
            ssim: of(|c| c.ssim)?,
            one_agent: of(|c| c.one_agent)?,
            deformation: of(|c| c.deformation)?,
            pushed: some(|c| c.pushed)?,
            residual: some(|c| c.residual)?,
            given_error: given.reduce(f64::max),
        })
    }
}

fn grouped(
    name: &str,
    clips: &[ClipQuality],
    of: fn(&ClipQuality) -> f64,
    edges: &[f64],
    bootstrap: &Bootstrap,
) -> Result<Vec<QualityGroup>, QualityError> {
    let ends = edges.iter().copied().map(Some).chain([None]);
    let mut groups = Vec::new();
    for (from, below) in std::iter::once(0.0).chain(edges.iter().copied()).zip(ends) {
        let inside = |c: &&ClipQuality| of(c) >= from && below.is_none_or(|end| of(c) < end);
        let own: Vec<ClipQuality> = clips.iter().filter(inside).copied().collect();
        if !own.is_empty() {
            let row = QualityRow::new(name, &own, bootstrap)?;
            groups.push(QualityGroup { from, below, row });
        }
    }
    Ok(groups)
}

fn figures(row: &QualityRow) -> String {
    let two = |i: &Interval| format!("{i:.2}");
    let none = || "–".to_owned();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        row.clips,
        format_args!("{:.1}", row.psnr),
        two(&row.ssim),
        two(&row.one_agent),
        two(&row.deformation),
        row.pushed.as_ref().map_or_else(none, two),
        row.residual.as_ref().map_or_else(none, two),
        row.given_error.map_or_else(none, |e| format!("{e:.2}"))
    )
}

fn signed(difference: &Option<Interval>) -> String {
    difference.map_or_else(|| "–".to_owned(), |i| format!("{i:+.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::BlockPath;

    fn clip(deformation: f64, pushes: usize) -> ClipQuality {
        ClipQuality {
            frames: 17,
            psnr: 30.0,
            ssim: 0.9,
            one_agent: 1.0,
            deformation,
            pushed: (pushes < 6).then_some(1.0),
            residual: None,
            start_error: Some(0.1),
            end_error: None,
            target: BlockPath {
                pushes,
                ..BlockPath::default()
            },
        }
    }

    #[test]
    fn differences_are_paired_and_groups_hold_every_clip_once() {
        let model: Vec<_> = (0..8).map(|i| clip(0.1 * i as f64, i)).collect();
        let fade: Vec<_> = model
            .iter()
            .map(|c| clip(c.deformation + 0.3, c.target.pushes))
            .collect();
        let pair = |(clip, fade): (&ClipQuality, &ClipQuality)| ClipComparison {
            clip: *clip,
            cross_fade: *fade,
            first_frame: *fade,
            demonstration: *clip,
        };
        let clips: Vec<_> = model.iter().zip(&fade).map(pair).collect();
        let report = QualityReport::new("ours", &clips, &Bootstrap::default()).unwrap();
        let [Some(difference), Some(pushed), None] = &report.against_fade else {
            panic!("{:?}", report.against_fade);
        };
        assert!((difference.mean + 0.3).abs() < 1e-12 && difference.bounds.unwrap().width() < 1e-9);
        assert_eq!(*pushed, Interval::new(0.0, 0.0, 0.0));
        // Unknown values are left out of the means and shown as missing.
        assert_eq!(report.rows[0].pushed.map(|i| i.mean), Some(1.0));
        assert!(report.markdown().contains("residual – px"), "{}", report.markdown());
        assert_eq!(
            report.by_pushes.iter().map(|g| g.row.clips).collect::<Vec<_>>(),
            [1, 1, 1, 5]
        );
        assert_eq!(report.rows[0].given_error, Some(0.1));
        assert!(report.markdown().contains("3 and more | 5"), "{}", report.markdown());
        // A group of one clip has means and no intervals.
        assert!(
            report.markdown().contains("| 0 | 1 | 30.0 [no interval] |"),
            "{}",
            report.markdown()
        );
        assert_eq!(
            report.conclusion(),
            "The clips of ours, compared with cross-fades between the same ends: better in deformation of the T; no \
             difference shown in pushed share of its motion; too few clips to compare the residual of the agent's track."
        );
        let none = QualityReport::new("ours", &[], &Bootstrap::default());
        assert!(none.is_err());
    }
}
