//! Encoded prompts.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use t5_encoder::TextEncoder;

use crate::pipeline::Prompt;

/// Embeddings of prompts. They are computed before sampling, so that the text encoder, which is larger than the
/// activations of a clip, can be freed.
#[derive(Clone, Debug)]
pub struct Prompts {
    texts: BTreeMap<String, Tensor<3>>,
    first: String,
    negative: Tensor<3>,
}

impl Prompts {
    /// Encodes prompts and the negative prompt (which may be empty), each as `tokens` tokens with padding; the
    /// published models were trained with 512. The first prompt is the default ([`Self::first`]).
    ///
    /// # Errors
    /// No prompt, an empty one, or one that the encoder cannot read.
    pub fn new(
        encoder: &TextEncoder,
        prompts: &[&str],
        negative: &str,
        tokens: usize,
        device: &Device,
    ) -> Result<Self, t5_encoder::Error> {
        let encode = |text: &str| -> Result<Tensor<3>, t5_encoder::Error> {
            let found = encoder.encode(&[text], tokens, true, device)?;
            Ok(found.states * found.mask.unsqueeze_dim::<3>(2))
        };
        let first = prompts.first().ok_or(t5_encoder::Error::Empty)?.to_string();
        let mut texts = BTreeMap::new();
        for prompt in prompts {
            if prompt.trim().is_empty() {
                return Err(t5_encoder::Error::Empty);
            }
            texts.insert((*prompt).to_string(), encode(prompt)?);
        }
        Ok(Self {
            texts,
            first,
            negative: encode(negative)?,
        })
    }

    /// Creates prompts from existing embeddings, each `[1, words, width]`.
    pub fn from_embeddings(prompt: &str, text: Tensor<3>, negative: Tensor<3>) -> Self {
        Self {
            texts: BTreeMap::from([(prompt.to_string(), text)]),
            first: prompt.to_string(),
            negative,
        }
    }

    /// Default prompt.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// Returns the embeddings of a prompt and of the negative prompt, or `None` if the prompt was not encoded.
    pub fn get(&self, prompt: &str) -> Option<Prompt> {
        Some(Prompt {
            text: self.texts.get(prompt)?.clone(),
            negative: Some(self.negative.clone()),
        })
    }
}
