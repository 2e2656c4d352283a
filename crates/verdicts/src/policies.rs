//! What policies make of the clips: the experiment's answer in short. The experiment itself is run elsewhere.

use eval::{Arm, Role, Verdict};
use serde::{Deserialize, Serialize};
use traj_metrics::Interval;

use crate::page::{escape, table};

/// An experiment whose arm `generated` was trained on the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policies {
    /// The experiment's own page, relative to the folder of the report.
    pub page: String,
    /// What must be known before anything else.
    pub warning: Option<String>,
    /// The answer.
    pub verdict: Verdict,
    /// All arms, floors and the ceiling included.
    pub arms: Vec<ArmScore>,
}

/// An arm of it. Intervals are over training seeds and starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmScore {
    /// Its name.
    pub name: String,
    /// What it is in a few words.
    pub what: String,
    /// What it is for.
    pub role: Role,
    /// Training frames; none of floors and the ceiling.
    pub frames: Option<usize>,
    /// Mean reward per step.
    pub mean_reward: Interval,
    /// Maximum reward of an episode.
    pub max_reward: Interval,
    /// Share of episodes solved.
    pub solved: Interval,
}

impl Policies {
    /// In short what an experiment says whose page lies at `page`.
    pub fn new(page: &str, warning: Option<String>, verdict: Verdict, arms: &[Arm]) -> Self {
        let arms = arms.iter().map(|arm| ArmScore {
            name: arm.name.clone(),
            what: arm.what.clone(),
            role: arm.role,
            frames: arm.data.as_ref().map(|data| data.frames),
            mean_reward: arm.mean_reward,
            max_reward: arm.max_reward,
            solved: arm.success,
        });
        Self {
            page: page.to_owned(),
            warning,
            verdict,
            arms: arms.collect(),
        }
    }

    /// The section of the page.
    pub(crate) fn html(&self) -> String {
        let comparisons: String = (self.verdict.comparisons())
            .map(|c| {
                format!(
                    "<tr><th scope=\"row\">{} against {}</th><td class=\"text\">{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n",
                    escape(&c.treatment),
                    escape(&c.control),
                    c.outcome.words(),
                    interval(c.difference, true),
                    escape(&c.reason)
                )
            })
            .collect();
        let arms: String = (self.arms.iter())
            .map(|arm| {
                let role = match arm.role {
                    Role::Trained => "",
                    Role::Floor => " (floor)",
                    Role::Ceiling => " (ceiling)",
                };
                let solved = Interval {
                    mean: 100.0 * arm.solved.mean,
                    low: 100.0 * arm.solved.low,
                    high: 100.0 * arm.solved.high,
                };
                format!(
                    "<tr><th scope=\"row\">{}{role}</th><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.0} [{:.0}, {:.0}]</td></tr>\n",
                    escape(&arm.name),
                    escape(&arm.what),
                    arm.frames.map_or("–".to_owned(), |frames| frames.to_string()),
                    interval(arm.mean_reward, false),
                    interval(arm.max_reward, false),
                    solved.mean,
                    solved.low,
                    solved.high
                )
            })
            .collect();
        let warning = self
            .warning
            .as_ref()
            .map_or_else(String::new, |w| format!("<p><b>{}</b></p>\n", escape(w)));
        format!(
            "<h2>Do they help a policy?</h2>\n{warning}<div class=\"answer\">{}</div>\n{}{}\
             <p class=\"soft\">Policies were trained alike on each arm's frames and rolled out from the same starts; 95 % \
             intervals over training seeds and starts. How, with curves and films: <a href=\"{page}\">{page}</a>.</p>\n",
            escape(&self.verdict.sentence()),
            table(
                &["comparison", "answer", "difference in mean reward a step", "because"],
                &comparisons
            ),
            table(
                &[
                    "arm",
                    "what it is",
                    "training frames",
                    "mean reward a step",
                    "maximum reward",
                    "solved, %"
                ],
                &arms
            ),
            page = escape(&self.page),
        )
    }
}

fn interval(i: Interval, signed: bool) -> String {
    let number = |x: f64| {
        let text = if signed { format!("{x:+.3}") } else { format!("{x:.3}") };
        text.replace('-', "−")
    };
    format!("{} [{}, {}]", number(i.mean), number(i.low), number(i.high))
}
