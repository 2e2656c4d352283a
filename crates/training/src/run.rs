//! The state of a run between updates, and the steps that change it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::AdamWConfig;

use crate::checkpoint::{Best, Checkpoints, Manifest};
use crate::curve::CurveRow;
use crate::finite::{first_not_finite, first_trained_not_finite};
use crate::fitted::FitOutput;
use crate::identity::RunIdentity;
use crate::replica::{Part, Replica};
use crate::team::Team;
use crate::{Curve, Ema, EventWriter, Objective, Step, TrainConfig, TrainingError};
use nn_kit::mix_seed;

/// Longest time that a killed run loses, besides the current step.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(600);

/// Everything that an update reads or changes.
pub(crate) struct Run<M> {
    pub(crate) replica: Replica<M>,
    ema: Option<Ema<M>>,
    best_model: M,
    best: Option<Best>,
    /// Number of updates done.
    pub(crate) step: usize,
    /// Number of epochs finished.
    epoch: usize,
    curve: Curve,
    /// Losses since the last row of the curve that were restored or read from the device.
    read: Vec<f64>,
    /// Losses since then that are still on the device.
    losses: Vec<Tensor<1>>,
    disk: Option<Disk>,
    /// Whether checkpoints contain the trained parameters only.
    trained_only: bool,
}

/// The run's files.
struct Disk {
    checkpoints: Checkpoints,
    events: EventWriter,
    out: PathBuf,
    saved_step: usize,
    saved_at: Instant,
}

impl<M: Module> Run<M> {
    /// Starts from the last checkpoint under `out`, or from the beginning.
    pub(crate) fn start(
        model: M,
        config: &TrainConfig,
        identity: RunIdentity,
        out: Option<&Path>,
        trained_only: bool,
    ) -> Result<Self, TrainingError> {
        let optimizer = AdamWConfig::new()
            .with_epsilon(1e-8)
            .with_weight_decay(config.weight_decay)
            .init();
        let mut run = Self {
            best_model: model.valid(),
            ema: config.ema_decay.map(|decay| Ema::new(&model, decay)),
            replica: Replica::new(model.train(), optimizer.clone(), config.clip_norm, config.precision),
            best: None,
            step: 0,
            epoch: 0,
            curve: Curve::default(),
            read: Vec::new(),
            losses: Vec::new(),
            disk: None,
            trained_only,
        };
        let Some(out) = out else {
            return Ok(run);
        };
        let checkpoints = Checkpoints::open(out, identity, config.keep_last)?;
        if let Some(found) = checkpoints.load(&run.best_model, optimizer, config.ema_decay, trained_only)? {
            run.replica.model = found.model.train();
            run.replica.optimizer = found.optimizer;
            run.ema = found.ema;
            run.best_model = found.best.unwrap_or(run.best_model);
            run.best = found.manifest.best;
            run.step = found.manifest.step;
            run.epoch = found.manifest.epoch;
            run.curve = found.manifest.curve;
            run.read = found.manifest.losses;
        }
        // Records of the checkpoint's own step are kept.
        let first = if run.step == 0 { 0 } else { run.step + 1 };
        run.disk = Some(Disk {
            checkpoints,
            events: EventWriter::create(&out.join("tensorboard"), first)?,
            out: out.to_path_buf(),
            saved_step: run.step,
            saved_at: Instant::now(),
        });
        Ok(run)
    }

    /// Updates once with a batch: its parts one after the other, each over all devices in parallel.
    pub(crate) fn update(
        &mut self,
        team: &Team,
        objective: &impl Objective<M>,
        items: &[usize],
        config: &TrainConfig,
        rate: f64,
        progress: f64,
    ) -> Result<(), TrainingError> {
        let failed = |step: usize| {
            move |source| TrainingError::Objective {
                at: format!("training step {step}"),
                source,
            }
        };
        let step_seed = mix_seed(config.seed, (1 << 40) + self.step as u64);
        let mut mean: Option<Tensor<1>> = None;
        let mut number = 0;
        for part in parts(items, config.accumulate) {
            let side_by_side: Vec<Part> = parts(part, team.len())
                .map(|piece| {
                    // The first part of a batch uses the same seed as the whole batch would.
                    let seed = if number == 0 {
                        step_seed
                    } else {
                        mix_seed(step_seed, number)
                    };
                    number += 1;
                    Part {
                        items: piece.to_vec(),
                        step: Step { seed, progress },
                        weight: part.len() as f64 / items.len() as f64,
                    }
                })
                .collect();
            let value = team
                .gradients(&mut self.replica, objective, &side_by_side)
                .map_err(failed(self.step))?;
            mean = Some(match mean {
                Some(mean) => mean + value,
                None => value,
            });
        }
        self.losses.extend(mean);
        team.step(&mut self.replica, rate).map_err(failed(self.step))?;
        if let Some(ema) = &mut self.ema {
            ema.update(&self.replica.model);
        }
        self.step += 1;
        Ok(())
    }

    /// Records the mean of the losses since the last row.
    pub(crate) fn record(&mut self, epoch_steps: usize, rate: f64) -> Result<f64, TrainingError> {
        self.read_losses()?;
        let losses = std::mem::take(&mut self.read);
        let loss = losses.iter().sum::<f64>() / losses.len() as f64;
        self.curve.rows.push(CurveRow {
            step: self.step,
            epoch: self.step as f64 / epoch_steps as f64,
            train_loss: Some(loss),
            learning_rate: Some(rate),
            valid_loss: None,
        });
        if let Some(disk) = &mut self.disk {
            disk.events.scalar("loss/train", self.step, loss)?;
            disk.events.scalar("learning_rate", self.step, rate)?;
            disk.events.flush()?;
        }
        Ok(loss)
    }

    /// Reads the losses back from the device.
    fn read_losses(&mut self) -> Result<(), TrainingError> {
        if self.losses.is_empty() {
            return Ok(());
        }
        let values = Tensor::cat(std::mem::take(&mut self.losses), 0)
            .try_into_vec_as::<f32>()
            .map_err(|source| TrainingError::Objective {
                at: format!("reading the loss of step {}", self.step),
                source: source.to_string().into(),
            })?;
        self.read.extend(values.into_iter().map(f64::from));
        match self.read.iter().find(|loss| !loss.is_finite()) {
            Some(loss) => Err(self.diverged(format!("the loss is {loss}"))),
            None => Ok(()),
        }
    }

    /// Validates, and keeps the model if it is the best.
    pub(crate) fn finish_epoch(
        &mut self,
        objective: &impl Objective<M>,
        patience: Option<usize>,
    ) -> Result<(), TrainingError> {
        self.epoch += 1;
        let current = self.current();
        let valid = objective
            .validate(&current)
            .map_err(|source| TrainingError::Objective {
                at: format!("validation after epoch {}", self.epoch),
                source,
            })?;
        let step = self.step;
        let measured = objective
            .measure(&current, step)
            .map_err(|source| TrainingError::Objective {
                at: format!("measuring after epoch {}", self.epoch),
                source,
            })?;
        if let Some(disk) = &mut self.disk {
            for (tag, value) in &measured {
                disk.events.scalar(tag, step, *value)?;
            }
            disk.events.flush()?;
        }
        match valid {
            Some(loss) if !loss.is_finite() => return Err(self.diverged(format!("the validation loss is {loss}"))),
            Some(loss) => {
                self.curve.rows.push(CurveRow {
                    step: self.step,
                    epoch: self.epoch as f64,
                    train_loss: None,
                    learning_rate: None,
                    valid_loss: Some(loss),
                });
                if let Some(disk) = &mut self.disk {
                    disk.events.scalar("loss/valid", self.step, loss)?;
                    disk.events.flush()?;
                }
            }
            None => {
                if let Some(patience) = patience {
                    return Err(TrainingError::Config {
                        setting: "patience",
                        found: patience.to_string(),
                        expected: "none, as there is no validation data",
                    });
                }
            }
        }
        let better = match (valid, self.best.and_then(|best| best.valid)) {
            (Some(now), Some(before)) => now < before,
            _ => true,
        };
        if better {
            self.best_model = current;
            self.best = Some(Best {
                epoch: self.epoch,
                step: self.step,
                valid,
            });
        }
        Ok(())
    }

    /// Whether the validation loss has not fallen for `patience` epochs.
    pub(crate) fn out_of_patience(&self, patience: Option<usize>) -> bool {
        match (patience, self.best) {
            (Some(patience), Some(best)) => self.epoch - best.epoch >= patience,
            _ => false,
        }
    }

    /// Whether a checkpoint within the epoch is due.
    pub(crate) fn save_is_due(&self, every: Option<usize>) -> bool {
        let Some(disk) = &self.disk else {
            return false;
        };
        match every {
            Some(every) => self.step.is_multiple_of(every),
            None => disk.saved_at.elapsed() >= CHECKPOINT_INTERVAL,
        }
    }

    /// Writes the curve and a checkpoint, unless the newest is of this step.
    pub(crate) fn save(&mut self) -> Result<(), TrainingError> {
        if self.disk.as_ref().is_none_or(|disk| disk.saved_step == self.step) {
            return Ok(());
        }
        self.read_losses()?;
        let (part, wrong) = match self.trained_only {
            true => (
                trained(&self.replica.model),
                first_trained_not_finite(&self.replica.model),
            ),
            false => (ParamGroup::all(), first_not_finite(&self.replica.model)),
        };
        if let Some(name) = wrong {
            return Err(self.diverged(format!("the weights {name} hold numbers that are not finite")));
        }
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        self.curve.write(&disk.out.join("curve.jsonl"))?;
        let manifest = Manifest {
            format: 0,
            run: String::new(),
            settings: BTreeMap::new(),
            inputs: None,
            step: self.step,
            epoch: self.epoch,
            average_updates: self.ema.as_ref().map_or(0, Ema::updates),
            best: self.best,
            curve: self.curve.clone(),
            losses: self.read.clone(),
            files: BTreeMap::new(),
        };
        disk.checkpoints.save(
            manifest,
            &self.replica.model,
            &self.replica.optimizer,
            self.ema.as_ref(),
            &part,
        )?;
        disk.saved_step = self.step;
        disk.saved_at = Instant::now();
        Ok(())
    }

    /// Saves the current state; returns the error for the interruption, or the reason for not saving.
    pub(crate) fn interrupted(&mut self, total: usize) -> TrainingError {
        match self.save() {
            Ok(()) => TrainingError::Interrupted {
                step: self.step,
                total,
                kept: self.kept(),
            },
            Err(error) => error,
        }
    }

    pub(crate) fn finish(self) -> FitOutput<M> {
        FitOutput {
            last: self.current(),
            best: self.best_model,
            best_epoch: self.best.map_or(0, |best| best.epoch),
            best_valid: self.best.and_then(|best| best.valid),
            epochs: self.epoch,
            curve: self.curve,
        }
    }

    /// The model that is validated and returned.
    fn current(&self) -> M {
        match &self.ema {
            Some(ema) => ema.model(),
            None => self.replica.model.valid(),
        }
    }

    fn diverged(&self, what: String) -> TrainingError {
        TrainingError::Diverged {
            step: self.step,
            what,
            kept: format!("; {}", self.kept()),
        }
    }

    /// Describes the state that the next run will find.
    fn kept(&self) -> String {
        match &self.disk {
            Some(disk) if disk.saved_step > 0 => format!(
                "the checkpoint of step {} is in {:?}, and the same command goes on from it",
                disk.saved_step, disk.out
            ),
            Some(_) => "no checkpoint was written yet, so the next run starts anew".to_string(),
            None => "nothing was kept, as no output folder was given".to_string(),
        }
    }
}

/// The parameters with gradients.
fn trained<M: Module>(model: &M) -> ParamGroup {
    struct Trained(Vec<ParamId>);
    impl ModuleVisitor for Trained {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() {
                self.0.push(param.id);
            }
        }
    }
    let mut found = Trained(Vec::new());
    model.visit(&mut found);
    ParamGroup::from_ids(found.0)
}

/// Splits `items` into `count` parts whose lengths differ by at most one; fewer if there are fewer items.
fn parts(items: &[usize], count: usize) -> impl Iterator<Item = &[usize]> {
    let count = count.min(items.len());
    (0..count).map(move |part| &items[part * items.len() / count..(part + 1) * items.len() / count])
}
