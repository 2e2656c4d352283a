//! Key maps of published files.

use nn_kit::{KeyMap, LORA_NAMES};

/// Rows of a table.
type Names = Vec<(&'static str, &'static str)>;

/// Prefix of the transformer's names in `model.pt`.
pub(crate) const ORIGINAL: &str = "net.";

const FOLDER: &KeyMap = &[
    ("to_out.", "to_out.0."),
    ("ff.up.", "ff.net.0.proj."),
    ("ff.down.", "ff.net.2."),
];

/// There, a block is a list: 0 self-attention, 1 cross-attention to the prompt, 2 feed-forward.
const MODEL_PT: &KeyMap = &[
    ("transformer_blocks.", "blocks.block"),
    (".attn1.", ".blocks.0.block.attn."),
    (".attn2.", ".blocks.1.block.attn."),
    (".ff.up.", ".blocks.2.block.layer1."),
    (".ff.down.", ".blocks.2.block.layer2."),
    (".norm1.linear_", ".blocks.0.adaLN_modulation."),
    (".norm2.linear_", ".blocks.1.adaLN_modulation."),
    (".norm3.linear_", ".blocks.2.adaLN_modulation."),
    ("to_q.", "to_q.0."),
    ("norm_q.", "to_q.1."),
    ("to_k.", "to_k.0."),
    ("norm_k.", "to_k.1."),
    ("to_v.", "to_v.0."),
    ("to_out.", "to_out.0."),
    ("patch_embed.proj.", "x_embedder.proj.1."),
    ("learnable_pos_embed.", "extra_pos_embedder."),
    ("time_embed.t_embedder.", "t_embedder.1."),
    ("time_embed.norm.", "affline_norm."),
    ("norm_out.linear_", "final_layer.adaLN_modulation."),
    ("proj_out.", "final_layer.linear."),
];

const AUTOENCODER: &KeyMap = &[("to_out.", "to_out.0."), (".conv.", ".")];

/// State of the published TorchScript tokenizers, whose decoder numbers its levels from the frames.
const TOKENIZER: &KeyMap = &[
    ("down_blocks.", "down."),
    ("up_blocks.0.", "up.2."),
    ("up_blocks.1.", "up.1."),
    ("up_blocks.2.", "up.0."),
    ("mid_block.resnets.0.", "mid.block_1."),
    ("mid_block.resnets.1.", "mid.block_2."),
    ("mid_block.attentions.0.", "mid.attn_1.0."),
    ("mid_block.temp_attentions.0.", "mid.attn_1.1."),
    (".resnets.", ".block."),
    ("downsamplers.0.", "downsample."),
    ("upsamplers.0.", "upsample."),
    ("to_q.", "q."),
    ("to_k.", "k."),
    ("to_v.", "v."),
    ("to_out.", "proj_out."),
    (".conv_s.", ".0."),
    (".conv_t.", ".1."),
    ("conv_shortcut.", "nin_shortcut."),
    (".conv.", ".conv3d."),
];

fn with_adapters(names: &KeyMap) -> Names {
    [LORA_NAMES, names].concat()
}

/// Returns the key map of a transformer in a diffusers folder.
pub(crate) fn folder_names() -> Names {
    with_adapters(FOLDER)
}

/// Returns the key map of a transformer in `model.pt`, for names after [`ORIGINAL`].
pub(crate) fn model_pt_names() -> Names {
    with_adapters(MODEL_PT)
}

/// Returns the key map of an autoencoder in a diffusers folder.
pub(crate) fn autoencoder_names() -> Names {
    AUTOENCODER.to_vec()
}

/// Returns the key map of an autoencoder in the state of the published tokenizers.
pub(crate) fn tokenizer_names() -> Names {
    TOKENIZER.to_vec()
}
