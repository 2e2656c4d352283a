//! Key maps of published files: diffusers folders, and single files with all models.
//!
//! No replacement text contains the pattern of another row, so the order of the rows does not matter.

use nn_kit::LORA_NAMES;

use crate::vae::Version;

/// Rows of a table.
type Names = Vec<(&'static str, &'static str)>;

/// Prefix of the transformer's names in single files.
pub const SINGLE_TRANSFORMER: &str = "model.diffusion_model.";
/// Prefix of the autoencoder's names in single files.
pub const SINGLE_VAE: &str = "vae.";
/// Statistics in single files that the models do not use.
pub(crate) const SINGLE_UNUSED: [&str; 2] = ["per_channel_statistics.channel", "per_channel_statistics.mean-of-stds"];

const TRANSFORMER: &[(&str, &str)] = &[
    ("time_embed.inner.", "time_embed.emb.timestep_embedder.linear_1."),
    ("time_embed.outer.", "time_embed.emb.timestep_embedder.linear_2."),
    ("ff.up.", "ff.net.0.proj."),
    ("ff.down.", "ff.net.2."),
    ("to_out.", "to_out.0."),
    (".norm_q", ".norm_q.weight"),
    (".norm_k", ".norm_k.weight"),
];

const TRANSFORMER_SINGLE: &[(&str, &str)] = &[
    ("proj_in.", "patchify_proj."),
    ("time_embed.", "adaln_single."),
    ("norm_q", "q_norm"),
    ("norm_k", "k_norm"),
];

const VAE: &[(&str, &str)] = &[
    ("encoder.down.", "encoder.down_blocks."),
    ("encoder.mid.", "encoder.mid_block.resnets."),
    ("decoder.mid.", "decoder.mid_block."),
    ("decoder.up.", "decoder.up_blocks."),
    (".unfolded.", ".upsamplers.0."),
    (".folded.", ".downsamplers.0."),
    (".strided.", ".downsamplers.0."),
    ("embedder.inner.", "embedder.timestep_embedder.linear_1."),
    ("embedder.outer.", "embedder.timestep_embedder.linear_2."),
];

/// Block list of the encoder in single files, 0.9.0 and 0.9.1.
const ENCODER_090: &[(&str, &str)] = &[
    ("encoder.down.0.strided.", "encoder.down_blocks.1."),
    ("encoder.down.0.conv_out.", "encoder.down_blocks.2."),
    ("encoder.down.0.", "encoder.down_blocks.0."),
    ("encoder.down.1.strided.", "encoder.down_blocks.4."),
    ("encoder.down.1.conv_out.", "encoder.down_blocks.5."),
    ("encoder.down.1.", "encoder.down_blocks.3."),
    ("encoder.down.2.strided.", "encoder.down_blocks.7."),
    ("encoder.down.2.", "encoder.down_blocks.6."),
    ("encoder.down.3.", "encoder.down_blocks.8."),
    ("encoder.mid.", "encoder.down_blocks.9.res_blocks."),
];

/// Block list of the encoder in single files, 0.9.5.
const ENCODER_095: &[(&str, &str)] = &[
    ("encoder.down.0.folded.", "encoder.down_blocks.1."),
    ("encoder.down.0.", "encoder.down_blocks.0."),
    ("encoder.down.1.folded.", "encoder.down_blocks.3."),
    ("encoder.down.1.", "encoder.down_blocks.2."),
    ("encoder.down.2.folded.", "encoder.down_blocks.5."),
    ("encoder.down.2.", "encoder.down_blocks.4."),
    ("encoder.down.3.folded.", "encoder.down_blocks.7."),
    ("encoder.down.3.", "encoder.down_blocks.6."),
    ("encoder.mid.", "encoder.down_blocks.8.res_blocks."),
];

/// Block list of the decoder in single files, 0.9.0.
const DECODER_090: &[(&str, &str)] = &[
    ("decoder.mid.", "decoder.up_blocks.0."),
    ("decoder.up.0.", "decoder.up_blocks.1."),
    ("decoder.up.1.unfolded.", "decoder.up_blocks.2."),
    ("decoder.up.1.", "decoder.up_blocks.3."),
    ("decoder.up.2.conv_in.", "decoder.up_blocks.4."),
    ("decoder.up.2.unfolded.", "decoder.up_blocks.5."),
    ("decoder.up.2.", "decoder.up_blocks.6."),
    ("decoder.up.3.conv_in.", "decoder.up_blocks.7."),
    ("decoder.up.3.unfolded.", "decoder.up_blocks.8."),
    ("decoder.up.3.", "decoder.up_blocks.9."),
];

/// Block list of the decoder in single files, 0.9.1 and 0.9.5.
const DECODER_TIMED: &[(&str, &str)] = &[
    ("decoder.mid.", "decoder.up_blocks.0."),
    ("decoder.up.0.unfolded.", "decoder.up_blocks.1."),
    ("decoder.up.0.", "decoder.up_blocks.2."),
    ("decoder.up.1.unfolded.", "decoder.up_blocks.3."),
    ("decoder.up.1.", "decoder.up_blocks.4."),
    ("decoder.up.2.unfolded.", "decoder.up_blocks.5."),
    ("decoder.up.2.", "decoder.up_blocks.6."),
    ("decoder.time_embedder.", "decoder.last_time_embedder."),
    ("decoder.scale_shift_table", "decoder.last_scale_shift_table"),
];

const VAE_SINGLE: &[(&str, &str)] = &[
    ("resnets.", "res_blocks."),
    ("conv_shortcut.conv.", "conv_shortcut."),
    ("norm3.", "norm3.norm."),
    ("embedder.inner.", "embedder.timestep_embedder.linear_1."),
    ("embedder.outer.", "embedder.timestep_embedder.linear_2."),
    ("latents_mean", "per_channel_statistics.mean-of-means"),
    ("latents_std", "per_channel_statistics.std-of-means"),
];

/// Returns the key map of the transformer in diffusers folders, including adapters.
pub fn transformer_names() -> Names {
    [TRANSFORMER, LORA_NAMES].concat()
}

/// Returns the key map of the transformer in single files, for names after [`SINGLE_TRANSFORMER`].
pub fn transformer_single_names() -> Names {
    [TRANSFORMER, TRANSFORMER_SINGLE, LORA_NAMES].concat()
}

/// Returns the key map of the autoencoder in diffusers folders.
pub fn vae_names() -> Names {
    VAE.to_vec()
}

/// Returns the key map of the autoencoder in single files, for names after [`SINGLE_VAE`].
pub fn vae_single_names(version: Version) -> Names {
    match version {
        Version::V090 => [ENCODER_090, DECODER_090, VAE_SINGLE].concat(),
        Version::V091 => [ENCODER_090, DECODER_TIMED, VAE_SINGLE].concat(),
        Version::V095 => [ENCODER_095, DECODER_TIMED, VAE_SINGLE].concat(),
    }
}
