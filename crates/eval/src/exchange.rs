//! The exchange rate: how many real frames a generated one is worth.
//!
//! The curve of real data is the mean reward of `demo` and of `demo` plus more and more real frames, made monotone by
//! isotonic regression. A set of clips whose policies score as the curve does at k is worth k real frames a frame.

use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Bounds, Interval, MetricError};

use crate::arm_names::{CALIBRATION, DEMO, MARGIN, MIXED, POSITIVE_CONTROL};
use crate::{Arm, VerdictError};

/// What a set of clips is worth in real data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// More real data does not help by more than the margin, so there is nothing to measure with.
    Undefined,
    /// The policies score less than without the clips.
    Costs,
    /// The score lies on the curve of real data.
    Real,
    /// The policies score more than with the most real data that was tried.
    More,
}

/// A point of the curve of real data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The arm.
    pub arm: String,
    /// Real frames that it has beside the demonstrations, in units of the generated frames of the arm `mixed`.
    pub doses: f64,
    /// Its mean reward per step.
    pub reward: f64,
}

/// How many real frames one frame of a set of clips is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExchangeRate {
    /// Arm with the clips.
    pub treatment: String,
    /// The curve of real data, from `demo` on.
    pub curve: Vec<CurvePoint>,
    /// Mean reward per step of the arm minus that of `demo`.
    pub difference: f64,
    /// What the clips are worth.
    pub worth: Worth,
    /// Real frames a frame, with the interval over training seeds × starts; cut off at 0, where the clips cost, and at
    /// [`ExchangeRate::most`]. `None` if undefined.
    pub rate: Option<Interval>,
    /// The largest rate that the curve can show.
    pub most: f64,
}

impl ExchangeRate {
    /// The rate of the arm `treatment`; `None` if the arm, or a point of the curve beyond `demo`, is missing. The curve
    /// is refitted in each bootstrap draw over training seeds × starts.
    ///
    /// # Errors
    /// Arms whose rollouts differ in their starts.
    pub fn of(arms: &[Arm], treatment: &str, bootstrap: Bootstrap) -> Result<Option<Self>, VerdictError> {
        let find = |name: &str| arms.iter().find(|arm| arm.name == name);
        let frames = |arm: &Arm| arm.data.as_ref().map_or(0, |data| data.frames) as f64;
        let (Some(demo), Some(mixed), Some(treated)) = (find(DEMO), find(MIXED), find(treatment)) else {
            return Ok(None);
        };
        let (none, dose) = (frames(demo), frames(mixed) - frames(demo));
        let doses = |arm: &Arm| (frames(arm) - none) / dose;
        let mut points: Vec<&Arm> = arms
            .iter()
            .filter(|arm| arm.name.starts_with(POSITIVE_CONTROL) && arm.name != CALIBRATION && doses(arm) > 0.0)
            .collect();
        let own = doses(treated);
        if points.is_empty() || !(dose > 0.0 && own > 0.0) {
            return Ok(None);
        }
        points.insert(0, demo);
        points.sort_by(|a, b| doses(a).total_cmp(&doses(b)));
        // Two arms that exhausted the pool have the same frames.
        points.dedup_by(|a, b| doses(a) == doses(b));
        let all: Vec<&Arm> = points.iter().copied().chain([treated]).collect();
        if let Some(other) = all.iter().find(|arm| arm.starts() != demo.starts()) {
            return Err(VerdictError::starts(other, demo));
        }
        let at: Vec<f64> = points.iter().map(|arm| doses(arm)).collect();
        let tables: Vec<Vec<Vec<f64>>> = all.iter().map(|arm| arm.rewards()).collect();
        Self::measured(treatment, &points, &at, own, &tables, bootstrap)
            .map(Some)
            .map_err(|source| VerdictError::RolloutScores {
                treatment: treatment.to_owned(),
                control: DEMO.to_owned(),
                source,
            })
    }

    /// The last of the tables is the treatment's.
    fn measured(
        treatment: &str,
        points: &[&Arm],
        at: &[f64],
        own: f64,
        tables: &[Vec<Vec<f64>>],
        bootstrap: Bootstrap,
    ) -> Result<Self, MetricError> {
        let starts = tables[0].first().map_or(0, Vec::len);
        let mean = |table: &[Vec<f64>], rows: &[usize], columns: &[usize]| {
            let sum: f64 = rows
                .iter()
                .flat_map(|&r| columns.iter().map(move |&c| table[r][c]))
                .sum();
            sum / (rows.len() * columns.len()) as f64
        };
        let means = |sets: &[Vec<usize>]| -> Vec<f64> {
            let rows = tables.iter().zip(&sets[1..]);
            rows.map(|(table, rows)| mean(table, rows, &sets[0])).collect()
        };
        let counts: Vec<usize> = std::iter::once(starts).chain(tables.iter().map(Vec::len)).collect();
        let every: Vec<Vec<usize>> = counts.iter().map(|&n| (0..n).collect()).collect();
        let rewards = means(&every);
        let (score, curve) = rewards.split_last().ok_or(MetricError::Empty)?;
        let most = at.last().copied().unwrap_or(0.0) / own;
        let rate = |curve: &[f64], score: f64| inverse(at, &monotone(curve), score) / own;
        let undefined = curve[curve.len() - 1] - curve[0] <= MARGIN;
        let fitted = monotone(curve);
        let worth = match () {
            () if undefined => Worth::Undefined,
            () if *score < fitted[0] => Worth::Costs,
            () if *score > fitted[fitted.len() - 1] => Worth::More,
            () => Worth::Real,
        };
        let bounds = if undefined || counts.iter().all(|&n| n < 2) {
            None
        } else {
            let drawn = bootstrap.draws(&counts, |sets| {
                let drawn = means(sets);
                drawn.split_last().map_or(0.0, |(score, curve)| rate(curve, *score))
            })?;
            Some(bootstrap.bounds(&drawn)?)
        };
        let points = points.iter().zip(at).zip(curve);
        Ok(Self {
            treatment: treatment.to_owned(),
            difference: score - curve[0],
            worth,
            rate: (!undefined).then(|| Interval {
                mean: rate(curve, *score),
                bounds,
            }),
            most,
            curve: points
                .map(|((arm, &doses), &reward)| CurvePoint {
                    arm: arm.name.clone(),
                    doses,
                    reward,
                })
                .collect(),
        })
    }

    /// What one frame is worth, as in `0.62 real ones (95 % interval 0.10 to at least 2.0)`.
    pub fn words(&self) -> String {
        let Some(rate) = self.rate else {
            return "no known number of real ones: more real data does not help here, so there is nothing to measure with"
                .to_owned();
        };
        let number = |x: f64| match x {
            x if x >= self.most - 1e-9 => format!("at least {:.2}", self.most),
            x if x <= 1e-9 => "0".to_owned(),
            x => format!("{x:.2}"),
        };
        let interval = match rate.bounds {
            Some(Bounds { low, high }) => format!("95 % interval {} to {}", number(low), number(high)),
            None => "no interval from one rollout".to_owned(),
        };
        match self.worth {
            Worth::Costs => {
                let cost = -self.difference;
                format!("no real ones ({interval}): the clips cost {cost:.3} reward a step")
            }
            _ => format!("{} real ones ({interval})", number(rate.mean)),
        }
    }
}

/// Isotonic regression: the nondecreasing values nearest to `y`, all of equal weight (pool adjacent violators).
fn monotone(y: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(y.len());
    for &value in y {
        pools.push((value, 1));
        while let [.., (a, m), (b, n)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            pools.push(((a * m as f64 + b * n as f64) / (m + n) as f64, m + n));
        }
    }
    pools
        .into_iter()
        .flat_map(|(value, n)| std::iter::repeat_n(value, n))
        .collect()
}

/// The first x at which the polygon through (x, y), y nondecreasing, reaches `value`; the first or last x beyond it.
fn inverse(x: &[f64], y: &[f64], value: f64) -> f64 {
    let Some(after) = y.iter().position(|&y| y >= value) else {
        return x[x.len() - 1];
    };
    if after == 0 {
        return x[0];
    }
    let (from, to) = (after - 1, after);
    x[from] + (x[to] - x[from]) * (value - y[from]) / (y[to] - y[from])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EpisodeScores, Role, SeedResult, TrainingData};

    fn arm(name: &str, frames: usize, reward: f64) -> Arm {
        let rollouts = |seed: u64| {
            let score = |start: u64| {
                // Rows and columns differ, so that there is something to resample.
                let mean_reward = reward + 0.002 * seed as f64 + 0.003 * (start % 5) as f64 - 0.008;
                EpisodeScores {
                    start_seed: start,
                    steps: 200,
                    mean_reward,
                    mean_reward_executed: mean_reward,
                    max_reward: mean_reward,
                    max_coverage: 0.0,
                    final_coverage: 0.0,
                    solved_after: None,
                    pose_reached: false,
                    final_agent: [0.0; 2],
                    final_block: pusht_env::GOAL,
                }
            };
            SeedResult {
                seed,
                training: None,
                rollouts: (0..20).map(score).collect(),
            }
        };
        let data = TrainingData {
            episodes: 1,
            frames,
            labels: String::new(),
        };
        let seeds = (0..3).map(rollouts).collect();
        Arm::new(name, "", Role::Trained, Some(data), seeds, Bootstrap::default()).unwrap()
    }

    fn rate(mixed: f64, twice: f64) -> ExchangeRate {
        let arms = [
            arm("demo", 1000, 0.3),
            arm("mixed", 1500, mixed),
            arm("mixed-real", 1500, 0.4),
            arm("mixed-real-2", 2000, twice),
        ];
        ExchangeRate::of(&arms, "mixed", Bootstrap::default()).unwrap().unwrap()
    }

    #[test]
    fn a_score_on_the_curve_is_worth_its_place() {
        let half = rate(0.35, 0.5);
        assert_eq!(half.worth, Worth::Real);
        assert!((half.rate.unwrap().mean - 0.5).abs() < 1e-9 && half.most == 2.0);
        let bounds = half.rate.unwrap().bounds.unwrap();
        assert!(bounds.low > 0.4 && bounds.high < 0.6, "{bounds:?}");
        let more = rate(0.45, 0.5);
        assert!((more.rate.unwrap().mean - 1.5).abs() < 1e-9);
        // As good as real frames of the same number.
        assert!((rate(0.4, 0.5).rate.unwrap().mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn beyond_the_curve_there_is_a_bound_and_no_number() {
        let costs = rate(0.2, 0.5);
        assert_eq!((costs.worth, costs.rate.unwrap().mean), (Worth::Costs, 0.0));
        assert!(
            costs.words().starts_with("no real ones (95 % interval 0 to 0")
                && costs.words().ends_with("the clips cost 0.100 reward a step"),
            "{}",
            costs.words()
        );
        let more = rate(0.6, 0.5);
        assert_eq!(more.worth, Worth::More);
        assert!(more.words().starts_with("at least 2.00 real ones"), "{}", more.words());
    }

    #[test]
    fn where_real_data_does_not_help_there_is_no_rate() {
        let flat = rate(0.35, 0.31);
        assert_eq!((flat.worth, flat.rate), (Worth::Undefined, None));
    }

    #[test]
    fn a_curve_that_falls_is_pooled() {
        assert_eq!(monotone(&[1.0, 3.0, 2.0, 4.0]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(monotone(&[3.0, 2.0, 1.0]), [2.0; 3]);
        assert_eq!(inverse(&[0.0, 1.0, 2.0, 4.0], &[1.0, 2.5, 2.5, 4.0], 2.5), 1.0);
        assert_eq!(inverse(&[0.0, 1.0, 2.0, 4.0], &[1.0, 2.5, 2.5, 4.0], 3.25), 3.0);
        assert_eq!(inverse(&[0.0, 1.0], &[1.0, 1.0], 0.0), 0.0);
    }

    #[test]
    fn a_run_without_real_clips_has_no_rate() {
        let arms = [arm("demo", 1000, 0.3), arm("mixed", 1500, 0.4)];
        assert_eq!(ExchangeRate::of(&arms, "mixed", Bootstrap::default()).unwrap(), None);
    }
}
