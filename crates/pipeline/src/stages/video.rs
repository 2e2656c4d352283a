//! The video model, trained on the training part.

use eval::{LossPoint, ModelTraining};
use pusht_data::{Episode, FrameRef, Split};
use training::FitOptions;
use video_gen::ObjectLatentModel;

use super::demonstrations::Demonstrations;
use super::{Lab, failed};
use crate::PipelineError;
use crate::stage::{Stage, read_json, write_json};

pub(crate) struct TrainedVideo {
    pub(crate) name: String,
    pub(crate) model: ObjectLatentModel,
    pub(crate) training: ModelTraining,
    pub(crate) stage: Stage,
}

pub(crate) fn train(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    before: &Stage,
) -> Result<TrainedVideo, PipelineError> {
    let fail = failed("video model");
    let settings = lab.config.video.train.clone();
    let file = "model.safetensors";
    let stage = lab.stage("video-model", &(&settings, &before.hash), |lab, dir| {
        let own = |part: &[FrameRef]| -> Vec<&Episode> {
            Split::episodes_of(part)
                .into_iter()
                .map(|e| &demos.episodes[e])
                .collect()
        };
        let (train, valid) = (own(&split.train), own(&split.validation));
        let options = FitOptions {
            label: "train video model",
            identity: &before.hash,
            out: Some(dir),
            progress: &mut *lab.progress,
            stop: lab.stop.clone(),
            replicas: &[],
        };
        let started = std::time::Instant::now();
        let (model, curve) =
            ObjectLatentModel::train(&settings, &train, &valid, &lab.device, options).map_err(|e| fail(&e))?;
        model.save(&dir.join(file)).map_err(|e| fail(&e))?;
        let training = ModelTraining {
            name: "object-latent video model".to_owned(),
            loss: "flow matching, normalised latents".to_owned(),
            parameters: model.parameters(),
            curve: loss_points(&curve),
            seconds: started.elapsed().as_secs_f64(),
        };
        write_json(&dir.join("training.json"), &training)
    })?;
    let model = ObjectLatentModel::load(&stage.dir.join(file), &lab.device).map_err(|e| fail(&e))?;
    let training = read_json(&stage.dir.join("training.json"))?;
    let name = pusht_data::VideoModel::name(&model);
    Ok(TrainedVideo {
        name,
        model,
        training,
        stage,
    })
}

/// A curve of the harness as the report draws it: a validation loss goes to the training loss of the same step.
pub(super) fn loss_points(curve: &training::Curve) -> Vec<LossPoint> {
    let mut points: Vec<LossPoint> = Vec::new();
    for row in &curve.rows {
        match (row.train_loss, points.last_mut()) {
            (Some(train), _) => points.push(LossPoint {
                epoch: row.epoch,
                train,
                validation: row.valid_loss,
            }),
            (None, Some(last)) => last.validation = row.valid_loss.or(last.validation),
            (None, None) => {}
        }
    }
    points
}
