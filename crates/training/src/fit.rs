//! The training loop.

use std::path::{Path, PathBuf};

use burn::Tensor;
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};

use crate::checkpoint::{Checkpoints, Manifest, sha256};
use crate::clip::clip_global_norm;
use crate::curve::CurveRow;
use crate::order::{Batches, mix_seed};
use crate::{Curve, Ema, EventWriter, Objective, Progress, StopFlag, TrainConfig, TrainingError};

/// Where a run writes, whom it tells and who can stop it.
pub struct FitOptions<'a> {
    /// What is trained, for the progress display.
    pub label: &'a str,
    /// What besides [`TrainConfig`] makes this run what it is: the model's settings and a hash of the data, say. A
    /// checkpoint with another identity is refused.
    pub identity: &'a str,
    /// Folder for `checkpoints/`, `curve.jsonl` and `tensorboard/`; a run finds its last checkpoint there and goes on
    /// from it. `None` writes nothing.
    pub out: Option<&'a Path>,
    /// Told about every recorded step.
    pub progress: &'a mut dyn Progress,
    /// Looked at before every step.
    pub stop: StopFlag,
}

impl<'a> FitOptions<'a> {
    /// Writes nothing and cannot be stopped.
    pub fn in_memory(progress: &'a mut dyn Progress) -> Self {
        Self {
            label: "training",
            identity: "",
            out: None,
            progress,
            stop: StopFlag::new(),
        }
    }
}

/// The outcome of a run. Models are without autodiff; with [`TrainConfig::ema_decay`] they are the averages.
#[derive(Clone, Debug)]
pub struct Fitted<M> {
    /// After the last epoch.
    pub last: M,
    /// After the epoch of the lowest validation loss (without validation data: the last).
    pub best: M,
    /// That epoch, from 1.
    pub best_epoch: usize,
    /// Its validation loss.
    pub best_valid: Option<f64>,
    /// Everything recorded.
    pub curve: Curve,
}

/// Trains `model`: AdamW, one update a batch, validation and a checkpoint after each epoch.
///
/// # Errors
/// Bad settings, no items, an objective that fails, a loss that is not finite, a checkpoint that is damaged or of
/// another run, a folder that cannot be written, or [`TrainingError::Interrupted`].
pub fn fit<M: Module>(
    model: M,
    objective: &impl Objective<M>,
    config: &TrainConfig,
    options: FitOptions<'_>,
) -> Result<Fitted<M>, TrainingError> {
    config.check()?;
    let items = objective.items();
    if items == 0 {
        return Err(TrainingError::NoItems);
    }
    let epoch_steps = config.epoch_steps(items);
    let total = config.epochs * epoch_steps;
    let FitOptions {
        label,
        identity,
        out,
        progress,
        stop,
    } = options;

    let mut run = Run::start(model, config, items, identity, out)?;
    let mut batches = Batches::new(items, config.batch_size, config.seed);
    progress.begin(label, total);
    while run.epoch < config.epochs {
        let first = run.epoch * epoch_steps;
        for step in first..first + epoch_steps {
            if stop.is_raised() {
                let kept = run.kept();
                progress.end(&format!("stopped at step {step}"));
                return Err(TrainingError::Interrupted { step, total, kept });
            }
            let rate = config.learning_rate_at(step, total);
            run.update(objective, &batches.at(step), config, step, rate)?;
            if (step + 1) % config.log_every == 0 || step + 1 == first + epoch_steps {
                let loss = run.record(step + 1, epoch_steps, rate)?;
                progress.advance(step + 1, &format!("loss {loss:.5}"));
            }
        }
        run.finish_epoch(objective, epoch_steps)?;
    }
    let note = match (
        run.best_valid,
        run.curve.rows.iter().rev().find_map(|row| row.train_loss),
    ) {
        (Some(valid), _) => format!(
            "{total} steps, best validation loss {valid:.5} (epoch {})",
            run.best_epoch
        ),
        (None, Some(loss)) => format!("{total} steps, training loss {loss:.5}"),
        (None, None) => format!("{total} steps"),
    };
    progress.end(&note);
    let last = run.current();
    Ok(Fitted {
        last,
        best: run.best,
        best_epoch: run.best_epoch,
        best_valid: run.best_valid,
        curve: run.curve,
    })
}

/// The state of a run between updates.
struct Run<M> {
    model: M,
    optimizer: ModuleOptimizer,
    ema: Option<Ema<M>>,
    best: M,
    best_epoch: usize,
    best_valid: Option<f64>,
    epoch: usize,
    curve: Curve,
    /// Losses since the last record, still on the device.
    losses: Vec<Tensor<1>>,
    disk: Option<Disk>,
}

/// The run's files.
struct Disk {
    checkpoints: Checkpoints,
    events: EventWriter,
    out: PathBuf,
}

impl<M: Module> Run<M> {
    /// From the last checkpoint under `out`, or anew.
    fn start(
        model: M,
        config: &TrainConfig,
        items: usize,
        identity: &str,
        out: Option<&Path>,
    ) -> Result<Self, TrainingError> {
        let optimizer = AdamWConfig::new()
            .with_epsilon(1e-8)
            .with_weight_decay(config.weight_decay)
            .init();
        let mut run = Self {
            best: model.valid(),
            ema: config.ema_decay.map(|decay| Ema::new(&model, decay)),
            model: model.train(),
            optimizer: optimizer.clone(),
            best_epoch: 0,
            best_valid: None,
            epoch: 0,
            curve: Curve::default(),
            losses: Vec::new(),
            disk: None,
        };
        let Some(out) = out else {
            return Ok(run);
        };
        let settings = serde_json::to_string(config).expect("settings are JSON");
        let hash = sha256(format!("{settings}\n{items}\n{identity}").as_bytes());
        let checkpoints = Checkpoints::open(out, hash)?;
        let mut step = 0;
        if let Some(found) = checkpoints.load(&run.best, optimizer, config.ema_decay)? {
            run.model = found.model.train();
            run.optimizer = found.optimizer;
            run.ema = found.ema;
            run.best = found.best;
            run.best_epoch = found.manifest.best_epoch;
            run.best_valid = found.manifest.best_valid;
            run.epoch = found.manifest.epoch;
            run.curve = found.manifest.curve;
            step = found.manifest.step;
        }
        run.disk = Some(Disk {
            checkpoints,
            events: EventWriter::create(&out.join("tensorboard"), step)?,
            out: out.to_path_buf(),
        });
        Ok(run)
    }

    fn update(
        &mut self,
        objective: &impl Objective<M>,
        items: &[usize],
        config: &TrainConfig,
        step: usize,
        rate: f64,
    ) -> Result<(), TrainingError> {
        let seed = mix_seed(config.seed, (1 << 40) + step as u64);
        // For layers that draw from Burn's own generator, as dropout does.
        if let Some(device) = self.model.devices().first() {
            device.seed(seed);
        }
        let loss = objective
            .loss(&self.model, items, seed)
            .map_err(|source| TrainingError::Objective {
                at: format!("training step {step}"),
                source,
            })?;
        self.losses.push(loss.clone().without_autodiff());
        let mut grads = GradientsParams::from_grads(loss.backward(), &self.model);
        if let Some(max_norm) = config.clip_norm {
            grads = clip_global_norm(&self.model, grads, max_norm);
        }
        self.model = self.optimizer.step(rate, self.model.clone(), grads);
        if let Some(ema) = &mut self.ema {
            ema.update(&self.model);
        }
        Ok(())
    }

    /// Reads the losses back and notes their mean.
    fn record(&mut self, step: usize, epoch_steps: usize, rate: f64) -> Result<f64, TrainingError> {
        let losses = std::mem::take(&mut self.losses);
        let count = losses.len() as f64;
        let values = Tensor::cat(losses, 0)
            .try_into_vec_as::<f32>()
            .map_err(|source| TrainingError::Objective {
                at: format!("reading the loss of step {step}"),
                source: source.to_string().into(),
            })?;
        let loss = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        if !loss.is_finite() {
            let kept = format!("; {}", self.kept());
            return Err(TrainingError::Diverged { step, loss, kept });
        }
        self.curve.rows.push(CurveRow {
            step,
            epoch: step as f64 / epoch_steps as f64,
            train_loss: Some(loss),
            learning_rate: Some(rate),
            valid_loss: None,
        });
        if let Some(disk) = &mut self.disk {
            disk.events.scalar("loss/train", step, loss)?;
            disk.events.scalar("learning_rate", step, rate)?;
        }
        Ok(loss)
    }

    fn finish_epoch(&mut self, objective: &impl Objective<M>, epoch_steps: usize) -> Result<(), TrainingError> {
        self.epoch += 1;
        let step = self.epoch * epoch_steps;
        let current = self.current();
        let valid = objective
            .validate(&current)
            .map_err(|source| TrainingError::Objective {
                at: format!("validation after epoch {}", self.epoch),
                source,
            })?;
        if let Some(loss) = valid {
            if !loss.is_finite() {
                let kept = format!("; {}", self.kept());
                return Err(TrainingError::Diverged { step, loss, kept });
            }
            self.curve.rows.push(CurveRow {
                step,
                epoch: self.epoch as f64,
                train_loss: None,
                learning_rate: None,
                valid_loss: Some(loss),
            });
        }
        let better = match (valid, self.best_valid) {
            (Some(now), Some(before)) => now < before,
            _ => true,
        };
        if better {
            self.best = current;
            self.best_epoch = self.epoch;
            self.best_valid = valid;
        }
        let Some(disk) = &mut self.disk else {
            return Ok(());
        };
        if let Some(loss) = valid {
            disk.events.scalar("loss/valid", step, loss)?;
        }
        disk.events.flush()?;
        self.curve.write(&disk.out.join("curve.jsonl"))?;
        let manifest = Manifest {
            format: 0,
            run: String::new(),
            epoch: self.epoch,
            step,
            average_updates: self.ema.as_ref().map_or(0, Ema::updates),
            best_epoch: self.best_epoch,
            best_valid: self.best_valid,
            curve: self.curve.clone(),
            files: std::collections::BTreeMap::new(),
        };
        disk.checkpoints
            .save(manifest, &self.model, &self.optimizer, self.ema.as_ref())
    }

    /// The model to validate and return.
    fn current(&self) -> M {
        match &self.ema {
            Some(ema) => ema.model().clone(),
            None => self.model.valid(),
        }
    }

    /// What the next run will find, as a sentence.
    fn kept(&self) -> String {
        match &self.disk {
            Some(disk) if self.epoch > 0 => format!(
                "the checkpoint of epoch {} is in {:?}, and the same command goes on from it",
                self.epoch, disk.out
            ),
            Some(_) => "no epoch was finished, so the next run starts anew".to_string(),
            None => "nothing was kept, as no output folder was given".to_string(),
        }
    }
}
