//! Training of Cosmos-Predict1.

use std::path::PathBuf;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use cosmos_predict::{EndFrame, SigmaDraws};
use diffusion_schedulers::EdmConfig;
use pusht_data::{VideoModel, VideoRequest};
use pusht_env::Frame;
use t5_encoder::TextStates;
use training::Gradients;
use video_gen::pictures::picture;
use video_gen::{CosmosVideo, FrameSize};

use crate::cache::Latents;
use crate::config::FinetuneConfig;
use crate::draws::Draws;
use crate::error::FinetuneError;
use crate::objective::Trainee;
use crate::texts::Prompts;

/// Inputs of the training besides the transformer.
pub(crate) struct CosmosTrainee {
    pub(crate) model: PathBuf,
    pub(crate) dtype: FloatDType,
    pub(crate) prompts: Prompts,
    pub(crate) prompt: String,
    pub(crate) levels: EdmConfig,
    pub(crate) size: FrameSize,
    pub(crate) sampling: cosmos_predict::Sampling,
    pub(crate) variant: cosmos_predict::Variant,
}

/// States of a prompt, zero after its last token, as in the transformer's original training.
fn ended(text: &TextStates) -> Tensor<3> {
    text.states.clone() * text.mask.clone().unsqueeze_dim::<3>(2)
}

impl CosmosTrainee {
    /// Sampling settings during training.
    pub(crate) fn sampling(config: &FinetuneConfig) -> cosmos_predict::Sampling {
        cosmos_predict::Sampling {
            steps: config.sample_steps,
            guidance: config.guidance,
            fps: config.frame_rate,
            ..cosmos_predict::Sampling::default()
        }
    }

    /// Scaled latents of a clip; for its last frame the last latent frame of [`EndFrame::InPlace`], as in sampling.
    pub(crate) fn latents(
        autoencoder: &cosmos_predict::Autoencoder,
        frames: &[Frame],
        size: FrameSize,
        sigma_data: f64,
        device: &Device,
    ) -> Result<Latents, FinetuneError> {
        let pictures: Vec<Tensor<4>> = frames.iter().map(|frame| picture(frame, size, device)).collect();
        let (start, end) = (pictures[0].clone(), pictures[pictures.len() - 1].clone());
        let clip = pictures.into_iter().map(|x| x.unsqueeze_dim::<5>(2)).collect();
        let clip = autoencoder.scaled(autoencoder.encode(Tensor::cat(clip, 2))?, sigma_data)?;
        let given = cosmos_predict::Condition::ends(
            autoencoder,
            start,
            Some((end, EndFrame::InPlace)),
            frames.len(),
            sigma_data,
        )?;
        let count = given.latents.dims()[2];
        let data = |x: Tensor<5>| x.squeeze_dim::<4>(0).into_data();
        Ok(Latents {
            clip: data(clip),
            last: data(given.latents.narrow(2, count - 1, 1)),
        })
    }
}

impl Trainee for CosmosTrainee {
    type Model = cosmos_predict::Transformer;
    type Batch = cosmos_predict::Batch;

    /// Given frames are in place; a given last frame has the latents that sampling uses, and the model learns the
    /// frames before it.
    fn batch(
        &self,
        clips: &[&Latents],
        mut draws: Draws,
        device: &Device,
    ) -> Result<cosmos_predict::Batch, FinetuneError> {
        let load = |data: &TensorData| Tensor::<4>::from_data(data.clone(), device).unsqueeze_dim::<5>(0);
        let mut latents = Tensor::cat(clips.iter().map(|clip| load(&clip.clip)).collect(), 0);
        let count = latents.dims()[2];
        if draws.last {
            let last = Tensor::cat(clips.iter().map(|clip| load(&clip.last)).collect(), 0);
            latents = Tensor::cat(vec![latents.narrow(2, 0, count - 1), last], 2);
        }
        let given: Vec<bool> = (0..count)
            .map(|frame| (draws.first && frame == 0) || (draws.last && frame + 1 == count))
            .collect();
        let shape = latents.dims();
        let noise = TensorData::new(draws.noise(shape.iter().product()), shape);
        Ok(cosmos_predict::Batch {
            noise: Tensor::from_data(noise, device),
            sigma: SigmaDraws::default().sigmas(&draws.level),
            text: ended(&self.prompts.prompt).repeat_dim(0, clips.len()),
            given: (self.variant == cosmos_predict::Variant::Video2World).then(|| vec![given; clips.len()]),
            fps: Some(self.sampling.fps),
            latents,
        })
    }

    fn loss(
        &self,
        model: &cosmos_predict::Transformer,
        batch: cosmos_predict::Batch,
    ) -> Result<Tensor<1>, FinetuneError> {
        Ok(model.loss(batch, &self.levels)?.loss)
    }

    fn by_block(
        &self,
        model: &cosmos_predict::Transformer,
        batch: cosmos_predict::Batch,
    ) -> Result<Gradients, FinetuneError> {
        let (loss, gradients) = model.loss_by_block(batch, &self.levels)?;
        Ok(Gradients { loss, gradients })
    }

    /// Models without frame conditioning are not sampled.
    fn sample(
        &self,
        model: &cosmos_predict::Transformer,
        requests: &[VideoRequest],
    ) -> Result<Vec<Vec<Frame>>, FinetuneError> {
        let device = self.prompts.prompt.states.device();
        // Loaded only while clips are sampled.
        let autoencoder = cosmos_predict::Autoencoder::open(&self.model, self.dtype, &device)?;
        let pipeline = cosmos_predict::Pipeline::new(model.clone(), autoencoder, self.levels, &device)?;
        let (text, negative) = (ended(&self.prompts.prompt), ended(&self.prompts.negative));
        let prompts = cosmos_predict::Prompts::from_embeddings(&self.prompt, text, negative);
        let video = CosmosVideo::new(pipeline, prompts, self.size, self.sampling, EndFrame::InPlace)?;
        Ok(video.generate(requests)?)
    }
}
