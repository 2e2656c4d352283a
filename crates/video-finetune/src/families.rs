//! Fine-tuning of each family: from the model's files to the trained files.

use burn::tensor::FloatDType;
use pusht_env::Frame;
use pusht_jobs::JobContext;
use training::init_seeded;

use crate::cache::fingerprint;
use crate::cosmos::CosmosTrainee;
use crate::error::FinetuneError;
use crate::finish::{save, train};
use crate::formats::{number_format, part};
use crate::job::Finetuned;
use crate::ltx::{LtxTrainee, autoencoder_files};
use crate::memory::TrainingMemory;
use crate::prepare::{Fingerprints, TrainingClips};

/// Fine-tunes LTX-Video.
pub(crate) fn ltx(
    clips: &TrainingClips<'_>,
    trainee: LtxTrainee,
    memory: TrainingMemory,
    ctx: &mut JobContext,
) -> Result<Finetuned, FinetuneError> {
    let job = clips.job;
    let (config, device, path) = (job.config, job.device, job.model.path());
    let size = config.size();
    let sides = [size.height, size.width];
    let autoencoder = fingerprint(&autoencoder_files(path))?;
    let made = format!("ltx 1 {autoencoder} {sides:?} {}", number_format(trainee.dtype));
    let open = || Ok(ltx_video::Vae::open(path, None, trainee.dtype, device)?);
    let encode = |vae: &ltx_video::Vae, frames: &[Frame]| LtxTrainee::latents(vae, frames, size, device);
    let both = clips.latents(&made, open, encode, ctx)?;
    let transformer = fingerprint(&part(path))?;
    let made_of = Fingerprints {
        transformer: &transformer,
        prompts: &trainee.prompts.key,
    };
    let prepared = clips.prepare(both, made_of, trainee.dtype, memory)?;
    let lora = config.lora();
    let weights = if config.full { FloatDType::F32 } else { trainee.dtype };
    let model = ltx_video::Transformer::open(path, weights, device)?;
    let sizes = ltx_video::Config::open(path)?;
    let model = match config.full {
        true => model,
        false => {
            let mut failed = None;
            let model = init_seeded(config.seed, device, |device| {
                match model.clone().adapted(&lora, device) {
                    Ok(adapted) => adapted,
                    Err(error) => {
                        failed = Some(error);
                        model
                    }
                }
            });
            match failed {
                Some(error) => return Err(error.into()),
                None => model,
            }
        }
    };
    let (fitted, done) = train(job, trainee, model, prepared, ctx)?;
    save(job, done, &sizes, |path| match config.full {
        true => fitted.last.save(path),
        false => fitted.last.save_adapters(path),
    })
}

/// Fine-tunes Cosmos-Predict1.
pub(crate) fn cosmos(
    clips: &TrainingClips<'_>,
    trainee: CosmosTrainee,
    memory: TrainingMemory,
    ctx: &mut JobContext,
) -> Result<Finetuned, FinetuneError> {
    let job = clips.job;
    let (config, device, path) = (job.config, job.device, job.model.path());
    let size = config.size();
    let sides = [size.height, size.width];
    let (dtype, sigma_data) = (trainee.dtype, trainee.levels.sigma_data);
    let autoencoder = fingerprint(&path.join("vae"))?;
    let made = format!("cosmos 1 {autoencoder} {sides:?} {} {sigma_data}", number_format(dtype));
    let open = || Ok(cosmos_predict::Autoencoder::open(path, dtype, device)?);
    let encode = |autoencoder: &cosmos_predict::Autoencoder, frames: &[Frame]| {
        CosmosTrainee::latents(autoencoder, frames, size, sigma_data, device)
    };
    let both = clips.latents(&made, open, encode, ctx)?;
    let transformer = fingerprint(&part(path))?;
    let made_of = Fingerprints {
        transformer: &transformer,
        prompts: &trainee.prompts.key,
    };
    let prepared = clips.prepare(both, made_of, dtype, memory)?;
    let lora = config.lora();
    let weights = if config.full { FloatDType::F32 } else { dtype };
    let model = cosmos_predict::Transformer::open(path, None, weights, device)?;
    let sizes = model.config().clone();
    let model = match config.full {
        true => model,
        false => init_seeded(config.seed, device, |device| {
            model.adapted(lora.rank, lora.alpha, &|layer| lora.covers(layer), device)
        }),
    };
    let (fitted, done) = train(job, trainee, model, prepared, ctx)?;
    save(job, done, &sizes, |path| match config.full {
        true => fitted.last.save(path),
        false => fitted.last.save_adapters(path),
    })
}
