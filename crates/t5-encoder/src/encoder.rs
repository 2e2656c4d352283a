//! Encoding of prompts as text states.

use std::path::Path;

use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use nn_kit::{Checkpoint, in_f32};

use crate::error::Error;
use crate::int8::Int8Encoder;
use crate::t5::{Config, Encoder};
use crate::tokenizer::{PromptTokens, Tokenizer};

/// Encoded prompts.
#[derive(Clone, Debug)]
pub struct TextStates {
    /// Text states `[prompts, tokens, width]`, in f32.
    pub states: Tensor<3>,
    /// 1 for tokens, 0 for padding: `[prompts, tokens]`.
    pub mask: Tensor<2>,
}

impl TextStates {
    /// Concatenates prompts with the same number of tokens.
    pub fn rows(rows: Vec<Self>) -> Self {
        let (states, mask) = rows.into_iter().map(|row| (row.states, row.mask)).unzip();
        Self {
            states: Tensor::cat(states, 0),
            mask: Tensor::cat(mask, 0),
        }
    }
}

/// Text encoder of a tokenizer and a T5 network.
#[derive(Debug)]
pub struct TextEncoder {
    tokenizer: Tokenizer,
    t5: Weights,
}

#[derive(Debug)]
enum Weights {
    Plain(Encoder),
    Int8(Int8Encoder),
}

impl TextEncoder {
    /// Creates a text encoder; tokenizer and network must belong to the same model.
    pub fn new(tokenizer: Tokenizer, t5: Encoder) -> Self {
        Self {
            tokenizer,
            t5: Weights::Plain(t5),
        }
    }

    /// Opens a folder in the layout of published models: `tokenizer/tokenizer.json` and `text_encoder/` (`config.json`
    /// and weights).
    ///
    /// # Errors
    /// Files that are missing or damaged, and weights that do not fit.
    pub fn open(folder: &Path, dtype: FloatDType, device: &Device) -> Result<Self, Error> {
        let tokenizer = Tokenizer::open(&folder.join("tokenizer/tokenizer.json"))?;
        let config = Config::open(folder)?;
        let checkpoint = Checkpoint::open_folder(&folder.join("text_encoder"))?;
        Ok(Self::new(
            tokenizer,
            Encoder::load(&config, checkpoint, "", dtype, device)?,
        ))
    }

    /// [`Self::open`] with weights in 8 bits ([`Int8Encoder`]).
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_8bit(folder: &Path, device: &Device) -> Result<Self, Error> {
        let tokenizer = Tokenizer::open(&folder.join("tokenizer/tokenizer.json"))?;
        let checkpoint = Checkpoint::open_folder(&folder.join("text_encoder"))?;
        let t5 = Int8Encoder::load(&Config::open(folder)?, checkpoint, device)?;
        Ok(Self {
            tokenizer,
            t5: Weights::Int8(t5),
        })
    }

    /// Checks configuration, names and shapes as [`Self::open`] does, without reading weights.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check_files(folder: &Path) -> Result<(), Error> {
        Tokenizer::open(&folder.join("tokenizer/tokenizer.json"))?;
        Encoder::check(
            &Config::open(folder)?,
            Checkpoint::open_folder(&folder.join("text_encoder"))?,
        )
    }

    /// Tokenizes texts, each padded to `length`. A text may be empty, such as a negative prompt.
    ///
    /// # Errors
    /// A text that cannot be tokenized, or has tokens that the network does not know.
    pub fn tokens(&self, texts: &[&str], length: usize) -> Result<Vec<PromptTokens>, Error> {
        let vocabulary = match &self.t5 {
            Weights::Plain(t5) => t5.vocabulary(),
            Weights::Int8(t5) => t5.vocabulary(),
        };
        let encode = |text: &&str| {
            let tokens = self.tokenizer.encode(text, length)?;
            match tokens.ids.iter().find(|id| **id as usize >= vocabulary) {
                Some(&token) => Err(Error::Token { token, vocabulary }),
                None => Ok(tokens),
            }
        };
        texts.iter().map(encode).collect()
    }

    /// Encodes texts. `masked` hides padding from attention inside the encoder; some published models were trained
    /// without (`false`).
    ///
    /// # Errors
    /// As [`Self::tokens`].
    pub fn encode(&self, texts: &[&str], length: usize, masked: bool, device: &Device) -> Result<TextStates, Error> {
        let tokens = self.tokens(texts, length)?;
        let shape = [texts.len(), length.max(1)];
        let ids: Vec<i64> = tokens
            .iter()
            .flat_map(|t| t.ids.iter().map(|id| i64::from(*id)))
            .collect();
        let real: Vec<f32> = tokens
            .iter()
            .flat_map(|t| t.real.iter().map(|r| f32::from(u8::from(*r))))
            .collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, shape), device);
        let mask = Tensor::<2>::from_data(TensorData::new(real, shape), device);
        let seen = masked.then(|| mask.clone());
        let states = match &self.t5 {
            Weights::Plain(t5) => t5.forward(ids, seen),
            Weights::Int8(t5) => t5.forward(ids, seen),
        };
        Ok(TextStates {
            states: in_f32(states),
            mask,
        })
    }
}
