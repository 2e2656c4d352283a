//! Settings of a fine-tuning run, and two presets: that of the PushT Start paper and ours.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use training::{Precision, TrainConfig};
use video_gen::{FrameSize, default_negative_prompt, default_prompt};

use crate::error::FinetuneError;
use crate::family::{Family, Format, Preset};

/// Settings of a fine-tuning run. They are recorded with the results in `finetune.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinetuneConfig {
    /// The preset on which these settings are based.
    pub preset: Preset,
    /// Frames per clip, 8k + 1.
    pub frames: usize,
    /// Width of the model's frames, px.
    pub width: usize,
    /// Height of the model's frames, px.
    pub height: usize,
    /// Frame rate that the model is conditioned on, frames per second.
    pub frame_rate: f64,
    /// Stride between the start frames of neighboring clips of a video, frames.
    pub stride: usize,
    /// Number of training clips, drawn with the seed; `None`: all.
    pub clips: Option<usize>,
    /// Number of validation clips, from videos without training clips; 0: no validation loss.
    pub valid_clips: usize,
    /// Prompt of all clips.
    pub prompt: String,
    /// Negative prompt for sampling.
    pub negative_prompt: String,
    /// Length of the prompt in tokens, with padding.
    pub tokens: usize,
    /// Whether the text encoder's weights are kept in 8 bits.
    pub text_8bit: bool,
    /// Whether all weights are trained instead of adapters.
    pub full: bool,
    /// Rank of the adapters; alpha is equal to it.
    pub rank: usize,
    /// Layers with adapters, by suffixes of their names.
    pub layers: Vec<String>,
    /// Whether to use gradient checkpointing: activations are recomputed, one block at a time.
    pub checkpointing: bool,
    /// Number format of the frozen weights and of the computation.
    pub format: Format,
    /// Probability that the first frame is given.
    pub first_frame: f64,
    /// Probability that the last frame is given.
    pub last_frame: f64,
    /// Number of updates.
    pub steps: usize,
    /// Batch size: clips per update.
    pub batch_size: usize,
    /// Number of parts into which a batch is split for gradient accumulation.
    pub accumulate: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Final learning rate of the cosine schedule, as a fraction of the peak; 1: constant.
    #[serde(alias = "final_learning_rate")]
    pub final_learning_rate_fraction: f64,
    /// Number of updates of linear warm-up.
    pub warmup_steps: usize,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Maximum global gradient norm.
    pub clip_norm: f32,
    /// Seed of the order of the clips, the noise, the initial adapters and the samples.
    pub seed: u64,
    /// Updates between validations; divides `steps`, unless it is larger.
    pub validate_every: usize,
    /// Number of clips sampled at each validation, between the first and last frames of held-out clips.
    pub sample_clips: usize,
    /// Number of sampling steps of these samples.
    pub sample_steps: usize,
    /// Guidance scale of these samples.
    pub guidance: f64,
}

impl FinetuneConfig {
    /// The settings of a preset.
    pub fn preset(preset: Preset, family: Family) -> Self {
        // Except for the size, the defaults of sampling.
        let (side, guidance, tokens, frame_rate) = match family {
            Family::Ltx => (512, 3.0, 256, 10.0),
            Family::Cosmos => (256, 7.0, 512, 30.0),
        };
        let ours = Self {
            preset: Preset::Ours,
            frames: 33,
            width: side,
            height: side,
            frame_rate,
            stride: 8,
            clips: None,
            valid_clips: 16,
            prompt: default_prompt(&[]),
            negative_prompt: default_negative_prompt(),
            tokens,
            text_8bit: true,
            full: false,
            rank: 32,
            layers: ["to_q", "to_k", "to_v", "to_out.0"].map(String::from).to_vec(),
            checkpointing: true,
            format: Format::Auto,
            first_frame: 0.9,
            last_frame: 0.7,
            steps: 4000,
            batch_size: 4,
            accumulate: 4,
            learning_rate: 2e-4,
            final_learning_rate_fraction: 0.0,
            warmup_steps: 100,
            weight_decay: 0.01,
            clip_norm: 1.0,
            seed: 0,
            validate_every: 500,
            sample_clips: 3,
            sample_steps: 30,
            guidance,
        };
        match preset {
            Preset::Ours => ours,
            Preset::Paper => Self {
                preset,
                clips: Some(576),
                format: Format::Bf16,
                first_frame: 0.1,
                last_frame: 0.0,
                steps: 1500,
                batch_size: 1,
                accumulate: 1,
                final_learning_rate_fraction: 1.0,
                warmup_steps: 0,
                ..ours
            },
        }
    }

    /// Sets one setting from a string `name=value`; lists and strings may be written as JSON.
    ///
    /// # Errors
    /// An unknown setting, or a value of the wrong type.
    pub fn set(&mut self, text: &str) -> Result<(), FinetuneError> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(FinetuneError::setting(
                &format!("--set {text}"),
                "no setting",
                "name=value",
            ));
        };
        let (name, value) = (name.trim(), value.trim());
        let mut former = TrainConfig::FORMER_KEYS.into_iter();
        let name = former.find(|(before, _)| *before == name).map_or(name, |(_, now)| now);
        let mut all = serde_json::to_value(&*self)
            .map_err(|error| FinetuneError::setting(name, value, format!("settings that are JSON ({error})")))?;
        let known = match all.as_object() {
            Some(all) => all.keys().cloned().collect::<Vec<_>>(),
            None => Vec::new(),
        };
        if !known.iter().any(|known| known == name) {
            return Err(FinetuneError::setting(
                &format!("--set {name}"),
                "no setting",
                format!("one of {}", known.join(", ")),
            ));
        }
        let plain = Value::String(value.to_string());
        let typed = match value {
            "none" => Value::Null,
            _ => serde_json::from_str(value).unwrap_or_else(|_| plain.clone()),
        };
        // A prompt that looks like a number is still a string.
        let mut wrong = String::new();
        for candidate in [typed, plain] {
            all[name] = candidate;
            match serde_json::from_value::<Self>(all.clone()) {
                Ok(changed) => {
                    *self = changed;
                    return Ok(());
                }
                Err(error) if wrong.is_empty() => wrong = error.to_string(),
                Err(_) => {}
            }
        }
        Err(FinetuneError::setting(
            name,
            value,
            format!("another kind of value ({wrong})"),
        ))
    }

    /// Checks the settings, before any file is opened.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), FinetuneError> {
        let refuse =
            |setting: &str, found: String, expected: &str| Err(FinetuneError::setting(setting, found, expected));
        if self.frames < 9 || self.frames % 8 != 1 {
            let near = self.frames.max(9).saturating_sub(1) / 8 * 8 + 1;
            return refuse(
                "frames",
                self.frames.to_string(),
                &format!("8k + 1, such as {near} or {}", near + 8),
            );
        }
        for (setting, found) in [
            ("width", self.width),
            ("height", self.height),
            ("stride", self.stride),
            ("tokens", self.tokens),
            ("rank", self.rank),
            ("steps", self.steps),
            ("validate_every", self.validate_every),
            ("sample_steps", self.sample_steps),
            ("clips", self.clips.unwrap_or(1)),
        ] {
            if found == 0 {
                return refuse(setting, "0".into(), "at least 1");
            }
        }
        for (setting, found) in [("first_frame", self.first_frame), ("last_frame", self.last_frame)] {
            if !(0.0..=1.0).contains(&found) {
                return refuse(setting, found.to_string(), "a probability from 0 to 1");
            }
        }
        if !(self.frame_rate.is_finite() && self.frame_rate > 0.0) {
            return refuse("frame_rate", self.frame_rate.to_string(), "a number above 0");
        }
        if !(self.guidance.is_finite() && self.guidance >= 0.0) {
            return refuse("guidance", self.guidance.to_string(), "a number from 0");
        }
        if self.prompt.trim().is_empty() {
            return refuse("prompt", "empty".into(), "a sentence that says what the clips show");
        }
        if !self.steps.is_multiple_of(self.validate_every.min(self.steps)) {
            let every = self.validate_every;
            let near = self.steps / every * every;
            let expected = format!(
                "a multiple of validate_every ({every}), such as {near} or {}, or another validate_every",
                near + every
            );
            return refuse("steps", self.steps.to_string(), &expected);
        }
        Ok(self.fit().check()?)
    }

    /// Frame size of the model.
    pub(crate) fn size(&self) -> FrameSize {
        FrameSize {
            width: self.width,
            height: self.height,
        }
    }

    /// Settings of the adapters.
    pub(crate) fn lora(&self) -> ltx_video::Lora {
        ltx_video::Lora {
            rank: self.rank,
            alpha: self.rank as f64,
            targets: self.layers.clone(),
        }
    }

    /// Settings of the training loop; each epoch ends with a validation.
    pub(crate) fn fit(&self) -> TrainConfig {
        let every = self.validate_every.min(self.steps);
        TrainConfig {
            epochs: (self.steps / every.max(1)).max(1),
            steps_per_epoch: Some(every),
            batch_size: self.batch_size,
            accumulate: self.accumulate,
            learning_rate: self.learning_rate,
            final_learning_rate_fraction: self.final_learning_rate_fraction,
            warmup_steps: self.warmup_steps,
            weight_decay: self.weight_decay,
            clip_norm: Some(self.clip_norm),
            ema_decay: None,
            precision: Precision::F32,
            seed: self.seed,
            ..TrainConfig::default()
        }
    }
}
