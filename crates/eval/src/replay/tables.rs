//! Many replays in a few numbers, by how far and how often the T was moved, and against other goals.

use super::{Replay, ReplayError};
use pusht_env::Pose;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Estimate, MetricError, quartiles};

/// Steps after which the share of clips still together is told.
pub const SURVIVAL_STEPS: [usize; 5] = [10, 20, 40, 80, 160];

/// Lower bounds of the groups by number of pushes.
pub const PUSH_EDGES: [usize; 6] = [0, 1, 3, 5, 7, 10];

/// Lower bounds of the groups by length of the T's path, px.
pub const PATH_EDGES: [f64; 5] = [0.0, 100.0, 200.0, 300.0, 500.0];

/// From one row of errors over time to the next, steps.
const TIME_STEP: usize = 10;

/// What a number of replays come to. Intervals are by bootstrap over the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplaySummary {
    /// Number of clips.
    pub clips: usize,
    /// Clips that part from their replay.
    pub parted: usize,
    /// Median steps of a clip.
    pub length: f64,
    /// Median horizon, steps. A clip that does not part counts with its length, so this is a lower bound where many do not.
    pub horizon: Estimate,
    /// Median way of the T in the clip up to the horizon, px; a lower bound likewise.
    pub followed: Estimate,
    /// Share still together after so many steps (Kaplan and Meier 1958: a clip that ends is no parting).
    pub together: Vec<Together>,
    /// Median over clips of the mean distance of the agents, px; `None` where no clip shows one after its start.
    pub agent_error: Option<Estimate>,
    /// Coverage of the clips' own goal at the end.
    pub coverage: CoverageRow,
    /// Median share of where the T ends in the clip that the replay's T covers.
    pub own_goal: Estimate,
    /// Errors of the T's pose over time.
    pub over_time: Vec<ErrorRow>,
}

/// Share of clips that have not parted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// Steps from the start.
    pub steps: usize,
    /// Clips whose replay was compared for as long.
    pub clips: usize,
    /// The share.
    pub share: Estimate,
}

/// Final coverage of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The goal; `None`: each clip's own.
    pub goal: Option<Pose>,
    /// Mean coverage in the clips.
    pub clip: f64,
    /// Mean coverage in the replays.
    pub replay: f64,
    /// Median of |clip − replay|.
    pub error: Estimate,
    /// Mean of |clip − replay|.
    pub mean_error: f64,
}

/// Errors of the T's pose at one step, over the clips that are as long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Steps from the start.
    pub steps: usize,
    /// Clips that show the T there.
    pub clips: usize,
    /// Quartiles of the origins' distance, px.
    pub position: [f64; 3],
    /// Quartiles of the angles' difference, rad.
    pub angle: [f64; 3],
}

/// The replays of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayGroup {
    /// What its clips have in common: from this on …
    pub from: f64,
    /// … to below this; `None`: without end.
    pub below: Option<f64>,
    /// Its figures.
    pub summary: ReplaySummary,
}

impl ReplaySummary {
    /// Of any replays.
    ///
    /// # Errors
    /// No replays; settings that give no interval.
    pub fn of<'a>(replays: impl IntoIterator<Item = &'a Replay>, bootstrap: &Bootstrap) -> Result<Self, ReplayError> {
        let replays: Vec<&Replay> = replays.into_iter().collect();
        if replays.is_empty() {
            return Err(ReplayError::Empty);
        }
        let all = |of: fn(&Replay) -> f64| replays.iter().map(|r| of(r)).collect::<Vec<f64>>();
        let agent: Vec<f64> = replays
            .iter()
            .filter_map(|r| mean(r.agent_error.iter().flatten()))
            .collect();
        Ok(Self {
            clips: replays.len(),
            parted: replays.iter().filter(|r| r.parted).count(),
            length: quartiles(&all(|r| r.path.len() as f64))?[1],
            horizon: bootstrap.median(&all(|r| r.horizon as f64))?,
            followed: bootstrap.median(&all(|r| r.followed.length))?,
            together: survival(&replays, bootstrap)?,
            agent_error: (!agent.is_empty()).then(|| bootstrap.median(&agent)).transpose()?,
            coverage: coverage_row(&replays, None, bootstrap)?,
            own_goal: bootstrap.median(&all(|r| r.end.with_own_goal().replay_coverage))?,
            over_time: over_time(&replays)?,
        })
    }

    /// In groups by the number of pushes in the clip ([`PUSH_EDGES`]); groups without a clip are left out.
    ///
    /// # Errors
    /// As [`ReplaySummary::of`].
    pub fn by_pushes(replays: &[Replay], bootstrap: &Bootstrap) -> Result<Vec<ReplayGroup>, ReplayError> {
        grouped(
            replays,
            &PUSH_EDGES.map(|e| e as f64),
            |r| r.shown.pushes as f64,
            bootstrap,
        )
    }

    /// In groups by the length of the T's path in the clip ([`PATH_EDGES`]); groups without a clip are left out.
    ///
    /// # Errors
    /// As [`ReplaySummary::of`].
    pub fn by_path(replays: &[Replay], bootstrap: &Bootstrap) -> Result<Vec<ReplayGroup>, ReplayError> {
        grouped(replays, &PATH_EDGES, |r| r.shown.length, bootstrap)
    }
}

impl CoverageRow {
    /// Of another goal pose than the clips' own.
    ///
    /// # Errors
    /// No replays; settings that give no interval.
    pub fn of(replays: &[Replay], goal: Pose, bootstrap: &Bootstrap) -> Result<Self, ReplayError> {
        let all: Vec<&Replay> = replays.iter().collect();
        Ok(coverage_row(&all, Some(goal), bootstrap)?)
    }
}

fn coverage_row(replays: &[&Replay], goal: Option<Pose>, bootstrap: &Bootstrap) -> Result<CoverageRow, MetricError> {
    let ends = || replays.iter().map(|r| goal.map_or(r.end, |goal| r.end.with_goal(goal)));
    let errors: Vec<f64> = ends().map(|e| e.coverage_error()).collect();
    let count = replays.len() as f64;
    Ok(CoverageRow {
        goal,
        clip: ends().map(|e| e.clip_coverage).sum::<f64>() / count,
        replay: ends().map(|e| e.replay_coverage).sum::<f64>() / count,
        error: bootstrap.median(&errors)?,
        mean_error: errors.iter().sum::<f64>() / count,
    })
}

fn grouped(
    replays: &[Replay],
    edges: &[f64],
    of: fn(&Replay) -> f64,
    bootstrap: &Bootstrap,
) -> Result<Vec<ReplayGroup>, ReplayError> {
    let mut groups = Vec::new();
    for (i, &from) in edges.iter().enumerate() {
        let below = edges.get(i + 1).copied();
        let inside = |r: &&Replay| of(r) >= from && below.is_none_or(|below| of(r) < below);
        let members: Vec<&Replay> = replays.iter().filter(inside).collect();
        if !members.is_empty() {
            let summary = ReplaySummary::of(members, bootstrap)?;
            groups.push(ReplayGroup { from, below, summary });
        }
    }
    Ok(groups)
}

/// Shares at [`SURVIVAL_STEPS`], as far as clips are long.
fn survival(replays: &[&Replay], bootstrap: &Bootstrap) -> Result<Vec<Together>, MetricError> {
    let ends: Vec<(usize, bool)> = replays.iter().map(|r| (r.horizon, r.parted)).collect();
    // A clip that parts after h steps was compared at step h + 1.
    let compared = |steps: usize| {
        replays
            .iter()
            .filter(|r| r.horizon + usize::from(r.parted) >= steps)
            .count()
    };
    let told = SURVIVAL_STEPS.into_iter().filter(|&steps| compared(steps) > 0);
    told.map(|steps| {
        let value = kaplan_meier(ends.clone(), steps);
        let draws = bootstrap.draws(&[ends.len()], |sets| {
            kaplan_meier(sets[0].iter().map(|&i| ends[i]).collect(), steps)
        })?;
        let [low, high] = bootstrap.bounds(&draws)?;
        Ok(Together {
            steps,
            clips: compared(steps),
            share: Estimate { value, low, high },
        })
    })
    .collect()
}

/// Π (1 − partings at step s / clips compared at step s) over the steps s up to `steps`.
fn kaplan_meier(mut ends: Vec<(usize, bool)>, steps: usize) -> f64 {
    ends.sort_unstable();
    let (mut share, mut at) = (1.0, 0);
    while at < ends.len() && ends[at].0 < steps {
        let horizon = ends[at].0;
        let same = ends[at..].iter().take_while(|e| e.0 == horizon).count();
        // Sorted: clips that end here come first, and were not compared at the step after.
        let parted = ends[at..at + same].iter().filter(|e| e.1).count();
        if parted > 0 {
            share *= 1.0 - parted as f64 / (ends.len() - at - (same - parted)) as f64;
        }
        at += same;
    }
    share
}

fn over_time(replays: &[&Replay]) -> Result<Vec<ErrorRow>, MetricError> {
    let longest = replays.iter().map(|r| r.path.len()).max().unwrap_or(0);
    let mut rows = Vec::new();
    for steps in (TIME_STEP..=longest).step_by(TIME_STEP) {
        let at = |of: fn(&Replay) -> &Vec<Option<f64>>| -> Vec<f64> {
            let errors = replays.iter().filter_map(|r| of(r).get(steps - 1));
            errors.copied().flatten().collect()
        };
        let (position, angle) = (at(|r| &r.position_error), at(|r| &r.angle_error));
        if !position.is_empty() {
            rows.push(ErrorRow {
                steps,
                clips: position.len(),
                position: quartiles(&position)?,
                angle: quartiles(&angle)?,
            });
        }
    }
    Ok(rows)
}

fn mean<'a>(values: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::kaplan_meier;

    #[test]
    fn survival_by_hand() {
        // One of four parts after 2 steps, one ends at 3, one of the two left parts after 5, one ends at 9.
        let ends = vec![(5, true), (2, true), (9, false), (3, false)];
        for (steps, expected) in [(2, 1.0), (3, 0.75), (5, 0.75), (6, 0.375), (9, 0.375)] {
            assert_eq!(kaplan_meier(ends.clone(), steps), expected, "{steps}");
        }
        // Of two with one horizon, the one that ended was not compared at the step after.
        assert_eq!(kaplan_meier(vec![(4, false), (4, true), (7, false)], 5), 0.5);
    }
}
