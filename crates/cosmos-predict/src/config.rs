//! Sizes of the transformer, as its published `config.json` names them.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Learned positions beside the rotary ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LearnedPositions {
    /// One table each for time, height and width.
    Learnable,
}

/// Sizes of a [`Transformer`](crate::Transformer). Field names are those of the published `config.json`
/// (diffusers); fields of it that are not here are passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Channels of a latent, and one more where the model takes a condition mask (video2world).
    pub in_channels: usize,
    /// Channels of a latent.
    pub out_channels: usize,
    /// Heads of an attention.
    pub num_attention_heads: usize,
    /// Width of a head; even, 6 at least.
    pub attention_head_dim: usize,
    /// Blocks.
    pub num_layers: usize,
    /// Hidden width of a feed-forward part over the width of a token.
    pub mlp_ratio: f64,
    /// Width of the prompt's embeddings.
    pub text_embed_dim: usize,
    /// Rank of the modulations.
    pub adaln_lora_dim: usize,
    /// Largest clip in latent frames, rows and columns.
    pub max_size: [usize; 3],
    /// Latent frames, rows and columns a token.
    pub patch_size: [usize; 3],
    /// How far the rotary frequencies of time, rows and columns are stretched (1 leaves them as they are).
    pub rope_scale: [f64; 3],
    /// Whether the last input channel says which pixels are padding.
    pub concat_padding_mask: bool,
    /// Learned positions, where there are any.
    pub extra_pos_embed_type: Option<LearnedPositions>,
}

impl Default for Config {
    /// Cosmos-Predict1-7B-Text2World.
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
    /// Cosmos-Predict1-7B-Text2World: from a prompt alone.
    pub fn text2world_7b() -> Self {
        Self::default()
    }

    /// Cosmos-Predict1-7B-Video2World: from a prompt and frames. Cosmos-Predict1-7B-WorldInterpolator, which was trained
    /// on clips between two frames, has the same sizes.
    pub fn video2world_7b() -> Self {
        Self {
            in_channels: 17,
            ..Self::default()
        }
    }

    /// Cosmos-Predict1-14B-Text2World.
    pub fn text2world_14b() -> Self {
        Self {
            num_attention_heads: 40,
            num_layers: 36,
            rope_scale: [2.0, 2.0, 2.0],
            ..Self::default()
        }
    }

    /// Cosmos-Predict1-14B-Video2World.
    pub fn video2world_14b() -> Self {
        Self {
            in_channels: 17,
            ..Self::text2world_14b()
        }
    }

    /// Width of a token.
    pub fn width(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Hidden width of a feed-forward part.
    pub(crate) fn hidden(&self) -> usize {
        (self.width() as f64 * self.mlp_ratio) as usize
    }

    /// Numbers of a token before its embedding.
    pub(crate) fn patch(&self) -> usize {
        let channels = self.in_channels + usize::from(self.concat_padding_mask);
        channels * self.patch_size.iter().product::<usize>()
    }

    /// Whether a mask of condition frames is an input.
    pub fn takes_condition(&self) -> bool {
        self.in_channels == self.out_channels + 1
    }

    /// Tokens in time, height and width of a latent clip.
    ///
    /// # Errors
    /// A clip that is not a whole number of tokens, or larger than the positions go.
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

    /// Refuses sizes that are no model.
    ///
    /// # Errors
    /// The first one that is not.
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
