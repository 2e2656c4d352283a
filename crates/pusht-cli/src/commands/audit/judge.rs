//! `pusht audit --judge`: a model that sees scores the clips.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use clip_judge::{ClipToJudge, JudgeJob, JudgePlan, JudgeSettings, OtherScores};
use clip_review::{Judged, ReviewJob, Verdicts};
use pusht_jobs::{counted, write_json};
use rating::{AuditScore, AuditScores, Ratings};
use traj_metrics::Bootstrap;

use super::people::rule_scores;
use crate::session::Session;

/// The variable that holds the key, unless another is named.
const KEY_VARIABLE: &str = "PUSHT_JUDGE_KEY";

#[derive(Args)]
pub(crate) struct JudgeOptions {
    /// Let a model that sees score the clips on the raters' scales: address of a chat-completions endpoint, hosted or your
    /// own (http://localhost:8000/v1). Shows what would be sent, and asks before it sends anything
    #[arg(long, value_name = "URL", requires = "judge_model")]
    judge: Option<String>,
    /// With --judge: name of the model at the endpoint
    #[arg(long, value_name = "NAME", requires = "judge")]
    judge_model: Option<String>,
    /// With --judge: environment variable with the endpoint's key [default: PUSHT_JUDGE_KEY, if it is set]
    #[arg(long, value_name = "VARIABLE", requires = "judge")]
    judge_key: Option<String>,
    /// With --judge: largest number of frames of a clip that are sent, from 2 to 100
    #[arg(long, value_name = "N", default_value_t = 16, requires = "judge")]
    judge_frames: usize,
    /// With --judge: longest time for one answer, s
    #[arg(long, value_name = "SECONDS", default_value_t = 120, requires = "judge", value_parser = clap::value_parser!(u64).range(1..=3600))]
    judge_timeout: u64,
    /// With --judge: number of requests at the same time, from 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, requires = "judge")]
    judge_parallel: usize,
    /// With --judge: send without asking
    #[arg(long, requires = "judge")]
    yes: bool,
}

impl JudgeOptions {
    /// Reads the clips, says what would be sent, and asks; `None` without --judge.
    pub(super) fn plan(&self, review: &ReviewJob, session: &mut Session) -> Result<Option<Judging>> {
        let (Some(url), Some(model)) = (&self.judge, &self.judge_model) else {
            return Ok(None);
        };
        let clips = video_io::find_videos(&review.video)?.into_iter();
        let job = JudgeJob {
            clips: clips
                .map(|path| ClipToJudge {
                    name: review.name(&path),
                    path,
                })
                .collect(),
            fps: review.fps,
            settings: JudgeSettings {
                key: self.key()?,
                frames: self.judge_frames,
                timeout: Duration::from_secs(self.judge_timeout),
                parallel: self.judge_parallel,
                ..JudgeSettings::new(url, model)
            },
            journal: review.out.join("judge.jsonl"),
        };
        let plan = job.plan(&mut session.ctx)?;
        session.ctx.say(&plan.to_string());
        if plan.requests > 0 && !self.yes {
            confirm(&plan)?;
        }
        Ok(Some(Judging { job, plan }))
    }

    fn key(&self) -> Result<Option<String>> {
        let variable = self.judge_key.as_deref().unwrap_or(KEY_VARIABLE);
        match std::env::var(variable) {
            Ok(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
            Err(std::env::VarError::NotUnicode(_)) => {
                bail!("{variable}: its value is not text; expected the endpoint's key")
            }
            _ => {
                ensure!(
                    self.judge_key.is_none(),
                    "--judge-key {variable}: this environment variable is not set; expected the endpoint's key in it"
                );
                Ok(None)
            }
        }
    }
}

/// Asks whether to go on; without a terminal, --yes is needed.
fn confirm(plan: &JudgePlan) -> Result<()> {
    ensure!(
        std::io::stdin().is_terminal(),
        "--judge: nothing was sent: {plan}. Run the same command with --yes to send it"
    );
    let mut answer = String::new();
    eprint!("{plan}. Send? [y/N] ");
    std::io::stderr().flush()?;
    std::io::stdin().lock().read_line(&mut answer)?;
    ensure!(
        ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()),
        "--judge: nothing was sent"
    );
    Ok(())
}

/// A confirmed job.
pub(super) struct Judging {
    job: JudgeJob,
    plan: JudgePlan,
}

impl Judging {
    /// Asks the judge, and adds its scores beside those of the rules and of people to the verdicts; returns a line that
    /// says what came of it, and whether any clip has a score.
    pub(super) fn add(
        self,
        ratings: Option<&Ratings>,
        verdicts: &mut Verdicts,
        session: &mut Session,
    ) -> Result<(String, bool)> {
        let results = self.job.run(&self.plan, &mut session.ctx)?;
        let file = self.job.journal.with_file_name("judge-scores.json");
        let own = results.scores();
        write_json(&file, &own).with_context(|| file.display().to_string())?;
        let line = format!(
            "judge {}: {} of {} scored; {}",
            results.model,
            own.len(),
            counted(results.clips.len(), "clip"),
            counted(results.requests, "request")
        );
        let reasons = results.without_scores().into_iter();
        verdicts
            .notes
            .extend(reasons.map(|reason| format!("no score of the judge: {reason}")));
        let mut others = vec![OtherScores {
            name: "rules".to_owned(),
            scores: rule_scores(verdicts),
        }];
        if let Some(ratings) = ratings {
            others.push(OtherScores {
                name: "people".to_owned(),
                scores: people_scores(ratings)?,
            });
        }
        let report = results.report(others, Bootstrap::default())?;
        for (other, scales) in report.others.iter().zip(&report.comparisons) {
            if scales.is_empty() && !own.is_empty() {
                let name = &other.name;
                verdicts.notes.push(format!(
                    "no comparison of the judge with {name}: no clip has scores of both"
                ));
            }
        }
        verdicts.judged = Some(Judged {
            text: report.to_string(),
            report: serde_json::to_value(&report)?,
        });
        Ok((line, !own.is_empty()))
    }
}

/// Means of people's ratings by clip name.
fn people_scores(ratings: &Ratings) -> Result<AuditScores> {
    let report = ratings.report(None, Bootstrap::default())?;
    let of_clip = |clip: &rating::ClipReport| {
        let [adherence, responsibility, physics] = clip.means;
        let score = AuditScore {
            adherence,
            responsibility,
            physics,
        };
        (clip.name.clone(), score)
    };
    Ok(report.clips.iter().map(of_clip).collect())
}
