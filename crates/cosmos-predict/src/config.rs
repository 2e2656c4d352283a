//! Configuration of the transformer, named as in its published `config.json`.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Type of learned position embedding in addition to the rotary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LearnedPositions {
    /// One table each for time, height and width.
    Learnable,
}

/// Configuration of a [`Transformer`](crate::Transformer). Field names are those of the published `config.json`
/// (diffusers); other fields of the file are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Channels of a latent, plus one if the model takes a condition mask (video2world).
    pub in_channels: usize,
    /// Channels of a latent.
    pub out_channels: usize,
    /// Number of attention heads.
    pub num_attention_heads: usize,
    /// Width of an attention head; even and at least 6.
    pub attention_head_dim: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Hidden width of the feed-forward part as a multiple of the token width.
    pub mlp_ratio: f64,
    /// Width of the prompt's embeddings.
    pub text_embed_dim: usize,
    /// Rank of the modulations.
    pub adaln_lora_dim: usize,
    /// Largest clip in latent frames, rows and columns.
    pub max_size: [usize; 3],
    /// Latent frames, rows and columns per token.
    pub patch_size: [usize; 3],
    /// Stretch factors of the rotary frequencies for time, rows and columns (1 leaves them unchanged).
    pub rope_scale: [f64; 3],
    /// Whether an additional last input channel marks padding pixels.
    pub concat_padding_mask: bool,
    /// Type of learned position embedding, if any.
    pub extra_pos_embed_type: Option<LearnedPositions>,
}

impl Default for Config {
    /// Configuration of Cosmos-Predict1-7B-Text2World.
    fn default() -> Self {
        Self {
            in_channels: 16,
            out_channels: 16,
            num_attention_heads: 32,
            attention_head_dim: 128,
            num_layers: 28,
            mlp_ratio: 4.0,
            text_embed_dim: 1024,
            adaln_lora_dim: 256,
            max_size: [128, 240, 240],
            patch_size: [1, 2, 2],
            rope_scale: [2.0, 1.0, 1.0],
            concat_padding_mask: true,
            extra_pos_embed_type: Some(LearnedPositions::Learnable),
        }
    }
}

impl Config {
    /// Configuration of Cosmos-Predict1-7B-Text2World, which generates from a prompt.
    pub fn text2world_7b() -> Self {
        Self::default()
    }

    /// Configuration of Cosmos-Predict1-7B-Video2World, which generates from a prompt and frames.
    /// Cosmos-Predict1-7B-WorldInterpolator, trained on clips between two frames, has the same sizes.
    pub fn video2world_7b() -> Self {
        Self {
            in_channels: 17,
            ..Self::default()
        }
    }

    /// Configuration of Cosmos-Predict1-14B-Text2World.
    pub fn text2world_14b() -> Self {
        Self {
            num_attention_heads: 40,
            num_layers: 36,
            rope_scale: [2.0, 2.0, 2.0],
            ..Self::default()
        }
    }

    /// Configuration of Cosmos-Predict1-14B-Video2World.
    pub fn video2world_14b() -> Self {
        Self {
            in_channels: 17,
            ..Self::text2world_14b()
        }
    }

    /// Returns the width of a token.
    pub fn width(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Hidden width of a feed-forward part.
    pub(crate) fn hidden(&self) -> usize {
        (self.width() as f64 * self.mlp_ratio) as usize
    }

    /// Length of a token before its embedding.
    pub(crate) fn patch(&self) -> usize {
        let channels = self.in_channels + usize::from(self.concat_padding_mask);
        channels * self.patch_size.iter().product::<usize>()
    }

    /// Returns true if the model takes a mask of conditioning frames.
    pub fn takes_condition(&self) -> bool {
        self.in_channels == self.out_channels + 1
    }

    /// Returns the tokens in time, height and width of a latent clip.
    ///
    /// # Errors
    /// A clip that is not a whole number of tokens, or exceeds `max_size`.
    pub fn tokens(&self, frames: usize, height: usize, width: usize) -> Result<[usize; 3], Error> {
        let size = [frames, height, width];
        for (axis, name) in ["frames", "rows", "columns"].into_iter().enumerate() {
            let (patch, most) = (self.patch_size[axis], self.max_size[axis]);
            if size[axis] == 0 || !size[axis].is_multiple_of(patch) || size[axis] > most {
                return Err(Error::Size {
                    what: format!("{name} of the latent clip"),
                    found: size[axis],
                    expected: format!("a multiple of {patch} from {patch} to {most}"),
                });
            }
        }
        Ok(std::array::from_fn(|axis| size[axis] / self.patch_size[axis]))
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting: &'static str, found: String, expected: &str| {
            Err(Error::Config {
                setting,
                found,
                expected: expected.to_string(),
            })
        };
        let counts = [
            ("out_channels", self.out_channels),
            ("num_attention_heads", self.num_attention_heads),
            ("num_layers", self.num_layers),
            ("text_embed_dim", self.text_embed_dim),
            ("adaln_lora_dim", self.adaln_lora_dim),
        ];
        for (setting, found) in counts {
            if !(1..=1 << 20).contains(&found) {
                return wrong(setting, found.to_string(), "a number from 1 to a million");
            }
        }
        let head = self.attention_head_dim;
        if !(head.is_multiple_of(2) && (6..=4096).contains(&head)) {
            return wrong("attention_head_dim", head.to_string(), "an even number from 6");
        }
        if self.in_channels != self.out_channels && !self.takes_condition() {
            let expected = "out_channels (text2world) or one more (video2world)";
            return wrong("in_channels", self.in_channels.to_string(), expected);
        }
        if !(self.mlp_ratio.is_finite() && (1.0..=64.0).contains(&self.mlp_ratio)) {
            return wrong("mlp_ratio", self.mlp_ratio.to_string(), "a number from 1 to 64");
        }
        for axis in 0..3 {
            if self.patch_size[axis] == 0 || self.max_size[axis] / self.patch_size[axis].max(1) == 0 {
                let found = format!("{:?} (max_size {:?})", self.patch_size, self.max_size);
                return wrong("patch_size", found, "numbers from 1, at most max_size");
            }
        }
        if self.rope_scale.iter().any(|scale| !(scale.is_finite() && *scale > 0.0)) {
            return wrong("rope_scale", format!("{:?}", self.rope_scale), "numbers above 0");
        }
        Ok(())
    }
}
