//! Statistics of a set of clips.

use std::collections::BTreeMap;

use clip_audit::FindingKind;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Estimate, Interval, MetricError};

use crate::judge::ClipMeasures;
use crate::limit::{GateLimit, GateMeasure, GateOutcome};
use crate::rollout::SamplingTime;

/// Distance of the T from the simulator's after a number of steps, px of 96, over the clips in which it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseRow {
    /// Number of steps.
    pub steps: usize,
    /// Median over clips.
    pub median: Estimate,
    /// Mean over clips.
    pub mean: Interval,
    /// Number of clips.
    pub clips: usize,
}

/// A column of the gate's table: a set of clips. Intervals are bootstrap intervals over clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateColumn {
    /// Name of the set.
    pub name: String,
    /// Number of clips.
    pub clips: usize,
    /// Share of frames with exactly one agent.
    pub one_agent: Interval,
    /// Distance of the agent from its given path, px of 96; `None` without a path.
    pub off_path: Option<Interval>,
    /// Distance that 95 % of the frames keep, px of 96.
    pub off_path_95: Option<f64>,
    /// Deformation of the T.
    pub deformation: Interval,
    /// The T beside the simulator's.
    pub pose: Vec<PoseRow>,
    /// Share of the steps that the simulator reproduces, over all clips together; `None` if the T moves in none.
    pub reproduced: Option<Estimate>,
    /// Steps in which the T moves or is pushed, and those reproduced, summed over clips.
    pub steps: [usize; 2],
    /// Share of clips without any finding.
    pub no_finding: Interval,
    /// Number of clips with each kind of finding.
    pub findings: BTreeMap<FindingKind, usize>,
    /// Time of sampling, where it was measured.
    pub sampling: Option<SamplingTime>,
}

impl GateColumn {
    /// Summarizes measured clips.
    ///
    /// # Errors
    /// No clips, or settings that give no interval.
    pub fn new(name: &str, clips: &[ClipMeasures], bootstrap: &Bootstrap) -> Result<Self, MetricError> {
        let mean = |of: fn(&ClipMeasures) -> f64| bootstrap.mean(&clips.iter().map(of).collect::<Vec<_>>());
        let off: Vec<f64> = clips.iter().filter_map(|clip| clip.off_path).collect();
        let mut findings = BTreeMap::new();
        for kind in clips.iter().flat_map(|clip| &clip.findings) {
            *findings.entry(*kind).or_insert(0) += 1;
        }
        let sum = |of: fn(&ClipMeasures) -> usize| clips.iter().map(of).sum();
        Ok(Self {
            name: name.to_owned(),
            clips: clips.len(),
            one_agent: mean(|clip| clip.one_agent)?,
            off_path: (!off.is_empty()).then(|| bootstrap.mean(&off)).transpose()?,
            off_path_95: high(clips.iter().flat_map(|clip| &clip.off_path_frames).copied().collect()),
            deformation: mean(|clip| clip.deformation)?,
            pose: poses(clips, bootstrap)?,
            reproduced: reproduced(clips, bootstrap)?,
            steps: [sum(|clip| clip.steps.moving), sum(|clip| clip.steps.reproduced)],
            no_finding: mean(|clip| f64::from(u8::from(clip.findings.is_empty())))?,
            findings,
            sampling: None,
        })
    }

    /// The value of a measure with its interval; `None` if it was not measured.
    pub fn value(&self, measure: GateMeasure) -> Option<Estimate> {
        let of = |interval: Interval| Estimate {
            value: interval.mean,
            bounds: interval.bounds,
        };
        let pose = |steps: usize| self.pose.iter().find(|row| row.steps == steps).map(|row| row.median);
        match measure {
            GateMeasure::OneAgent => Some(of(self.one_agent)),
            GateMeasure::OffPath => self.off_path.map(of),
            GateMeasure::Deformation => Some(of(self.deformation)),
            GateMeasure::PoseAfter16 => pose(16),
            GateMeasure::PoseAfter47 => pose(47),
            GateMeasure::Reproduced => self.reproduced,
            GateMeasure::NoFinding => Some(of(self.no_finding)),
            GateMeasure::Sampling => self.sampling.map(|time| Estimate {
                value: time.seconds,
                bounds: None,
            }),
        }
    }

    /// What was measured, beside the limits of the gate.
    pub fn outcomes(&self) -> Vec<GateOutcome> {
        let judged = GateLimit::ALL
            .iter()
            .filter_map(|limit| Some(limit.judge(self.value(limit.measure)?.value)));
        judged.collect()
    }
}

/// The value that 95 % of the values keep; `None` without values.
fn high(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(values[(0.95 * last as f64).round() as usize])
}

fn poses(clips: &[ClipMeasures], bootstrap: &Bootstrap) -> Result<Vec<PoseRow>, MetricError> {
    let mut by_steps: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for &(steps, distance) in clips.iter().flat_map(|clip| &clip.pose) {
        by_steps.entry(steps).or_default().push(distance);
    }
    let row = |(steps, distances): (usize, Vec<f64>)| {
        Ok(PoseRow {
            steps,
            median: bootstrap.median(&distances)?,
            mean: bootstrap.mean(&distances)?,
            clips: distances.len(),
        })
    };
    by_steps.into_iter().map(row).collect()
}

/// Reproduced over moving steps of all clips together, as clips have few or many of them.
fn reproduced(clips: &[ClipMeasures], bootstrap: &Bootstrap) -> Result<Option<Estimate>, MetricError> {
    let share = |chosen: &mut dyn Iterator<Item = &ClipMeasures>| {
        let (mut moving, mut reproduced) = (0, 0);
        for clip in chosen {
            moving += clip.steps.moving;
            reproduced += clip.steps.reproduced;
        }
        (moving > 0).then(|| reproduced as f64 / moving as f64)
    };
    let Some(value) = share(&mut clips.iter()) else {
        return Ok(None);
    };
    if clips.len() == 1 {
        return Ok(Some(Estimate { value, bounds: None }));
    }
    // A resample of clips in which no T moves says nothing about others.
    let drawn = bootstrap.draws(&[clips.len()], |sets| {
        share(&mut sets[0].iter().map(|&k| &clips[k])).unwrap_or(value)
    })?;
    Ok(Some(Estimate {
        value,
        bounds: Some(bootstrap.bounds(&drawn)?),
    }))
}
