//! Evaluation of inverse dynamics: errors, smoothness and coverage on the test part of a dataset, beside baselines.

use corruptions::Degradation;
use pusht_data::{Episode, IdmError, InverseDynamics, Labels, Split, SplitError, SplitProtocol};
use pusht_jobs::{Cancelled, JobContext};
use pusht_vision::{ActionSmoother, InitialMotion};
use serde::Serialize;
use traj_metrics::{ActionMeasures, MetricError, Point, to_points};
use video_io::VideoIoError;

use crate::{CHUNK_OFFSET, ClosedForm, ExtractionScore, LearnedIdm, Reduction};

/// Settings of an evaluation of inverse dynamics.
#[derive(Clone, Debug, Default)]
pub struct IdmEvaluation<'a> {
    /// A trained model, evaluated with each reduction of its chunks beside the closed form.
    pub learned: Option<&'a LearnedIdm>,
    /// Seed of the split by episode, as in the model's training, so that the test part was held out: [`Split::SEED`] if none
    /// was chosen there.
    pub seed: u64,
    /// Corruption of the test frames before labeling: resizing, encoding.
    pub corruption: Option<Degradation>,
}

/// Results on the test part of a dataset. `Display` formats a text table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IdmScores {
    /// Number of episodes in the test part.
    pub test_episodes: usize,
    /// One row per inverse dynamics and reduction.
    pub rows: Vec<ExtractionScore>,
    /// Measures of the recorded actions and of baselines.
    pub floors: ActionMeasures,
}

/// Labels by the index of their episode.
type EpisodeLabels = Vec<(usize, Labels)>;

impl IdmEvaluation<'_> {
    /// Labels the test part and compares the labels with the recorded actions.
    ///
    /// # Errors
    /// Fewer than three episodes, frames that cannot be labeled or encoded, episodes too short to be measured, or a
    /// cancelled job.
    pub fn run(&self, mut episodes: Vec<Episode>, ctx: &mut JobContext) -> Result<IdmScores, IdmEvaluationError> {
        let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
        let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, self.seed)?;
        let test = Split::episodes_of(&split.test);
        if let Some(corruption) = &self.corruption {
            let task = ctx.task("encode videos", test.len(), "video");
            for &index in &test {
                task.check()?;
                episodes[index].frames = corruption.apply(&episodes[index].frames, 0)?;
                task.add(1);
            }
            task.finish("done");
        }
        let (mut rows, mut labeled) = (Vec::new(), Vec::new());
        labeled.extend(closed_form(&episodes, &test)?);
        if let Some(model) = self.learned {
            labeled.extend(learned(model, &episodes, &test)?);
        }
        for (name, labels) in &labeled {
            rows.push(ExtractionScore::of(name, labels, &episodes, &split.test)?);
        }
        Ok(IdmScores {
            test_episodes: test.len(),
            rows,
            floors: floors(&episodes, &test, split.seed)?,
        })
    }
}

/// The closed form with its smoother, and as the exact inverse of the track.
fn closed_form(episodes: &[Episode], test: &[usize]) -> Result<Vec<(String, EpisodeLabels)>, IdmEvaluationError> {
    let smoothed = ClosedForm::new(InitialMotion::Rest);
    let unsmoothed = ClosedForm {
        // With almost no noise the smoother is the exact inverse.
        smoother: ActionSmoother {
            position_noise: Some(1e-3),
            pace_step: Some(100.0),
        },
        ..smoothed
    };
    // Its deviations are then meaningless.
    let plain = label(&unsmoothed, episodes, test)?
        .into_iter()
        .map(|(e, l)| (e, Labels::new(l.start, l.actions)));
    Ok(vec![
        ("closed form".to_owned(), label(&smoothed, episodes, test)?),
        ("closed form, not smoothed".to_owned(), plain.collect()),
    ])
}

/// The model without reduction, and with each reduction, once unchanged and once shifted to the window's first frame.
fn learned(
    model: &LearnedIdm,
    episodes: &[Episode],
    test: &[usize],
) -> Result<Vec<(String, EpisodeLabels)>, IdmEvaluationError> {
    let mut all = vec![("learned".to_owned(), label(model, episodes, test)?)];
    for reduction in Reduction::ALL {
        let reduced = model.clone().with_reduction(Some(reduction));
        let own = label(&reduced, episodes, test)?;
        let shifted = own.iter().map(|(e, l)| {
            let start = l.start - CHUNK_OFFSET;
            (*e, Labels { start, ..l.clone() })
        });
        let shifted: EpisodeLabels = shifted.collect();
        let name = reduced.name();
        all.push((name.clone(), own));
        all.push((format!("{name}, from the window's first frame"), shifted));
    }
    Ok(all)
}

fn label(idm: &dyn InverseDynamics, episodes: &[Episode], test: &[usize]) -> Result<EpisodeLabels, IdmEvaluationError> {
    let label = |&episode: &usize| {
        let labels = idm.label(&episodes[episode].frames);
        let labels = labels.map_err(|source| IdmEvaluationError::Label { episode, source });
        Ok((episode, labels?))
    };
    test.iter().map(label).collect()
}

fn floors(episodes: &[Episode], test: &[usize], seed: u64) -> Result<ActionMeasures, MetricError> {
    let actions: Vec<Vec<Point>> = test.iter().map(|&e| to_points(&episodes[e].actions)).collect();
    let positions: Option<Vec<Vec<Point>>> = test
        .iter()
        .map(|&e| Some(episodes[e].states.as_ref()?.iter().map(|s| s.agent).collect()))
        .collect();
    ActionMeasures::of(&actions, positions.as_deref(), seed)
}

/// Errors of evaluating inverse dynamics.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdmEvaluationError {
    /// There are too few episodes.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// An episode cannot be labeled.
    #[error("episode {episode}: {source}")]
    Label {
        /// Index of the episode.
        episode: usize,
        /// Error of the inverse dynamics.
        source: IdmError,
    },
    /// Frames cannot be encoded.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// Episodes cannot be measured.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_data::{SeededTrajectory, SimulatedSet, Simulation};

    #[test]
    fn the_closed_form_stands_beside_its_floors() {
        let mut ctx = JobContext::silent();
        let trajectories = (0..3).map(|seed| {
            let actions = (0..12).map(|t| [200.0 + 8.0 * t as f32, 150.0 + 10.0 * seed as f32]);
            SeededTrajectory::new(pusht_data::Start::Seed(seed), actions.collect())
        });
        let set = SimulatedSet::new("test", "made up", Simulation::DIFFUSION_POLICY, trajectories.collect()).unwrap();
        let episodes = set.episodes(0..3, &mut ctx).unwrap();
        let evaluation = IdmEvaluation::default();
        let scores = evaluation.run(episodes.clone(), &mut ctx).unwrap();
        let names: Vec<&str> = scores.rows.iter().map(|row| row.idm.as_str()).collect();
        assert_eq!(names, ["closed form", "closed form, not smoothed"]);
        assert_eq!(scores.test_episodes, 1);
        assert!(!scores.rows[0].coverage.is_empty() && scores.rows[1].coverage.is_empty());
        // On clean frames the error is well below that of the baselines.
        let error = scores.rows[0].error.unwrap();
        assert!(
            error.l2_px.mean < 0.5 * scores.floors.next_position.as_ref().unwrap().l2.mean,
            "{error:?}"
        );
        let text = scores.to_string();
        assert!(
            text.contains("floor: next position") && text.contains("paper: mean reduction"),
            "{text}"
        );
        let coded = IdmEvaluation {
            corruption: Some(Degradation::coded(96, 30)),
            ..evaluation
        };
        let worse = coded.run(episodes.clone(), &mut ctx).unwrap().rows[0].error.unwrap();
        assert_ne!(worse.l2_px, error.l2_px);
        let few = coded.run(episodes[..2].to_vec(), &mut ctx);
        assert!(matches!(few, Err(IdmEvaluationError::Split(_))));
    }
}
