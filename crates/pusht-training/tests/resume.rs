//! A training run resumes only with its own settings, data and split.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::Tensor;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, TensorData};
use pusht_data::{Episode, Provenance, Split, SplitProtocol};
use pusht_env::{Frame, GOAL};
use pusht_jobs::JobContext;
use pusht_training::{TrainConfig, TrainData, TrainModel, TrainOutput, TrainSpec, TrainingError};
use serde::Serialize;
use training::{FitOptions, Objective, ObjectiveError, Step, fit, init_seeded};

/// Learns the next action from the current one, plus `offset` px.
#[derive(Clone, Serialize)]
struct NextAction {
    offset: f32,
    train: TrainConfig,
}

struct Loss<'a> {
    data: &'a TrainData<'a>,
    offset: f32,
}

impl Objective<Linear> for Loss<'_> {
    fn items(&self) -> usize {
        self.data.train().len()
    }

    fn loss(&self, model: &Linear, items: &[usize], _: Step) -> Result<Tensor<1>, ObjectiveError> {
        let rows = |ahead: usize, offset: f32| {
            let action = |&item: &usize| {
                let at = self.data.train()[item];
                let actions = &self.data.episodes()[at.episode].actions;
                actions[(at.row + ahead).min(actions.len() - 1)].map(|x| (x + offset) / 512.0)
            };
            let numbers: Vec<f32> = items.iter().flat_map(action).collect();
            Tensor::<2>::from_data(TensorData::new(numbers, [items.len(), 2]), &model.weight.device())
        };
        Ok((model.forward(rows(0, 0.0)) - rows(1, self.offset)).square().mean())
    }

    fn validate(&self, _: &Linear) -> Result<Option<f64>, ObjectiveError> {
        Ok(None)
    }
}

impl TrainModel for NextAction {
    type Model = Linear;
    type Error = TrainingError;

    fn label(&self) -> String {
        "next action".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.train
    }

    fn model_settings(&self) -> impl Serialize {
        self.offset
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Linear>, TrainingError> {
        let model = init_seeded(self.train.seed, device, |device| LinearConfig::new(2, 2).init(device));
        let loss = Loss {
            data,
            offset: self.offset,
        };
        let fitted = fit(model, &loss, &self.train, options)?;
        Ok(TrainOutput::new(fitted.last, fitted.curve))
    }
}

fn settings() -> NextAction {
    let train = TrainConfig {
        epochs: 2,
        batch_size: 10,
        ..TrainConfig::default()
    };
    NextAction { offset: 0.0, train }
}

fn episodes(shift: f32) -> Vec<Episode> {
    let episode = |index| Episode {
        frames: vec![Frame::new(2, 2); 10],
        actions: (0..10).map(|t| [100.0 + t as f32 + shift, 200.0]).collect(),
        states: None,
        goal: GOAL,
        provenance: Provenance {
            source: "made up".into(),
            index,
            seed: None,
            actions: "recorded".into(),
        },
    };
    (0..5).map(episode).collect()
}

fn split(seed: u64) -> Split {
    Split::new(&[10; 5], SplitProtocol::ByEpisode, 1, seed).unwrap()
}

fn error(spec: TrainSpec<'_, NextAction>) -> String {
    spec.run(&mut JobContext::silent()).unwrap_err().to_string()
}

#[test]
fn other_data_a_split_or_settings_are_refused_by_name() {
    let (own, other) = (episodes(0.0), episodes(1.0));
    let (split, folder) = (split(0), tempfile::tempdir().unwrap());
    let spec = |settings: NextAction| TrainSpec::new(settings).with_out(folder.path());
    let began = spec(settings()).with_split(&own, &split);
    let first = began.run(&mut JobContext::silent()).unwrap();
    // The same content resumes, wherever it is in memory.
    let again = spec(settings())
        .with_split(&episodes(0.0), &split)
        .run(&mut JobContext::silent());
    assert_eq!(again.unwrap().curve, first.curve);

    let text = error(spec(settings()).with_split(&other, &split));
    assert!(
        text.contains("SHA-256 of the episodes") && text.contains("belongs to another run"),
        "{text}"
    );
    let text = error(spec(settings()).with_split(&own, &self::split(1)));
    assert!(text.contains("SHA-256 of the split"), "{text}");
    let moved = NextAction {
        offset: 3.0,
        ..settings()
    };
    let text = error(spec(moved).with_split(&own, &split));
    assert!(text.contains("settings is 0.0 there, 3.0 here"), "{text}");
}

#[test]
fn checkpoints_of_before_are_refused_and_runs_with_a_key_resume() {
    let (own, other) = (episodes(0.0), episodes(1.0));
    let (split, folder) = (split(0), tempfile::tempdir().unwrap());
    let keyed = |episodes| {
        TrainSpec::new(settings())
            .with_split(episodes, &split)
            .with_out(folder.path())
    };
    // The same bytes as an earlier version with `with_identity`.
    let first = keyed(&own).with_key("1a2b").run(&mut JobContext::silent()).unwrap();
    assert!(!manifest(folder.path()).contains("\"inputs\": \""));
    let text = error(keyed(&own).with_identity("1a2b"));
    assert!(
        text.contains("does not record the data") && text.contains("manifest.json"),
        "{text}"
    );
    let again = keyed(&other).with_key("1a2b").run(&mut JobContext::silent()).unwrap();
    assert_eq!(again.curve, first.curve);
    assert!(error(keyed(&own).with_key("3c4d")).contains("belongs to another run"));
}

fn manifest(out: &Path) -> String {
    std::fs::read_to_string(out.join("checkpoints/step-00000006/manifest.json")).unwrap()
}

#[test]
fn no_data_and_no_devices_are_errors() {
    assert!(error(TrainSpec::new(settings())).contains("no training data"));
    let own = episodes(0.0);
    let spec = TrainSpec::new(settings()).with_validation(&own);
    assert!(error(spec).contains("no training data"));
    let spec = TrainSpec::new(settings()).with_train(&own).with_devices(Vec::new());
    assert!(error(spec).contains("list of devices is empty"));
}
