//! Assembly of the report from the results.

mod actions;
mod arms;
mod method;
mod notes;
mod record;
mod results;

use eval::Verdict;
use report::{ExperimentReport, REPORT_SCHEMA};

pub(crate) use results::{Circumstances, Played, Results, Trained, TrainedSeed};

use crate::error::failed;
use crate::{Config, PipelineError};

/// The report of a run.
pub(crate) fn report(
    config: &Config,
    mut results: Results,
    circumstances: Circumstances<'_>,
) -> Result<ExperimentReport, PipelineError> {
    let fail = failed("report");
    let arms = arms::arms(&results, config.rollout.steps)?;
    let other_policies = arms::other_policies(&results, config, &arms)?;
    let verdict = Verdict::of(&arms, results.source.generator.clone(), arms::bootstrap()).map_err(|e| fail(&e))?;
    let fit_floors = actions::fit_floors(&mut results.dataset);
    let actions = actions::action_rows(&mut results.dataset, &results.labels).map_err(|e| fail(&e))?;
    let method = method::method(config, &results);
    let notes = notes::notes(config, &results, &arms, &circumstances.other_build);
    Ok(ExperimentReport {
        schema: REPORT_SCHEMA,
        name: config.name.clone(),
        finished: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M").to_string(),
        warning: (config.name == "smoke")
            .then(|| "The preset smoke shows that every stage runs; its numbers mean nothing.".to_owned()),
        verdict,
        method,
        arms,
        other_policies,
        fit_floors,
        actions,
        extraction: results.extraction,
        clips: results.quality,
        new_starts: results.new_starts,
        other_generators: results.other_generators,
        models: results.models,
        pictures: results.pictures,
        notes,
        record: record::record(config, circumstances)?,
    })
}
