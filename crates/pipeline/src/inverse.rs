//! Inverse dynamics: the learned model is always trained; one of all kinds labels videos.

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use idm::{ClosedForm, LearnedConfig, LearnedIdm, Reduction};
use pusht_data::{InverseDynamics, Split};
use pusht_jobs::{Done, JobContext, Stage};
use pusht_training::TrainSpec;
use pusht_vision::InitialMotion;
use report::ModelTraining;
use serde::Serialize;

use crate::PipelineError;
use crate::config::Labeler;
use crate::curves::loss_points;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::former_names;

/// Stage that trains the learned model.
pub(crate) struct LearnInverse<'a> {
    pub(crate) settings: &'a LearnedConfig,
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Done<Split>,
    pub(crate) device: &'a Device,
}

/// The learned model.
pub(crate) struct Learned {
    pub(crate) model: LearnedIdm,
    pub(crate) training: ModelTraining,
}

/// Name in the report's table of trainings.
const NAME: &str = "learned inverse dynamics";
const LOSS: &str = "Charbonnier distance of actions and positions in half boards, and a small share of the negative log \
    likelihood of the errors, which can be negative (docs/idm.md)";
const VALIDATION: &str = "mean squared error of actions, half boards squared";

/// Sets what is measured in a report or a stage of an earlier version, which named the loss as the validation.
pub(crate) fn name_measures(training: ModelTraining) -> ModelTraining {
    if training.name != NAME {
        return training;
    }
    ModelTraining {
        loss: LOSS.to_owned(),
        validation: Some(VALIDATION.to_owned()),
        ..training
    }
}

const FILE: &str = "idm.safetensors";
const CURVE: &str = "training.json";

impl Stage for LearnInverse<'_> {
    type Output = Learned;
    type Error = PipelineError;

    fn name(&self) -> String {
        "inverse-dynamics".to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        (former_names::hashed(self.settings), &self.split.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let fail = failed("inverse dynamics");
        let spec = TrainSpec::new(self.settings.clone())
            .with_split(&self.demos.episodes, &self.split.output)
            .with_label("train inverse dynamics")
            .with_key(self.split.key.as_str())
            .with_device(self.device)
            .with_out(dir);
        let started = Instant::now();
        let trained = spec.run(ctx).map_err(|e| fail(&e))?;
        trained.model.save(&dir.join(FILE)).map_err(|e| fail(&e))?;
        let training = ModelTraining {
            name: NAME.to_owned(),
            loss: LOSS.to_owned(),
            validation: Some(VALIDATION.to_owned()),
            parameters: trained.model.parameters(),
            curve: loss_points(&trained.curve),
            seconds: started.elapsed().as_secs_f64(),
        };
        write_json(&dir.join(CURVE), &training)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Learned, PipelineError> {
        let model = LearnedIdm::load(&dir.join(FILE), self.device);
        Ok(Learned {
            model: model.map_err(|e| failed("inverse dynamics")(&e))?,
            training: name_measures(read_json(&dir.join(CURVE))?),
        })
    }
}

impl Learned {
    /// The inverse dynamics for clips, which start in motion.
    pub(crate) fn labeler(&self, kind: Labeler) -> Box<dyn InverseDynamics> {
        let learned = |reduction| Box::new(self.model.clone().with_reduction(reduction));
        match kind {
            Labeler::ClosedForm => Box::new(ClosedForm::new(InitialMotion::Moving)),
            Labeler::Learned => learned(None),
            Labeler::LearnedMean => learned(Some(Reduction::Mean)),
            Labeler::LearnedSum => learned(Some(Reduction::Sum)),
            Labeler::LearnedFirst => learned(Some(Reduction::First)),
        }
    }
}
