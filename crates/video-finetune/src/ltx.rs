//! Training of LTX-Video.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use diffusion_schedulers::FlowScheduler;
use ltx_video::{Coordinates, LatentScale, Rotary, latent_tokens, training_time};
use pusht_data::{VideoModel, VideoRequest};
use pusht_env::Frame;
use t5_encoder::TextStates;
use training::Gradients;
use video_gen::pictures::picture;
use video_gen::{FrameSize, LtxSettings, LtxVideo};

use crate::cache::Latents;
use crate::config::FinetuneConfig;
use crate::draws::Draws;
use crate::error::FinetuneError;
use crate::objective::Trainee;
use crate::texts::Prompts;

/// Inputs of the training besides the transformer.
pub(crate) struct LtxTrainee {
    pub(crate) model: PathBuf,
    pub(crate) dtype: FloatDType,
    pub(crate) prompts: Prompts,
    pub(crate) settings: LtxSettings,
    pub(crate) scheduler: FlowScheduler,
    pub(crate) scale: LatentScale,
    pub(crate) frames: usize,
}

impl LtxTrainee {
    /// Sampling settings during training.
    pub(crate) fn settings(config: &FinetuneConfig) -> LtxSettings {
        LtxSettings {
            width: config.width,
            height: config.height,
            frame_rate: config.frame_rate,
            steps: config.sample_steps,
            guidance: config.guidance,
            tokens: config.tokens,
            prompt: config.prompt.clone(),
            negative_prompt: config.negative_prompt.clone(),
            ..LtxSettings::default()
        }
    }

    /// Normalized latents of a clip (the mean of their distribution), and of its last frame alone, as in the
    /// conditioned pipeline.
    pub(crate) fn latents(
        vae: &ltx_video::Vae,
        frames: &[Frame],
        size: FrameSize,
        device: &Device,
    ) -> Result<Latents, FinetuneError> {
        let clip: Vec<Tensor<5>> = (frames.iter())
            .map(|frame| picture(frame, size, device).unsqueeze_dim(2))
            .collect();
        let last = clip[clip.len() - 1].clone();
        let encode = |clip: Tensor<5>| -> Result<TensorData, FinetuneError> {
            let latents = vae.normalize(vae.encode(clip)?.mean);
            Ok(latents.squeeze_dim::<4>(0).into_data())
        };
        Ok(Latents {
            clip: encode(Tensor::cat(clip, 2))?,
            last: encode(last)?,
        })
    }
}

/// Latents `[channels, frames, rows, columns]` as tokens `[1, tokens, channels]`.
fn tokens(latents: &TensorData, device: &Device) -> Tensor<3> {
    latent_tokens(Tensor::<4>::from_data(latents.clone(), device).unsqueeze_dim(0))
}

impl Trainee for LtxTrainee {
    type Model = ltx_video::Transformer;
    type Batch = ltx_video::Example;

    /// As in the conditioned pipeline, the first frame is given in place, the last as additional tokens before the
    /// clip's, with its coordinates.
    fn batch(
        &self,
        clips: &[&Latents],
        mut draws: Draws,
        device: &Device,
    ) -> Result<ltx_video::Example, FinetuneError> {
        let shape = clips[0].clip.shape();
        let [frames, height, width] = [shape[1], shape[2], shape[3]];
        let (own, plane) = (frames * height * width, height * width);
        let mut latents = Tensor::cat(clips.iter().map(|clip| tokens(&clip.clip, device)).collect(), 0);
        let mut places = Coordinates::clip([frames, height, width], 0, self.settings.frame_rate, self.scale);
        let mut given: Vec<bool> = (0..own).map(|token| draws.first && token < plane).collect();
        if draws.last {
            let last = Tensor::cat(clips.iter().map(|clip| tokens(&clip.last, device)).collect(), 0);
            latents = Tensor::cat(vec![last, latents], 1);
            let beside = Coordinates::clip(
                [1, height, width],
                self.frames - 1,
                self.settings.frame_rate,
                self.scale,
            );
            for (axis, beside) in places.iter_mut().zip(beside) {
                axis.splice(..0, beside);
            }
            given.splice(..0, std::iter::repeat_n(true, plane));
        }
        let shape = latents.dims();
        let shift = self.scheduler.mu(own);
        let times = draws
            .level
            .iter()
            .map(|z| training_time(f64::from(*z), shift))
            .collect();
        let noise = TensorData::new(draws.noise(shape.iter().product()), shape);
        let text = &self.prompts.prompt;
        let width = self.prompts.width;
        Ok(ltx_video::Clips {
            noise: Tensor::from_data(noise, device),
            times,
            given: given.repeat(clips.len()),
            text: text.states.clone().repeat_dim(0, clips.len()),
            text_mask: Some(text.mask.clone().repeat_dim(0, clips.len())),
            rotary: Rotary::new(&Coordinates::explicit(1, &places.concat()), width, device),
            latents,
        }
        .example())
    }

    fn loss(&self, model: &ltx_video::Transformer, batch: ltx_video::Example) -> Result<Tensor<1>, FinetuneError> {
        Ok(ltx_video::loss(model.forward(batch.input), batch.target, batch.counted))
    }

    fn by_block(&self, model: &ltx_video::Transformer, batch: ltx_video::Example) -> Result<Gradients, FinetuneError> {
        let (loss, gradients) = model.loss_by_block(batch);
        Ok(Gradients { loss, gradients })
    }

    fn sample(
        &self,
        model: &ltx_video::Transformer,
        requests: &[VideoRequest],
    ) -> Result<Vec<Vec<Frame>>, FinetuneError> {
        let device = self.prompts.prompt.states.device();
        let states: BTreeMap<String, TextStates> = [
            (self.settings.prompt.clone(), self.prompts.prompt.clone()),
            (self.settings.negative_prompt.clone(), self.prompts.negative.clone()),
        ]
        .into();
        let model = ltx_video::Pipeline {
            transformer: model.clone(),
            // Loaded only while clips are sampled.
            vae: ltx_video::Vae::open(&self.model, None, self.dtype, &device)?,
            scheduler: self.scheduler.clone(),
        };
        let video = LtxVideo::with_states(states, model, self.settings.clone(), device);
        Ok(video.generate(requests)?)
    }
}

/// Files whose fingerprints are part of the keys of latents.
pub(crate) fn autoencoder_files(model: &Path) -> PathBuf {
    match model.is_dir() {
        true => model.join("vae"),
        false => model.to_path_buf(),
    }
}
