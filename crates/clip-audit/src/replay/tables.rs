//! Summaries of many replays, by path length of the T, by number of pushes, and for other goals.

use super::clusters::Clusters;
use super::survival::{SurvivalPoint, survival};
use super::{Replay, ReplayError};
use pusht_env::Pose;
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Estimate, MetricError, quartiles};

/// Lower bounds of the groups by number of pushes.
pub const PUSH_EDGES: [usize; 6] = [0, 1, 3, 5, 7, 10];

/// Lower bounds of the groups by length of the T's path, px.
pub const PATH_EDGES: [f64; 5] = [0.0, 100.0, 200.0, 300.0, 500.0];

/// Steps between rows of the errors over time.
const TIME_STEP: usize = 10;

/// Summary of a set of replays. Intervals are by bootstrap over the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplaySummary {
    /// Number of replays.
    pub replays: usize,
    /// Replays that diverge from their clip.
    #[serde(alias = "parted")]
    pub diverged: usize,
    /// Median steps of a replay.
    pub length: f64,
    /// Median steps to divergence. A clip that does not diverge counts with its length, so this is a lower bound if
    /// many do not.
    #[serde(alias = "horizon")]
    pub steps_to_divergence: Estimate,
    /// Median length of the T's path in the clip up to the divergence, px; a lower bound likewise.
    pub followed: Estimate,
    /// Share not diverged after a number of steps (Kaplan and Meier 1958; a clip that ends is censored).
    #[serde(alias = "together")]
    pub survival: Vec<SurvivalPoint>,
    /// Coverage of the clips' own goal at the end.
    pub coverage: CoverageRow,
    /// Median share of the clip's final T that the replay's T covers.
    pub own_goal: Estimate,
    /// Errors of the T's pose over time.
    pub over_time: Vec<ErrorRow>,
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

/// Errors at one step, over the clips that are long enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Steps from the start.
    pub steps: usize,
    /// Number of replays whose clip shows the T at this step.
    pub replays: usize,
    /// Quartiles (25 %, median, 75 %) of the agents' distance, px; `None` where no clip shows an agent there.
    pub agent: Option<[f64; 3]>,
    /// Quartiles (25 %, median, 75 %) of the origins' distance, px.
    pub position: [f64; 3],
    /// Quartiles (25 %, median, 75 %) of the angles' difference, rad.
    pub angle: [f64; 3],
}

/// A group of replays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayGroup {
    /// Lower bound of the group, inclusive.
    pub from: f64,
    /// Upper bound, exclusive; `None`: unbounded.
    pub below: Option<f64>,
    /// Summary of its replays.
    pub summary: ReplaySummary,
}

impl ReplaySummary {
    /// Summarizes replays.
    ///
    /// # Errors
    /// No replays; settings that give no interval.
    pub fn of<'a>(replays: impl IntoIterator<Item = &'a Replay>, bootstrap: &Bootstrap) -> Result<Self, ReplayError> {
        let replays: Vec<&Replay> = replays.into_iter().collect();
        let each = replays.iter().map(|_| 1);
        Self::clustered(&replays, &Clusters::new(each, bootstrap))
    }

    /// Summarizes replays from several starts of each clip ([`restarts`](super::restarts)): all replays have equal
    /// weight, and the bootstrap draws clips.
    ///
    /// # Errors
    /// As [`ReplaySummary::of`].
    pub fn of_restarts(clips: &[Vec<Replay>], bootstrap: &Bootstrap) -> Result<Self, ReplayError> {
        let replays: Vec<&Replay> = clips.iter().flatten().collect();
        Self::clustered(&replays, &Clusters::new(clips.iter().map(Vec::len), bootstrap))
    }

    fn clustered(replays: &[&Replay], clusters: &Clusters<'_>) -> Result<Self, ReplayError> {
        if replays.is_empty() {
            return Err(ReplayError::Empty);
        }
        let all = |of: fn(&Replay) -> f64| replays.iter().map(|r| of(r)).collect::<Vec<f64>>();
        Ok(Self {
            replays: replays.len(),
            diverged: replays.iter().filter(|r| r.diverged).count(),
            length: quartiles(&all(|r| r.path.len() as f64))?[1],
            steps_to_divergence: clusters.median(&all(|r| r.steps_to_divergence as f64))?,
            followed: clusters.median(&all(|r| r.followed.length))?,
            survival: survival(replays, clusters)?,
            coverage: coverage_row(replays, None, clusters)?,
            own_goal: clusters.median(&all(|r| r.end.with_own_goal().replay_coverage))?,
            over_time: over_time(replays)?,
        })
    }

    /// Summarizes groups by the number of pushes in the clip ([`PUSH_EDGES`]); groups without a clip are left out.
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

    /// Summarizes groups by the length of the T's path in the clip ([`PATH_EDGES`]); groups without a clip are left
    /// out.
    ///
    /// # Errors
    /// As [`ReplaySummary::of`].
    pub fn by_path(replays: &[Replay], bootstrap: &Bootstrap) -> Result<Vec<ReplayGroup>, ReplayError> {
        grouped(replays, &PATH_EDGES, |r| r.shown.length, bootstrap)
    }
}

impl CoverageRow {
    /// Final coverage of another goal pose than the clips' own.
    ///
    /// # Errors
    /// No replays; settings that give no interval.
    pub fn of(replays: &[Replay], goal: Pose, bootstrap: &Bootstrap) -> Result<Self, ReplayError> {
        let clusters = Clusters::new(replays.iter().map(|_| 1), bootstrap);
        let replays: Vec<&Replay> = replays.iter().collect();
        Ok(coverage_row(&replays, Some(goal), &clusters)?)
    }
}

fn coverage_row(replays: &[&Replay], goal: Option<Pose>, clusters: &Clusters<'_>) -> Result<CoverageRow, MetricError> {
    let ends = || replays.iter().map(|r| goal.map_or(r.end, |goal| r.end.with_goal(goal)));
    let errors: Vec<f64> = ends().map(|e| e.coverage_error()).collect();
    let count = replays.len() as f64;
    Ok(CoverageRow {
        goal,
        clip: ends().map(|e| e.clip_coverage).sum::<f64>() / count,
        replay: ends().map(|e| e.replay_coverage).sum::<f64>() / count,
        error: clusters.median(&errors)?,
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

fn over_time(replays: &[&Replay]) -> Result<Vec<ErrorRow>, MetricError> {
    let longest = replays.iter().map(|r| r.path.len()).max().unwrap_or(0);
    let mut rows = Vec::new();
    for steps in (TIME_STEP..=longest).step_by(TIME_STEP) {
        let at = |of: fn(&Replay) -> &Vec<Option<f64>>| -> Vec<f64> {
            let errors = replays.iter().filter_map(|r| of(r).get(steps - 1));
            errors.copied().flatten().collect()
        };
        let (position, angle) = (at(|r| &r.position_error), at(|r| &r.angle_error));
        let agent = at(|r| &r.agent_error);
        if !position.is_empty() {
            rows.push(ErrorRow {
                steps,
                replays: position.len(),
                agent: if agent.is_empty() {
                    None
                } else {
                    Some(quartiles(&agent)?)
                },
                position: quartiles(&position)?,
                angle: quartiles(&angle)?,
            });
        }
    }
    Ok(rows)
}
