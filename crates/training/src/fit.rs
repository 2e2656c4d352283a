//! The training loop.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, Device};

use crate::identity::RunIdentity;
use crate::layers::{first_of_type, refuse_drawing_layers};
use crate::order::Batches;
use crate::run::Run;
use crate::team::Team;
use pusht_jobs::JobContext;

use crate::{FitOutput, Objective, Precision, TrainConfig, TrainingError};

/// Identity, folder, progress and devices of a training run.
pub struct FitOptions<'a> {
    /// Name of the training run, for the progress display.
    pub label: &'a str,
    /// What identifies this run besides [`TrainConfig`], for example the model's settings and a hash of the data. A
    /// checkpoint with another identity is refused.
    pub identity: &'a str,
    /// What the run was made from: the model's settings and hashes of the data, as JSON. A checkpoint with other
    /// inputs, or without any, is refused; the error names the one that differs. Empty: `identity` covers them.
    pub inputs: &'a str,
    /// Folder for `checkpoints/`, `curve.jsonl` and `tensorboard/`, where a run resumes from its last checkpoint.
    /// `None` writes nothing.
    pub out: Option<&'a Path>,
    /// Shows the progress of every step, and is checked for cancellation before every step.
    pub ctx: &'a mut JobContext,
    /// GPUs in addition to the model's own ([`crate::devices`]); a batch is divided into one part per device.
    pub replicas: &'a [Device],
}

impl<'a> FitOptions<'a> {
    /// The same options with another identity: a model adds its settings to the identity it was called with.
    pub fn with_identity<'b>(self, identity: &'b str) -> FitOptions<'b>
    where
        'a: 'b,
    {
        FitOptions {
            label: self.label,
            identity,
            inputs: self.inputs,
            out: self.out,
            ctx: self.ctx,
            replicas: self.replicas,
        }
    }

    /// Options for a run that writes nothing.
    pub fn in_memory(ctx: &'a mut JobContext) -> Self {
        Self {
            label: "training",
            identity: "",
            inputs: "",
            out: None,
            ctx,
            replicas: &[],
        }
    }
}

/// Trains `model`: AdamW, one update per batch, validation and a checkpoint after each epoch.
///
/// On several GPUs ([`FitOptions::replicas`]) one run per process trains at a time; others wait.
///
/// # Errors
/// Invalid settings, fewer items than a batch, a model with Burn's dropout, an objective that fails, a loss that is not
/// finite, a checkpoint that is damaged or of another run, a folder that cannot be written, or
/// [`TrainingError::Interrupted`].
pub fn fit<M: Module>(
    model: M,
    objective: &(impl Objective<M> + Sync),
    config: &TrainConfig,
    options: FitOptions<'_>,
) -> Result<FitOutput<M>, TrainingError> {
    config.check()?;
    let items = objective.items();
    if items == 0 {
        return Err(TrainingError::NoItems);
    }
    if config.batch_size > items {
        return Err(TrainingError::LargeBatch {
            batch_size: config.batch_size,
            items,
        });
    }
    refuse_drawing_layers(&model)?;
    check_precision(&model, objective, config.precision)?;
    let epoch_steps = config.epoch_steps(items);
    let total = config.epochs * epoch_steps;
    let FitOptions {
        label,
        identity,
        inputs,
        out,
        ctx,
        replicas,
    } = options;
    check_parts(config, 1 + replicas.len())?;

    let identity = RunIdentity::new(&config.of_the_result(), items, identity, inputs);
    let mut run = Run::start(model, config, identity, out, objective.has_frozen_base())?;
    let mut batches = Batches::new(items, config.batch_size, config.seed);
    let task = ctx.task(label, total, "update");
    task.resume(run.step);
    let mut note = String::new();
    std::thread::scope(|scope| {
        let team = Team::start(scope, &mut run.replica, replicas, objective, true);
        while run.step < total && !run.out_of_patience(config.patience) {
            if task.check().is_err() {
                return Err(run.interrupted(total));
            }
            let rate = config.learning_rate_at(run.step, total);
            run.update(
                &team,
                objective,
                &batches.at(run.step),
                config,
                rate,
                run.step as f64 / total as f64,
            )?;
            let epoch_ends = run.step % epoch_steps == 0;
            if run.step % config.log_every == 0 || epoch_ends {
                note = format!("loss {:.5}", run.record(epoch_steps, rate)?);
            }
            task.advance_to(run.step, &note);
            if epoch_ends {
                run.finish_epoch(objective, config.patience)?;
                run.save()?;
            } else if run.save_is_due(config.checkpoint_every) {
                run.save()?;
            }
        }
        Ok(())
    })?;
    let fitted = run.finish();
    task.finish(&fitted.summary(objective, epoch_steps, config.epochs));
    Ok(fitted)
}

/// Checks that objective, model and devices support the precision: some devices compute unsupported ones silently, and
/// wrongly.
fn check_precision<M: Module>(
    model: &M,
    objective: &impl Objective<M>,
    precision: Precision,
) -> Result<(), TrainingError> {
    let has_bf16 = |device: &Device| device.supports_dtype(DType::BF16);
    let expected = match precision {
        Precision::F32 => return Ok(()),
        _ if !objective.precisions().contains(&precision) => "f32, as this model is not made for others",
        _ if first_of_type(model, "BatchNorm").is_some() => "f32, as the model has batch norm",
        Precision::Bf16 if !model.devices().iter().all(has_bf16) => "f32, as this device has no bf16",
        Precision::Bf16 => return Ok(()),
    };
    Err(TrainingError::Config {
        setting: "precision",
        found: "bf16".to_string(),
        expected,
    })
}

/// Checks that every device gets the same number of items, because gradients are averaged over devices.
fn check_parts(config: &TrainConfig, devices: usize) -> Result<(), TrainingError> {
    if devices == 1 || config.batch_size.is_multiple_of(config.accumulate * devices) {
        return Ok(());
    }
    Err(TrainingError::Config {
        setting: "batch_size",
        found: format!(
            "{} over {devices} devices in {} parts each",
            config.batch_size, config.accumulate
        ),
        expected: "a multiple of the devices times accumulate",
    })
}
