//! LTX-Video as a video model for PushT.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use t5_encoder::{TextEncoder, TextStates};

use crate::FrameSize;
use crate::pictures::{frames, picture};
use crate::prompt::{default_negative_prompt, default_prompt};

/// Sampling settings of LTX-Video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LtxSettings {
    /// Width of the model's frames, px, a multiple of 32.
    pub width: usize,
    /// Height of the model's frames, px, a multiple of 32.
    pub height: usize,
    /// Frame rate that the model is conditioned on, frames per second.
    pub frame_rate: f64,
    /// Number of sampling steps.
    pub steps: usize,
    /// Guidance scale; 1 for distilled models.
    pub guidance: f64,
    /// Fraction of the standard deviation added by guidance that is removed (guidance rescale).
    pub guidance_rescale: f64,
    /// Scale of the noise on the given frames in each step, multiplied by t².
    pub condition_noise: f64,
    /// Time that the decoder is conditioned on.
    pub decode_time: f64,
    /// Fraction of noise mixed into the latents for the decoder.
    pub decode_noise: f64,
    /// Length of a prompt in tokens, with padding.
    pub tokens: usize,
    /// Prompt of requests without one.
    pub prompt: String,
    /// Negative prompt.
    pub negative_prompt: String,
}

impl Default for LtxSettings {
    fn default() -> Self {
        Self {
            width: 256,
            height: 256,
            frame_rate: 10.0,
            steps: 40,
            guidance: 3.0,
            guidance_rescale: 0.0,
            condition_noise: 0.15,
            decode_time: 0.05,
            decode_noise: 0.025,
            tokens: 256,
            prompt: default_prompt(&[]),
            negative_prompt: default_negative_prompt(),
        }
    }
}

impl LtxSettings {
    /// Frame size of the model.
    pub fn size(&self) -> FrameSize {
        FrameSize {
            width: self.width,
            height: self.height,
        }
    }
}

/// LTX-Video as a video model: text encoder, transformer, autoencoder and settings.
#[derive(Debug)]
pub struct LtxVideo {
    text: Texts,
    model: ltx_video::Pipeline,
    settings: LtxSettings,
    device: Device,
}

/// Source of the text states of prompts.
#[derive(Debug)]
enum Texts {
    Encoder(Box<TextEncoder>),
    /// Precomputed states, by prompt.
    States(BTreeMap<String, TextStates>),
}

impl LtxVideo {
    /// Creates the model from loaded parts and precomputed states of prompts (one row each), so that no text encoder is
    /// in memory; requests may have no other prompts.
    pub fn with_states(
        states: BTreeMap<String, TextStates>,
        model: ltx_video::Pipeline,
        settings: LtxSettings,
        device: Device,
    ) -> Self {
        Self {
            text: Texts::States(states),
            model,
            settings,
            device,
        }
    }

    /// Creates the model from loaded parts.
    pub fn new(text: TextEncoder, model: ltx_video::Pipeline, settings: LtxSettings, device: Device) -> Self {
        Self {
            text: Texts::Encoder(Box::new(text)),
            model,
            settings,
            device,
        }
    }

    /// Loads published files.
    ///
    /// # Errors
    /// Files that are missing, damaged or of another version.
    pub fn open(files: ltx_video::Files<'_>, settings: LtxSettings, device: &Device) -> Result<Self, ltx_video::Error> {
        let model = ltx_video::Pipeline::open(files, device)?;
        let text = TextEncoder::open(files.text.unwrap_or(files.model), files.dtype, device)?;
        Ok(Self::new(text, model, settings, device.clone()))
    }

    /// Adds the adapters of a file ([`ltx_video::Transformer::with_adapters`]).
    ///
    /// # Errors
    /// Those of [`ltx_video::Transformer::with_adapters`].
    pub fn with_adapters(mut self, path: &Path) -> Result<Self, ltx_video::Error> {
        self.model.transformer = self.model.transformer.with_adapters(path, &self.device)?;
        Ok(self)
    }

    /// Transformer, autoencoder and schedule.
    pub fn model(&self) -> &ltx_video::Pipeline {
        &self.model
    }

    /// Converts a request to one of the pipeline.
    fn request(&self, request: &VideoRequest) -> Result<ltx_video::Request, ltx_video::Error> {
        let settings = &self.settings;
        let size = settings.size();
        let given = |frame: &Frame, at: usize| ltx_video::Condition {
            pixels: picture(frame, size, &self.device).unsqueeze_dim(2),
            frame: at,
            strength: 1.0,
        };
        self.model
            .vae
            .check_size(request.frames, settings.height, settings.width)?;
        let mut conditions = vec![given(&request.start, 0)];
        if let Some(end) = &request.end {
            conditions.push(given(end, request.frames - 1));
        }
        let request = ltx_video::Request {
            style: ltx_video::Style::Conditioned,
            frames: request.frames,
            height: settings.height,
            width: settings.width,
            frame_rate: settings.frame_rate,
            steps: settings.steps,
            guidance: settings.guidance,
            guidance_rescale: settings.guidance_rescale,
            conditions,
            condition_noise: settings.condition_noise,
            decode_time: settings.decode_time,
            decode_noise: settings.decode_noise,
        };
        self.model.check(&request)?;
        Ok(request)
    }

    fn prompt<'a>(&'a self, request: &'a VideoRequest) -> Result<&'a str, ltx_video::Error> {
        let prompt = request.prompt.as_deref().unwrap_or(&self.settings.prompt);
        match prompt.trim() {
            "" => Err(t5_encoder::Error::Empty.into()),
            _ => Ok(prompt),
        }
    }

    fn clip(&self, request: &VideoRequest) -> Result<Vec<Frame>, ltx_video::Error> {
        let prompt = self.prompt(request)?;
        let asked = self.request(request)?;
        let texts = match self.settings.guidance > 1.0 {
            true => vec![self.settings.negative_prompt.as_str(), prompt],
            false => vec![prompt],
        };
        let text = match &self.text {
            Texts::Encoder(encoder) => encoder.encode(&texts, self.settings.tokens, true, &self.device)?,
            Texts::States(states) => {
                let state = |text: &&str| {
                    states.get(*text).cloned().ok_or_else(|| ltx_video::Error::Config {
                        setting: "the prompt",
                        found: format!("{text:?}"),
                        expected: "one whose states were made before".into(),
                    })
                };
                let rows: Vec<TextStates> = texts.iter().map(state).collect::<Result<_, _>>()?;
                TextStates::rows(rows)
            }
        };
        let mut rng = Pcg64::seed_from_u64(request.seed);
        let mut noise = |shape: &[usize]| Ok(nn_kit::normal(shape.iter().product(), &mut rng));
        let clip = self.model.generate(&asked, &text, &mut noise)?;
        Ok(frames(clip, FrameSize::from(&request.start)))
    }
}

impl VideoModel for LtxVideo {
    fn name(&self) -> String {
        "ltx-video".into()
    }

    /// Generates clips of 8k + 1 frames. The start frame is given in place, the end frame as separate tokens.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let refuse = |request: usize, error: ltx_video::Error| VideoModelError::Request {
            request,
            reason: error.to_string(),
        };
        // All requests are checked before the first is sampled.
        for (i, request) in requests.iter().enumerate() {
            self.prompt(request).map_err(|error| refuse(i, error))?;
            self.request(request).map_err(|error| refuse(i, error))?;
        }
        let failed = |error: ltx_video::Error| VideoModelError::Failed {
            model: self.name(),
            reason: error.to_string(),
        };
        requests
            .iter()
            .map(|request| self.clip(request).map_err(failed))
            .collect()
    }
}
