//! Errors of extracted actions.

use idm::{ClosedForm, LearnedIdm, Reduction, extraction_error};
use pusht_data::{Episode, FrameRef, InverseDynamics, Labels, Split, SplitProtocol};
use pusht_jobs::{JobContext, counted};
use pusht_vision::{InitialMotion, actions_from_track};
use report::{ExtractionRow, RowKind};
use traj_metrics::ActionMeasures;

use crate::PipelineError;
use crate::demonstrations::Demonstrations;
use crate::error::failed;

/// Agent positions of the tracked states.
pub(crate) fn agents(episode: &Episode) -> Vec<Option<[f64; 2]>> {
    episode.states.iter().flatten().map(|s| Some(s.agent)).collect()
}

/// L2 between extracted and recorded actions on the test part, for every kind of inverse dynamics and for baselines.
pub(crate) fn extraction_rows(
    demos: &Demonstrations,
    split: &Split,
    learned: &LearnedIdm,
    ctx: &mut JobContext,
) -> Result<Vec<ExtractionRow>, PipelineError> {
    let fail = failed("labels");
    let on = format!("test part, {}", split.protocol);
    let episodes = Split::episodes_of(&split.test);
    let mut rows = Vec::new();
    let mut measure = |name: &str, labels: &[(usize, Labels)]| -> Result<(), PipelineError> {
        let error = extraction_error(labels, &demos.episodes, &split.test).map_err(|e| fail(&e))?;
        rows.extend(error.map(|error| ExtractionRow {
            name: name.to_owned(),
            kind: RowKind::Measured,
            on: on.clone(),
            frames: error.actions,
            l2: error.l2_px,
        }));
        Ok(())
    };
    let closed = ClosedForm::new(InitialMotion::Rest);
    let smoothed = |&e: &usize| -> Result<_, PipelineError> {
        let labels = closed.label_track(&agents(&demos.episodes[e])).map_err(|e| fail(&e))?;
        Ok((e, labels))
    };
    let exact = |&e: &usize| -> Result<_, PipelineError> {
        let track: Vec<[f64; 2]> = agents(&demos.episodes[e]).into_iter().flatten().collect();
        let actions = actions_from_track(&track, InitialMotion::Rest).map_err(|e| fail(&e))?;
        Ok((e, Labels::new(0, actions)))
    };
    let all = |labels: Result<Vec<_>, PipelineError>| labels;
    measure("closed form, smoothed", &all(episodes.iter().map(smoothed).collect())?)?;
    measure("closed form, not smoothed", &all(episodes.iter().map(exact).collect())?)?;

    let kinds: Vec<LearnedIdm> = [None]
        .into_iter()
        .chain(Reduction::ALL.map(Some))
        .map(|reduction| learned.clone().with_reduction(reduction))
        .collect();
    let label = "learned inverse dynamics on the test part";
    let task = ctx.task(label, kinds.len() * episodes.len(), "episode");
    for kind in &kinds {
        let mut labels = Vec::new();
        for &e in &episodes {
            task.check()?;
            if demos.episodes[e].len() >= idm::WINDOW {
                labels.push((e, kind.label(&demos.episodes[e].frames).map_err(|e| fail(&e))?));
            }
            task.add(1);
        }
        measure(&kind.name(), &labels)?;
    }
    task.finish(&format!(
        "{}, each with {} reductions",
        counted(episodes.len(), "episode"),
        kinds.len()
    ));
    rows.extend(floors(demos, split, &on)?);
    Ok(rows)
}

/// Baselines: the agent's positions used as actions, and the mean of the actions.
fn floors(demos: &Demonstrations, split: &Split, on: &str) -> Result<Vec<ExtractionRow>, PipelineError> {
    let episodes = Split::episodes_of(&split.test);
    let part = |e: usize, of: &dyn Fn(&FrameRef) -> [f64; 2]| -> Vec<[f64; 2]> {
        split.test.iter().filter(|r| r.episode == e).map(of).collect()
    };
    let actions: Vec<_> = episodes
        .iter()
        .map(|&e| part(e, &|r| demos.episodes[e].actions[r.row].map(f64::from)))
        .filter(|a| a.len() >= 5)
        .collect();
    let positions: Option<Vec<_>> = episodes
        .iter()
        .filter(|&&e| split.test.iter().filter(|r| r.episode == e).count() >= 5)
        .map(|&e| {
            let states = demos.recorded[e].as_ref()?;
            Some(part(e, &|r| states[r.row].agent))
        })
        .collect();
    // A split by frame does not keep consecutive frames together.
    let positions = positions.filter(|_| split.protocol == SplitProtocol::ByEpisode);
    if actions.is_empty() {
        return Ok(Vec::new());
    }
    let measures = ActionMeasures::of(&actions, positions.as_deref(), split.seed).map_err(|e| failed("labels")(&e))?;
    Ok(ExtractionRow::floors(&measures, on))
}
