//! The trained pixel model: generation, saving, loading.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{FlowSchedule, Scheduler};
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model, save_shards};

use super::caption::Caption;
use super::codec::PatchCodec;
use super::conditioning::{Conditioning, Expectation, Spreads, noise, wide};
use super::config::PixelConfig;
use super::error::PixelError;
use super::net::{NoisyClips, PixelNet};
use super::pictures::{frames, pictures};

/// The kind in a model file.
const KIND: &str = "video-gen/pixel/1";

/// Contents of a model file besides the weights.
#[derive(Serialize, Deserialize)]
struct Card {
    model: PixelConfig,
    spreads: Spreads,
}

/// Codec and network, saved in one file.
#[derive(Module, Debug)]
struct Networks {
    codec: PatchCodec,
    net: PixelNet,
}

/// A trained pixel video model.
#[derive(Debug)]
pub struct PixelModel {
    config: PixelConfig,
    networks: Networks,
    spreads: Spreads,
    schedule: FlowSchedule,
    device: Device,
}

/// A request for a clip.
#[derive(Clone, Copy, Debug, Default)]
pub struct PixelRequest<'a> {
    /// First frame, if given.
    pub start: Option<&'a Frame>,
    /// Last frame, if given.
    pub end: Option<&'a Frame>,
    /// Caption, if given.
    pub caption: Option<Caption>,
    /// Seed of all randomness.
    pub seed: u64,
}

impl PixelModel {
    pub(super) fn new(
        config: PixelConfig,
        codec: PatchCodec,
        net: PixelNet,
        spreads: Spreads,
        device: &Device,
    ) -> Result<Self, PixelError> {
        config.check()?;
        let schedule = schedule(&config)?;
        Ok(Self {
            config,
            networks: Networks { codec, net },
            spreads,
            schedule,
            device: device.clone(),
        })
    }

    /// Sets the number of Euler steps: fewer are faster and less accurate.
    ///
    /// # Errors
    /// 0 steps.
    pub fn with_sampling_steps(mut self, steps: usize) -> Result<Self, PixelError> {
        self.config.sampling_steps = steps;
        self.schedule = schedule(&self.config)?;
        Ok(self)
    }

    /// Settings of the model.
    pub fn config(&self) -> &PixelConfig {
        &self.config
    }

    /// Number of parameters of the transformer.
    pub fn parameters(&self) -> usize {
        self.networks.net.num_params()
    }

    /// Encodes and decodes a video with the codec, group by group; frames after the last whole group are left out.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn coded(&self, video: &[Frame]) -> Result<Vec<Frame>, PixelError> {
        let mut all = Vec::with_capacity(video.len());
        for group in video.chunks_exact(self.config.codec.group) {
            let group: Vec<&Frame> = group.iter().collect();
            let latents = self.networks.codec.encode(self.pictures(&group)?);
            all.extend(frames(self.networks.codec.decode(latents)));
        }
        Ok(all)
    }

    /// Generates a clip of [`PixelConfig::frames`] frames at 10 Hz. Given frames are returned unchanged.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn clip(&self, request: &PixelRequest<'_>) -> Result<Vec<Frame>, PixelError> {
        let config = &self.config;
        let (count, grid) = (config.groups + 2, config.codec.grid());
        let shape = [1, count, config.codec.channels, grid, grid];
        let still = |frame: Option<&Frame>| match frame {
            Some(frame) => Ok(self
                .networks
                .codec
                .encode_still(self.pictures(&[frame])?)
                .unsqueeze_dim(0)),
            None => Ok::<_, PixelError>(Tensor::zeros([1, 1, shape[2], grid, grid], &self.device)),
        };
        let between = Tensor::zeros([1, config.groups, shape[2], grid, grid], &self.device);
        let known = Tensor::cat(vec![still(request.start)?, between, still(request.end)?], 1);
        let given = Conditioning {
            start: request.start.is_some(),
            end: request.end.is_some(),
        };
        let expected = Expectation::new(&known, &[given], &self.spreads);
        let free = wide(expected.free.clone());
        let mut rng = Pcg64::seed_from_u64(request.seed);
        let first = known + noise(shape, &mut rng, &self.device) * free.clone();
        let velocity = |x: Tensor<5>, t: f64| {
            let clips = NoisyClips {
                latents: x.clone(),
                times: vec![t],
                captions: vec![request.caption],
            };
            let clean = self.networks.net.clean(clips, &expected);
            (x - clean).div_scalar(t) * free.clone()
        };
        let latents = self.schedule.sample(first, velocity, Tensor::zeros_like);
        let decoded = |first: usize, count: usize| {
            let latents = latents.clone().narrow(1, first, count).squeeze_dim::<4>(0);
            frames(self.networks.codec.decode(latents))
        };
        let mut clip = match request.start {
            Some(start) => vec![start.clone()],
            None => decoded(0, 1).into_iter().take(1).collect(),
        };
        clip.extend(decoded(1, config.groups));
        if let (Some(end), Some(last)) = (request.end, clip.last_mut()) {
            last.clone_from(end);
        }
        Ok(clip)
    }

    fn pictures(&self, frames: &[&Frame]) -> Result<Tensor<4>, PixelError> {
        pictures(frames, self.config.codec.side, &self.device)
    }

    /// Writes codec, weights and settings to one file, atomically.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PixelError> {
        Ok(save_model(path, &self.networks, KIND, &self.card())?)
    }

    /// Writes codec, weights and settings to a folder of small files, rounded to bf16 ([`training::save_shards`]): half
    /// the size.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_shards(&self, folder: &Path) -> Result<(), PixelError> {
        Ok(save_shards(folder, &self.networks, KIND, &self.card())?)
    }

    fn card(&self) -> Card {
        Card {
            model: self.config.clone(),
            spreads: self.spreads,
        }
    }

    /// Loads a file from [`PixelModel::save`] or a folder from [`PixelModel::save_shards`].
    ///
    /// # Errors
    /// A file that is missing, damaged, inconsistent or of another kind.
    pub fn load(path: &Path, device: &Device) -> Result<Self, PixelError> {
        let file = ModelFile::open(path)?;
        let card: Card = file.config(KIND)?;
        card.model.check()?;
        let Spreads { neither, one, both } = card.spreads;
        if ![neither, one, both].iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(PixelError::Statistics {
                path: path.to_path_buf(),
                reason: format!("the spreads are {neither}, {one} and {both}; expected finite numbers above 0"),
            });
        }
        let networks = Networks {
            codec: card.model.codec.init(device),
            net: PixelNet::new(&card.model, device)?,
        };
        let Networks { codec, net } = file.load_into(&networks)?;
        Self::new(card.model, codec, net, card.spreads, device)
    }
}

fn schedule(config: &PixelConfig) -> Result<FlowSchedule, PixelError> {
    FlowSchedule::new(config.sampling_steps, 1.0).map_err(|_| PixelError::Config {
        setting: "sampling_steps",
        found: config.sampling_steps.to_string(),
        expected: "at least 1".to_owned(),
    })
}

impl VideoModel for PixelModel {
    fn name(&self) -> String {
        "PushT pixel diffusion".to_string()
    }

    /// Generates clips. The prompt must be the text of a [`Caption`]; without one the model is unconditional.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let clip = |(index, request): (usize, &VideoRequest)| {
            let refuse = |reason: String| VideoModelError::Request { request: index, reason };
            let frames = self.config.frames();
            if request.frames != frames {
                return Err(refuse(format!(
                    "{} frames were asked for; this model makes {frames}",
                    request.frames
                )));
            }
            let caption = |prompt: &String| Caption::of_prompt(prompt).map_err(|error| refuse(error.to_string()));
            let request = PixelRequest {
                start: Some(&request.start),
                end: request.end.as_ref(),
                caption: request.prompt.as_ref().map(caption).transpose()?,
                seed: request.seed,
            };
            self.clip(&request).map_err(|error| refuse(error.to_string()))
        };
        requests.iter().enumerate().map(clip).collect()
    }
}
