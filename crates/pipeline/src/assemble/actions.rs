//! Measures of recorded and extracted actions, and predictions without a policy.

use std::ops::Range;

use bc_policy::regression_fit;
use pusht_data::FrameRef;
use report::{ActionRow, FitFloor};
use traj_metrics::{ActionMeasures, MetricError, to_points};

use crate::arms::{ArmDataset, DemoLabels};
use crate::policies::fit;

/// Seed of every bootstrap and of the white-noise baseline.
pub(super) const SEED: u64 = 0;

/// Smoothness and directness of recorded and extracted actions of the same demonstrations, of the clips, and of floors.
pub(super) fn action_rows(dataset: &mut ArmDataset, labels: &str) -> Result<Vec<ActionRow>, MetricError> {
    let (demos, all) = (dataset.demos, dataset.episodes.len());
    // The first action of an episode is an arbitrary mouse position; the paper's figures leave it out.
    let points = |actions: &[[f32; 2]]| to_points(&actions[1.min(actions.len())..]);
    let mut of = |labels: DemoLabels, range: Range<usize>| -> Vec<Vec<[f64; 2]>> {
        dataset.set_labels(labels);
        let actions = dataset.episodes[range].iter().map(|e| points(&e.actions));
        actions.filter(|a| a.len() >= 4).collect()
    };
    let recorded = of(DemoLabels::Recorded, 0..demos);
    let extracted = of(DemoLabels::Extracted, 0..demos);
    let generated = of(DemoLabels::Recorded, demos..all);
    let mut rows = vec![
        ActionRow::measured("demonstrations, recorded", &recorded)?,
        ActionRow::measured(&format!("demonstrations, {labels}"), &extracted)?,
        ActionRow::measured(&format!("generated clips, {labels}"), &generated)?,
    ];
    rows.extend(ActionRow::floors(&ActionMeasures::of(&recorded, None, SEED)?));
    Ok(rows)
}

/// Predictions without a policy, compared with the recorded actions of the test part.
pub(super) fn fit_floors(dataset: &mut ArmDataset) -> Vec<FitFloor> {
    dataset.set_labels(DemoLabels::Recorded);
    let (test, recorded) = dataset.recorded_test();
    let train = dataset.demonstrations().train;
    let episodes = &dataset.episodes;
    let mut mean = [0.0_f64; 2];
    for r in &train {
        let action = episodes[r.episode].actions[r.row];
        for k in 0..2 {
            mean[k] += f64::from(action[k]) / train.len() as f64;
        }
    }
    let agent = |r: &FrameRef| {
        let states = episodes[r.episode].states.as_ref()?;
        Some(states.get(r.row)?.agent.map(|x| x as f32))
    };
    let agents: Option<Vec<_>> = test.iter().map(agent).collect();
    let constant = Some(vec![mean.map(|x| x as f32); test.len()]);
    let floor = |name: &str, answers: Option<Vec<_>>| {
        Some(FitFloor {
            name: name.to_owned(),
            fit: fit(regression_fit(&answers?, &recorded)?),
        })
    };
    [
        floor("the agent's own position, tracked", agents),
        floor("the mean action of the training part", constant),
    ]
    .into_iter()
    .flatten()
    .collect()
}
