//! Inverse dynamics: the learned model is trained, every kind is measured on the test part, and the chosen one labels.

use eval::{ExtractionRow, ModelTraining, RowKind};
use idm::{ClosedForm, LearnedIdm, Reduction, extraction_error};
use pusht_data::{Episode, FrameRef, InverseDynamics, Labels, Split};
use pusht_env::Action;
use pusht_vision::Start;
use serde::{Deserialize, Serialize};
use training::FitOptions;
use traj_metrics::ActionMeasures;

use super::demonstrations::Demonstrations;
use super::video::loss_points;
use super::{Lab, failed};
use crate::PipelineError;
use crate::arms::Extracted;
use crate::config::Labeller;
use crate::stage::{Stage, read_json, write_json};

/// The learned model.
pub(crate) struct Learned {
    model: LearnedIdm,
    pub(crate) training: ModelTraining,
    pub(crate) stage: Stage,
}

impl Learned {
    /// The inverse dynamics for clips, which begin in the middle of a motion.
    pub(crate) fn labeller(&self, kind: Labeller) -> Box<dyn InverseDynamics> {
        let learned = |reduction| Box::new(self.model.clone().with_reduction(reduction));
        match kind {
            Labeller::ClosedForm => Box::new(ClosedForm::new(Start::Moving)),
            Labeller::Learned => learned(None),
            Labeller::LearnedMean => learned(Some(Reduction::Mean)),
            Labeller::LearnedSum => learned(Some(Reduction::Sum)),
            Labeller::LearnedFirst => learned(Some(Reduction::First)),
        }
    }
}

pub(crate) fn learn(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    before: &Stage,
) -> Result<Learned, PipelineError> {
    let fail = failed("inverse dynamics");
    let settings = lab.config.idm.learned.clone();
    let file = "idm.safetensors";
    let stage = lab.stage("inverse-dynamics", &(&settings, &before.hash), |lab, dir| {
        let options = FitOptions {
            label: "train inverse dynamics",
            identity: &before.hash,
            out: Some(dir),
            ctx: &mut *lab.ctx,
            replicas: &[],
        };
        let started = std::time::Instant::now();
        let trained =
            LearnedIdm::train(&settings, &demos.episodes, split, &lab.device, options).map_err(|e| fail(&e))?;
        trained.model.save(&dir.join(file)).map_err(|e| fail(&e))?;
        let training = ModelTraining {
            name: "learned inverse dynamics".to_owned(),
            loss: "mean squared error of actions, half boards squared".to_owned(),
            parameters: trained.model.parameters(),
            curve: loss_points(&trained.curve),
            seconds: started.elapsed().as_secs_f64(),
        };
        write_json(&dir.join("training.json"), &training)
    })?;
    let model = LearnedIdm::load(&stage.dir.join(file), &lab.device).map_err(|e| fail(&e))?;
    Ok(Learned {
        model,
        training: read_json(&stage.dir.join("training.json"))?,
        stage,
    })
}

/// Extracted actions of the demonstrations, and how far every kind of inverse dynamics is from the recorded ones.
#[derive(Serialize, Deserialize)]
struct Record {
    labels: String,
    starts: Vec<usize>,
    actions: Vec<Vec<Action>>,
    rows: Vec<ExtractionRow>,
}

pub(crate) struct Extraction {
    /// Name of the inverse dynamics that labels.
    pub(crate) labels: String,
    pub(crate) extracted: Vec<Extracted>,
    pub(crate) rows: Vec<ExtractionRow>,
    pub(crate) stage: Stage,
}

pub(crate) fn extract(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    learned: &Learned,
) -> Result<Extraction, PipelineError> {
    let fail = failed("labels");
    let kind = lab.config.idm.labels;
    let stage = lab.stage("labels", &(kind, &learned.stage.hash), |lab, dir| {
        let rest = ClosedForm::new(Start::Rest);
        let closed = |episode: &Episode| rest.label_track(&agents(episode)).map_err(|e| fail(&e));
        let chosen = learned.labeller(kind);
        let task = lab.ctx.task("label demonstrations", demos.episodes.len());
        let mut all = Vec::new();
        for (i, episode) in demos.episodes.iter().enumerate() {
            task.check().map_err(|e| fail(&e))?;
            all.push(match kind {
                // The track is there already.
                Labeller::ClosedForm => closed(episode)?,
                _ => chosen
                    .label(&episode.frames)
                    .map_err(|e| fail(&format!("demonstration {i}: {e}")))?,
            });
            task.advance_to(i + 1, "");
        }
        task.finish(&chosen.name());
        let rows = rows(lab, demos, split, learned)?;
        let record = Record {
            labels: chosen.name(),
            starts: all.iter().map(|l| l.start).collect(),
            actions: all.into_iter().map(|l| l.actions).collect(),
            rows,
        };
        write_json(&dir.join("labels.json"), &record)
    })?;
    let record: Record = read_json(&stage.dir.join("labels.json"))?;
    let extracted = demos
        .episodes
        .iter()
        .zip(record.starts.iter().zip(&record.actions))
        .map(|(episode, (&start, actions))| {
            Extracted::new(start, actions, episode.len()).ok_or_else(|| fail(&"a demonstration without labels"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Extraction {
        labels: record.labels,
        extracted,
        rows: record.rows,
        stage,
    })
}

/// Agent positions of the tracked states.
fn agents(episode: &Episode) -> Vec<Option<[f64; 2]>> {
    episode.states.iter().flatten().map(|s| Some(s.agent)).collect()
}

/// L2 between extracted and recorded actions on the test part, every kind beside the floors.
fn rows(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    learned: &Learned,
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
    let closed = ClosedForm::new(Start::Rest);
    let label = |e: usize| {
        closed
            .label_track(&agents(&demos.episodes[e]))
            .map(|l| (e, l))
            .map_err(|e| fail(&e))
    };
    measure(
        "closed form, smoothed",
        &episodes.iter().map(|&e| label(e)).collect::<Result<Vec<_>, _>>()?,
    )?;
    let exact = |e: usize| {
        let track: Vec<[f64; 2]> = agents(&demos.episodes[e]).into_iter().flatten().collect();
        let actions = pusht_vision::actions_from_track(&track, Start::Rest).map_err(|e| fail(&e))?;
        Ok::<_, PipelineError>((e, Labels::new(0, actions)))
    };
    measure(
        "closed form, not smoothed",
        &episodes.iter().map(|&e| exact(e)).collect::<Result<Vec<_>, _>>()?,
    )?;

    let kinds: Vec<LearnedIdm> = [None]
        .into_iter()
        .chain(Reduction::ALL.map(Some))
        .map(|reduction| learned.model.clone().with_reduction(reduction))
        .collect();
    let task = lab.ctx.task(
        "learned inverse dynamics on the test part",
        kinds.len() * episodes.len(),
    );
    for (i, kind) in kinds.iter().enumerate() {
        let mut labels = Vec::new();
        for (j, &e) in episodes.iter().enumerate() {
            task.check().map_err(|e| fail(&e))?;
            if demos.episodes[e].len() >= idm::WINDOW {
                labels.push((e, kind.label(&demos.episodes[e].frames).map_err(|e| fail(&e))?));
            }
            task.advance_to(i * episodes.len() + j + 1, "");
        }
        measure(&kind.name(), &labels)?;
    }
    task.finish("");

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
    // Single frames drawn by frame have no next position beside them.
    let positions = positions.filter(|_| split.protocol == pusht_data::SplitProtocol::ByEpisode);
    if !actions.is_empty() {
        let measures = ActionMeasures::of(&actions, positions.as_deref(), split.seed).map_err(|e| fail(&e))?;
        rows.extend(ExtractionRow::floors(&measures, &on));
    }
    Ok(rows)
}
