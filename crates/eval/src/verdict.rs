//! The verdict of an experiment: one of four outcomes for each of two comparisons, by a rule that was fixed beforehand.
//!
//! With Δ the difference of the mean reward per step (treatment minus control, paired by start) and its 95 % interval:
//!
//! 0. *uninformative* if an arm has one rollout of one seed, which has no interval;
//! 1. *uninformative* if the lower bound of arm `demo` is less than 0.05 above standing still: a policy that learns
//!    nothing from the best data cannot distinguish data;
//! 2. *no difference shown* if the interval lies within ±0.02 – and the control itself is at least 0.05 above
//!    standing still by its lower bound; if it is not, two policies at the floor are equal for no good reason, and the
//!    outcome is *uninformative*;
//! 3. *helps* if the interval lies above 0, *hurts* if it lies below 0;
//! 4. *uninformative* otherwise: the interval contains 0 and extends beyond the margin, so it is wider than the margin.
//!
//! Two controls stand above it, where the experiment has their arms. If `mixed-crossfade` helps, everything said of
//! generated data is *invalid*. Otherwise, if `mixed-real` does not help, adding is *uninformative*: as much real data
//! does not help here either.

use crate::arm_names::{CALIBRATION, DEMO, MARGIN, MIXED, NEGATIVE_CONTROL, POSITIVE_CONTROL};
use crate::verdict_error::{VerdictError, first_difference};
use crate::{Arm, ExchangeRate};
use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Bounds, Interval};

/// Smallest distance of a control above standing still, in reward per step.
pub const ABOVE_FLOOR: f64 = 0.05;

/// Outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The treatment scores higher.
    Helps,
    /// The treatment scores lower.
    Hurts,
    /// The difference lies within the margin.
    NoDifference,
    /// The experiment allows no conclusion.
    Uninformative,
    /// A control failed: the experiment measures something else.
    Invalid,
}

impl Outcome {
    /// Text of the outcome in reports.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Helps => "helps",
            Self::Hurts => "hurts",
            Self::NoDifference => "no difference shown",
            Self::Uninformative => "uninformative",
            Self::Invalid => "invalid",
        }
    }
}

/// Kind of video generator, which decides how the sentence names its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorKind {
    /// Generates poses, decoded by the renderer: shapes cannot morph.
    ObjectLatent,
    /// Generates pixels.
    Pixel,
    /// Clips of unknown origin.
    Unknown,
}

/// The generator, as the verdict's sentence names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// Kind of its output.
    pub kind: GeneratorKind,
}

impl Generator {
    /// Noun phrase for the sentence: only a pixel model makes "generated video". A name that already contains the
    /// phrase does not repeat it.
    pub fn phrase(&self) -> String {
        let noun = match self.kind {
            GeneratorKind::ObjectLatent => "object-latent trajectories (not pixels)",
            GeneratorKind::Pixel => "generated video",
            GeneratorKind::Unknown => return self.name.clone(),
        };
        if self.name.contains(noun) {
            self.name.clone()
        } else {
            format!("{noun} from {}", self.name)
        }
    }
}

/// Comparison of two arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Arm with generated data.
    pub treatment: String,
    /// Arm without.
    pub control: String,
    /// Mean reward per step, treatment minus control, paired by start.
    pub difference: Interval,
    /// Outcome of the rule.
    pub outcome: Outcome,
    /// Reason for the outcome, one clause.
    pub reason: String,
}

impl std::fmt::Display for Comparison {
    /// Formats one line, e.g. `mixed against demo: hurts, −0.067 reward a step [−0.105, −0.030]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = |x: f64| format!("{x:+.3}").replace('-', "−");
        let Interval { mean, bounds } = self.difference;
        let bounds = bounds.map(|Bounds { low, high }| format!("{}, {}", number(low), number(high)));
        write!(
            f,
            "{} against {}: {}, {} reward a step [{}]",
            self.treatment,
            self.control,
            self.outcome.words(),
            number(mean),
            bounds.as_deref().unwrap_or("no interval")
        )
    }
}

impl Comparison {
    /// Whether the treatment scores higher, by the lower bound of the interval.
    fn is_above(&self) -> bool {
        self.difference.bounds.is_some_and(|bounds| bounds.low > 0.0)
    }

    fn after_positive(&mut self, control: &Self) {
        if !control.is_above() {
            self.outcome = Outcome::Uninformative;
            self.reason = format!("as many real frames do not help here either: {control}");
        }
    }

    fn after_negative(&mut self, control: &Self) {
        if control.is_above() {
            self.outcome = Outcome::Invalid;
            self.reason = format!("cross-fades help, too, so the reward measures something else: {control}");
        }
    }
}

/// The verdict of an experiment, with all numbers of its sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The generator under test.
    pub generator: Generator,
    /// Whether adding generated data to the demonstrations helps: `mixed` compared with `demo`.
    pub added: Comparison,
    /// Whether generated data can replace demonstrations: `generated` compared with `demo-matched`.
    pub replacing: Comparison,
    /// Whether extracting the actions from the frames matters: `idm` compared with `demo`; `None` without that arm.
    #[serde(default)]
    pub extracted: Option<Comparison>,
    /// The positive control, `mixed-real` compared with `demo`; `None` without that arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<Comparison>,
    /// The negative control, `mixed-crossfade` compared with `demo`; `None` without that arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<Comparison>,
    /// What a generated frame is worth in real ones; `None` without arms with real clips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRate>,
    /// The same of other real clips, which must come out at 1; `None` without that arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<ExchangeRate>,
    /// Mean reward per step of arm `demo`.
    pub demo: Interval,
    /// Mean reward per step of standing still on the same starts.
    pub standing_still: f64,
    /// [`MARGIN`] at the time of writing.
    pub margin: f64,
    /// [`ABOVE_FLOOR`] at the time of writing.
    pub above_floor: f64,
}

impl Verdict {
    /// The comparisons, in the order of a report.
    pub fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        [&self.added, &self.replacing]
            .into_iter()
            .chain(&self.extracted)
            .chain(self.controls())
    }

    /// The controls, where the experiment has them: the positive and the negative one.
    pub fn controls(&self) -> impl Iterator<Item = &Comparison> {
        self.positive.iter().chain(&self.negative)
    }

    /// The verdict of the arms `demo`, `demo-matched`, `generated`, `mixed`, optionally `idm`, and the floor `still`;
    /// the intervals are bootstrapped over seeds × starts, paired by start.
    ///
    /// # Errors
    /// An arm that is missing or whose rollouts start differently from those of the others.
    pub fn of(arms: &[Arm], generator: Generator, bootstrap: Bootstrap) -> Result<Self, VerdictError> {
        let find = |name: &str| {
            arms.iter()
                .find(|a| a.name == name)
                .ok_or_else(|| VerdictError::Missing {
                    arm: name.to_owned(),
                    found: arms.iter().map(|a| a.name.clone()).collect::<Vec<_>>().join(", "),
                })
        };
        let (demo, still) = (find(DEMO)?, find("still")?.mean_reward.mean);
        let compare = |treatment: &str, control: &str| -> Result<Comparison, VerdictError> {
            let (t, c) = (find(treatment)?, find(control)?);
            if let Some(episode) = first_difference(&t.starts(), &c.starts()) {
                return Err(VerdictError::Starts {
                    treatment: treatment.to_owned(),
                    control: control.to_owned(),
                    episode,
                });
            }
            let difference = bootstrap
                .two_level_difference(&t.rewards(), &c.rewards())
                .map_err(|source| VerdictError::RolloutScores {
                    treatment: treatment.to_owned(),
                    control: control.to_owned(),
                    source,
                })?;
            let (outcome, reason) = judge(difference, c.mean_reward, demo.mean_reward, still);
            Ok(Comparison {
                treatment: treatment.to_owned(),
                control: control.to_owned(),
                difference,
                outcome,
                reason,
            })
        };
        let against_demo = |name: &str| find(name).is_ok().then(|| compare(name, DEMO)).transpose();
        let (positive, negative) = (against_demo(POSITIVE_CONTROL)?, against_demo(NEGATIVE_CONTROL)?);
        let mut added = compare(MIXED, DEMO)?;
        let mut replacing = compare("generated", "demo-matched")?;
        if let Some(positive) = &positive {
            added.after_positive(positive);
        }
        if let Some(negative) = &negative {
            added.after_negative(negative);
            replacing.after_negative(negative);
        }
        Ok(Self {
            added,
            replacing,
            extracted: against_demo("idm")?,
            exchange: ExchangeRate::of(arms, MIXED, bootstrap)?,
            calibration: ExchangeRate::of(arms, CALIBRATION, bootstrap)?,
            positive,
            negative,
            demo: demo.mean_reward,
            standing_still: still,
            generator,
            margin: MARGIN,
            above_floor: ABOVE_FLOOR,
        })
    }

    /// The verdict in one sentence, which names the generator and its numbers.
    pub fn sentence(&self) -> String {
        let clause = |c: &Comparison, doing: &str| {
            let number = |x: f64| format!("{x:+.3}").replace('-', "−");
            let interval = match c.difference.bounds {
                Some(Bounds { low, high }) => format!("95 % interval {} to {}", number(low), number(high)),
                None => "no interval from one rollout".to_owned(),
            };
            let mean = number(c.difference.mean);
            let numbers = format!(
                "{} against {}: {mean} reward a step, {interval}",
                c.treatment, c.control
            );
            match c.outcome {
                Outcome::Helps => format!("{doing} helps ({numbers})"),
                Outcome::Hurts => format!("{doing} hurts ({numbers})"),
                Outcome::NoDifference => format!("{doing} shows no difference ({numbers})"),
                Outcome::Uninformative => {
                    format!(
                        "the experiment is uninformative about {doing} ({numbers}; {})",
                        c.reason
                    )
                }
                Outcome::Invalid => format!("the run is invalid for {doing} ({numbers}; {})", c.reason),
            }
        };
        let worth = match &self.exchange {
            Some(exchange) => format!("one generated frame is worth {}; ", exchange.words()),
            None => String::new(),
        };
        format!(
            "With {}, {worth}{}, and {}.",
            self.generator.phrase(),
            clause(&self.added, "adding these data to the demonstrations"),
            clause(
                &self.replacing,
                "training on them in place of as many demonstration frames"
            ),
        )
    }
}

/// The steps of the rule, in order.
fn judge(difference: Interval, control: Interval, demo: Interval, still: f64) -> (Outcome, String) {
    let (Some(difference), Some(control), Some(demo)) = (difference.bounds, control.bounds, demo.bounds) else {
        let reason = "one rollout has no interval: more seeds or episodes are needed".to_owned();
        return (Outcome::Uninformative, reason);
    };
    if demo.low < still + ABOVE_FLOOR {
        let reason = format!(
            "the lower bound of demo, {:.3}, is not {ABOVE_FLOOR} above standing still, {still:.3}",
            demo.low
        );
        return (Outcome::Uninformative, reason);
    }
    if -MARGIN <= difference.low && difference.high <= MARGIN {
        if control.low < still + ABOVE_FLOOR {
            let reason = format!(
                "the difference is small, but the lower bound of the control, {:.3}, is not {ABOVE_FLOOR} above \
                 standing still, {still:.3}",
                control.low
            );
            return (Outcome::Uninformative, reason);
        }
        return (Outcome::NoDifference, format!("the interval lies within ±{MARGIN}"));
    }
    if difference.low > 0.0 {
        (Outcome::Helps, "the interval lies above 0".to_owned())
    } else if difference.high < 0.0 {
        (Outcome::Hurts, "the interval lies below 0".to_owned())
    } else {
        (
            Outcome::Uninformative,
            format!("the interval holds 0 and reaches beyond ±{MARGIN}: more seeds or episodes are needed"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: f64 = 0.071;
    const DEMO: Interval = interval(0.25, 0.35);

    const fn interval(low: f64, high: f64) -> Interval {
        Interval::new((low + high) / 2.0, low, high)
    }

    fn outcome(low: f64, high: f64) -> Outcome {
        judge(interval(low, high), DEMO, DEMO, STILL).0
    }

    #[test]
    fn each_outcome_has_its_interval() {
        assert_eq!(outcome(0.01, 0.05), Outcome::Helps);
        assert_eq!(outcome(-0.05, -0.01), Outcome::Hurts);
        assert_eq!(outcome(-0.02, 0.02), Outcome::NoDifference);
        assert_eq!(outcome(0.005, 0.015), Outcome::NoDifference);
        assert_eq!(outcome(-0.01, 0.03), Outcome::Uninformative);
        assert_eq!(outcome(-0.2, 0.2), Outcome::Uninformative);
    }

    #[test]
    fn a_comparison_is_one_line() {
        let comparison = Comparison {
            treatment: "mixed".into(),
            control: "demo".into(),
            difference: Interval::new(-0.067, -0.105, 0.0304),
            outcome: Outcome::Hurts,
            reason: String::new(),
        };
        let line = "mixed against demo: hurts, −0.067 reward a step [−0.105, +0.030]";
        assert_eq!(comparison.to_string(), line);
        let one = Comparison {
            difference: Interval {
                mean: -0.067,
                bounds: None,
            },
            ..comparison
        };
        let line = "mixed against demo: hurts, −0.067 reward a step [no interval]";
        assert_eq!(one.to_string(), line);
    }

    #[test]
    fn controls_stand_above_the_rule() {
        let comparison = |low, high| Comparison {
            treatment: "mixed".into(),
            control: "demo".into(),
            difference: interval(low, high),
            outcome: outcome(low, high),
            reason: String::new(),
        };
        let (helps, open) = (comparison(0.01, 0.05), comparison(-0.01, 0.05));
        let mut added = helps.clone();
        added.after_positive(&helps);
        added.after_negative(&open);
        assert_eq!(added, helps);
        added.after_positive(&open);
        assert_eq!(added.outcome, Outcome::Uninformative);
        assert!(added.reason.contains("do not help here either"), "{}", added.reason);
        added.after_negative(&helps);
        assert_eq!(added.outcome, Outcome::Invalid);
    }

    #[test]
    fn one_roll_out_tells_nothing() {
        let one = Interval {
            mean: 0.3,
            bounds: None,
        };
        for (difference, control, demo) in [(one, DEMO, DEMO), (DEMO, one, DEMO), (DEMO, DEMO, one)] {
            let (outcome, reason) = judge(difference, control, demo, STILL);
            assert_eq!(outcome, Outcome::Uninformative);
            assert!(reason.contains("one rollout"), "{reason}");
        }
    }

    #[test]
    fn a_demo_arm_on_the_floor_tells_nothing() {
        let low = interval(0.12, 0.18);
        assert_eq!(judge(interval(0.1, 0.3), low, low, STILL).0, Outcome::Uninformative);
    }

    #[test]
    fn two_policies_on_the_floor_are_not_called_alike() {
        let floor = interval(0.06, 0.10);
        let same = interval(-0.01, 0.01);
        assert_eq!(judge(same, floor, DEMO, STILL).0, Outcome::Uninformative);
        // but a treatment above the floor helps
        assert_eq!(judge(interval(0.05, 0.15), floor, DEMO, STILL).0, Outcome::Helps);
    }
}
