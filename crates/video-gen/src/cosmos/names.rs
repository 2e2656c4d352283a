//! What published files call the parts.

use nn_kit::Renames;

/// A transformer in the layout of diffusers (a folder with `config.json` and `.safetensors` files).
pub const COSMOS_NAMES: &Renames = &[
    ("to_out.", "to_out.0."),
    ("ff.up.", "ff.net.0.proj."),
    ("ff.down.", "ff.net.2."),
];
