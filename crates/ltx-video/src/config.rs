//! Configuration of the transformer; the defaults are those of the published 2B models.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Configuration of a [`Transformer`](crate::Transformer), named as in the published `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Channels of a latent.
    pub in_channels: usize,
    /// Channels of the predicted velocity.
    pub out_channels: usize,
    /// Side of a token in latents; must be 1.
    pub patch_size: usize,
    /// Latent frames per token; must be 1.
    pub patch_size_t: usize,
    /// Number of attention heads.
    pub num_attention_heads: usize,
    /// Width of an attention head.
    pub attention_head_dim: usize,
    /// Width of the text states in cross-attention; equals that of a token.
    pub cross_attention_dim: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Width of the text encoder's states.
    pub caption_channels: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            in_channels: 128,
            out_channels: 128,
            patch_size: 1,
            patch_size_t: 1,
            num_attention_heads: 32,
            attention_head_dim: 64,
            cross_attention_dim: 2048,
            num_layers: 28,
            caption_channels: 4096,
        }
    }
}

impl Config {
    /// Configuration of the published 13B models.
    pub fn ltx_13b() -> Self {
        Self {
            attention_head_dim: 128,
            cross_attention_dim: 4096,
            num_layers: 48,
            ..Self::default()
        }
    }

    /// Returns the width of a token.
    pub fn width(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |setting: &'static str, found: usize, expected: String| {
            Err(Error::Config {
                setting,
                found: found.to_string(),
                expected,
            })
        };
        for (setting, found) in [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("num_attention_heads", self.num_attention_heads),
            ("attention_head_dim", self.attention_head_dim),
            ("num_layers", self.num_layers),
            ("caption_channels", self.caption_channels),
        ] {
            if found == 0 {
                return refuse(setting, 0, "at least 1".into());
            }
        }
        for (setting, found) in [("patch_size", self.patch_size), ("patch_size_t", self.patch_size_t)] {
            if found != 1 {
                return refuse(setting, found, "1".into());
            }
        }
        let width = self.width();
        if width < 6 || !self.attention_head_dim.is_multiple_of(2) {
            return refuse(
                "attention_head_dim",
                self.attention_head_dim,
                "an even number, and a width from 6".into(),
            );
        }
        if self.cross_attention_dim != width {
            return refuse(
                "cross_attention_dim",
                self.cross_attention_dim,
                format!("{width}, the width of a token"),
            );
        }
        Ok(())
    }
}
