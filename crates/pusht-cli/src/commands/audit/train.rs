//! The experiment on the clips of an audit.

use anyhow::{Result, anyhow};
use clip_review::{Policies, Verdicts};
use pipeline::{Config, RunOptions};
use pusht_jobs::JobContext;

/// Runs or resumes the experiment and adds its result to the verdicts, or the reason why it failed. Returns the
/// comparisons, one per line.
pub(super) fn train(
    config: &Config,
    options: &RunOptions,
    verdicts: &mut Verdicts,
    ctx: &mut JobContext,
) -> Result<String> {
    let result = match verdicts.totals.frames.trusted {
        0 => Err(anyhow!("no action of these clips can be trusted")),
        _ => pipeline::run(config, options, ctx).map_err(Into::into),
    };
    let report = result.inspect_err(|error| {
        (verdicts.notes).push(format!("no policy was trained on these clips: {error}"));
    })?;
    let comparisons = report.verdict.comparisons().map(|c| format!("{c}\n"));
    let text = comparisons.collect();
    verdicts.policies = Some(Policies::new(
        "experiment/report.html",
        report.warning,
        report.verdict,
        &report.arms,
    ));
    Ok(text)
}
