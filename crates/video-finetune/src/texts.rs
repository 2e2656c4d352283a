//! Text states of the prompts, from the cache or from the text encoder, which is dropped afterwards.

use std::path::Path;

use burn::tensor::{Device, FloatDType, Tensor};
use t5_encoder::{TextEncoder, TextStates};

use crate::cache::{Cache, fingerprint, text_key};
use crate::config::FinetuneConfig;
use crate::error::FinetuneError;

/// Names of tensors in the cache.
const NAMES: [&str; 2] = ["states", "mask"];

/// Text states for a training run.
#[derive(Clone, Debug)]
pub(crate) struct Prompts {
    /// States of the prompt.
    pub(crate) prompt: TextStates,
    /// States of the negative prompt.
    pub(crate) negative: TextStates,
    /// Width of the transformer's tokens.
    pub(crate) width: usize,
    /// Key of the inputs.
    pub(crate) key: String,
}

impl Prompts {
    /// Reads or computes the states; `folder` has `tokenizer/` and `text_encoder/`.
    pub(crate) fn open(
        cache: &Cache,
        folder: &Path,
        config: &FinetuneConfig,
        dtype: FloatDType,
        width: usize,
        device: &Device,
    ) -> Result<Self, FinetuneError> {
        let format = match (config.text_8bit, dtype) {
            (true, _) => "8 bits",
            (false, FloatDType::BF16) => "bf16",
            (false, _) => "f32",
        };
        let made = format!(
            "text 1 {} {} {format} {}",
            fingerprint(&folder.join("tokenizer"))?,
            fingerprint(&folder.join("text_encoder"))?,
            config.tokens
        );
        let mut encoder = None;
        let mut states = |text: &str| -> Result<TextStates, FinetuneError> {
            let key = text_key(&made, text);
            let found = match cache.get("text", &key, NAMES) {
                Some(found) => found,
                None => {
                    let encoder = match &mut encoder {
                        Some(encoder) => encoder,
                        none => none.insert(match config.text_8bit {
                            true => TextEncoder::open_8bit(folder, device)?,
                            false => TextEncoder::open(folder, dtype, device)?,
                        }),
                    };
                    let made = encoder.encode(&[text], config.tokens, true, device)?;
                    let made = [made.states.into_data(), made.mask.into_data()];
                    cache.put("text", &key, NAMES, made.clone())?;
                    made
                }
            };
            let [states, mask] = found;
            Ok(TextStates {
                states: Tensor::from_data(states, device),
                mask: Tensor::from_data(mask, device),
            })
        };
        Ok(Self {
            prompt: states(&config.prompt)?,
            negative: states(&config.negative_prompt)?,
            width,
            key: text_key(&made, &format!("{}\n{}", config.prompt, config.negative_prompt)),
        })
    }
}
