//! What the judge answered, alone and beside other scores.

use std::collections::BTreeMap;

use rating::{AuditScore, AuditScores, ScaleComparison, Scores, compare_scores};
use serde::{Deserialize, Serialize};
use traj_metrics::Bootstrap;

use crate::JudgeError;

/// Clips that are named beside a reason.
const NAMED: usize = 5;

/// The judge's answer on a clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeAnswer {
    /// The scores, on the scales of the raters.
    pub scores: Scores,
    /// The reason that it gives, in one line; may be empty.
    pub reason: String,
}

/// Tokens, as far as the endpoint states them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeUsage {
    /// Of the questions.
    pub prompt_tokens: u64,
    /// Of the answers.
    pub completion_tokens: u64,
}

impl JudgeUsage {
    pub(crate) fn add(&mut self, other: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// The result on one clip: an answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipJudgment {
    /// Name of the clip.
    pub name: String,
    /// The answer.
    pub answer: Option<JudgeAnswer>,
    /// Why there is none.
    pub error: Option<String>,
}

impl ClipJudgment {
    pub(crate) fn new(name: String, answer: Result<JudgeAnswer, String>) -> Self {
        let (answer, error) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        Self { name, answer, error }
    }
}

/// The results of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeResults {
    /// Name of the model.
    pub model: String,
    /// Address of the endpoint, without a query.
    pub endpoint: String,
    /// Largest number of frames of a clip that it was shown.
    pub frames: usize,
    /// Clips whose answer is from an earlier run.
    pub answered_before: usize,
    /// Requests of this run, repeated ones included.
    pub requests: usize,
    /// Tokens of this run.
    pub usage: JudgeUsage,
    /// All clips, in the job's order.
    pub clips: Vec<ClipJudgment>,
}

impl JudgeResults {
    /// The scores by clip name.
    pub fn scores(&self) -> AuditScores {
        let answers = self.clips.iter().filter_map(|clip| Some((clip, clip.answer.as_ref()?)));
        answers
            .map(|(clip, answer)| (clip.name.clone(), AuditScore::from(answer.scores)))
            .collect()
    }

    /// Says which clips have no scores and why, one line for each reason; names at most five of them.
    pub fn without_scores(&self) -> Vec<String> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for clip in &self.clips {
            if let Some(error) = &clip.error {
                reasons.entry(error).or_default().push(&clip.name);
            }
        }
        let line = |(reason, clips): (&str, Vec<&str>)| {
            let named = clips[..clips.len().min(NAMED)].join(", ");
            match clips.len().saturating_sub(NAMED) {
                0 => format!("{named}: {reason}"),
                more => format!("{named} and {more} more: {reason}"),
            }
        };
        reasons.into_iter().map(line).collect()
    }

    /// The results beside other scores of the same clips.
    ///
    /// # Errors
    /// Bootstrap settings that give no interval; a score that is not a finite number.
    pub fn report(self, others: Vec<OtherScores>, bootstrap: Bootstrap) -> Result<JudgeReport, JudgeError> {
        let own = self.scores();
        let compare = |other: &OtherScores| compare_scores(&own, &other.scores, bootstrap);
        Ok(JudgeReport {
            comparisons: others.iter().map(compare).collect::<Result<_, _>>()?,
            results: self,
            others,
            bootstrap,
        })
    }
}

/// Scores of the same clips by somebody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherScores {
    /// Who gave them: `rules`, `people`.
    pub name: String,
    /// The scores by clip name.
    pub scores: AuditScores,
}

/// The judge's results beside other scores; as text a few Markdown tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeReport {
    /// The results.
    pub results: JudgeResults,
    /// The other scores.
    pub others: Vec<OtherScores>,
    /// How the judge compares with each of them, scale by scale; empty for one that has no clip in common.
    pub comparisons: Vec<Vec<ScaleComparison>>,
    /// Settings of the intervals.
    pub bootstrap: Bootstrap,
}
