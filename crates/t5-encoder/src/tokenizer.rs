//! Tokenization of prompts for T5: subwords, end token, padding.

use std::path::Path;

use nn_kit::settings::refuse_pointer;

use crate::error::Error;

/// T5's names of the end token and of padding.
const END: &str = "</s>";
const PADDING: &str = "<pad>";

/// A tokenized prompt of fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptTokens {
    /// Token ids: those of the text, the end token, padding.
    pub ids: Vec<u32>,
    /// Whether each token is not padding.
    pub real: Vec<bool>,
}

/// Tokenizer of a T5 model, loaded from its `tokenizer.json`.
#[derive(Debug)]
pub struct Tokenizer {
    pieces: tokenizers::Tokenizer,
    end: u32,
    padding: u32,
}

impl Tokenizer {
    /// Reads `tokenizer.json`.
    ///
    /// # Errors
    /// A file that is missing or damaged, or not that of a T5 model.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Tokenizer {
            path: path.to_path_buf(),
            reason,
        };
        refuse_pointer(path)?;
        let mut pieces = tokenizers::Tokenizer::from_file(path).map_err(|error| refuse(error.to_string()))?;
        // Truncation and padding are done here.
        pieces
            .with_truncation(None)
            .map_err(|error| refuse(error.to_string()))?;
        pieces.with_padding(None);
        let id = |piece: &str| {
            pieces
                .token_to_id(piece)
                .ok_or_else(|| refuse(format!("it has no {piece}")))
        };
        let (end, padding) = (id(END)?, id(PADDING)?);
        Ok(Self { pieces, end, padding })
    }

    /// Tokenizes a text to `length` tokens including the end token, with padding. A longer text is truncated.
    ///
    /// # Errors
    /// A text that the tokenizer cannot process.
    pub fn encode(&self, text: &str, length: usize) -> Result<PromptTokens, Error> {
        let pieces = self.pieces.encode_fast(text, false);
        let pieces = pieces.map_err(|error| Error::Prompt {
            reason: error.to_string(),
        })?;
        let mut ids = pieces.get_ids().to_vec();
        ids.truncate(length.saturating_sub(1));
        ids.push(self.end);
        let real = ids.len();
        ids.resize(length.max(1), self.padding);
        Ok(PromptTokens {
            real: (0..ids.len()).map(|i| i < real).collect(),
            ids,
        })
    }
}
