//! From a prompt to the tokens of T5: pieces of words, an end, padding.

use std::path::Path;

use crate::error::Error;

/// What T5 calls the end of a text and the padding after it.
const END: &str = "</s>";
const PADDING: &str = "<pad>";

/// A prompt of a fixed number of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptTokens {
    /// Tokens: those of the text, the end, padding.
    pub ids: Vec<u32>,
    /// Which of them are not padding.
    pub real: Vec<bool>,
}

/// The tokenizer of a T5 model, from its `tokenizer.json`.
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
        let mut pieces = tokenizers::Tokenizer::from_file(path).map_err(|error| refuse(error.to_string()))?;
        // Length and padding are ours to choose.
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

    /// The tokens of a text, at most `length` with the end; the rest of a longer text is left out.
    ///
    /// # Errors
    /// A text that the tokenizer fails on.
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
