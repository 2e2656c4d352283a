//! Random models of a few thousand parameters, in the layout of published ones, to test commands without weights.

use std::path::Path;

use burn::tensor::Device;
use nn_kit::settings::Class;
use pusht_jobs::write_bytes;
use serde_json::{Value, json};
use training::init_seeded;

use crate::error::FinetuneError;
use crate::family::Family;

/// Width of the text encoder's states.
const TEXT: usize = 16;

/// Writes a random model to `folder`: transformer, autoencoder, text encoder, tokenizer. Its clips are noise, and
/// training improves it little.
///
/// # Errors
/// Files that cannot be written.
pub fn write_tiny_model(family: Family, folder: &Path, seed: u64) -> Result<(), FinetuneError> {
    let device = Device::flex();
    match family {
        Family::Ltx => {
            let sizes = ltx_video::Config {
                in_channels: 16,
                out_channels: 16,
                num_attention_heads: 4,
                attention_head_dim: 12,
                cross_attention_dim: 48,
                num_layers: 2,
                caption_channels: TEXT,
                ..ltx_video::Config::default()
            };
            let vae = ltx_video::VaeConfig {
                latent_channels: 16,
                block_out_channels: vec![8, 16, 16, 16, 16],
                layers_per_block: vec![1; 5],
                decoder_block_out_channels: vec![8, 16, 32],
                decoder_layers_per_block: vec![1; 4],
                ..ltx_video::Version::V095.config()
            };
            let transformer = ltx_video::Transformer::new(&sizes, &device)?;
            let transformer = init_seeded(seed, &device, |_| transformer);
            let folder_of = part(folder, "transformer", sizes.named())?;
            save(&folder_of, |path| transformer.save(path))?;
            let autoencoder = ltx_video::Vae::new(&vae, &device)?;
            let autoencoder = init_seeded(seed + 1, &device, |_| autoencoder);
            let folder_of = part(folder, "vae", vae.named())?;
            save(&folder_of, |path| autoencoder.save(path))?;
        }
        Family::Cosmos => {
            let sizes = cosmos_predict::Config {
                in_channels: 5,
                out_channels: 4,
                num_attention_heads: 2,
                attention_head_dim: 12,
                num_layers: 2,
                mlp_ratio: 2.0,
                text_embed_dim: TEXT,
                adaln_lora_dim: 4,
                ..cosmos_predict::Config::default()
            };
            let vae = cosmos_predict::AutoencoderConfig {
                latent_channels: 4,
                encoder_block_out_channels: vec![8, 8, 8, 8],
                decode_block_out_channels: vec![8, 8, 8, 8],
                attention_resolutions: vec![],
                num_layers: 1,
                ..cosmos_predict::AutoencoderConfig::default()
            };
            let transformer = cosmos_predict::Transformer::new(&sizes, &device)?;
            let transformer = init_seeded(seed, &device, |_| transformer);
            let folder_of = part(folder, "transformer", sizes.named())?;
            save(&folder_of, |path| transformer.save(path))?;
            let autoencoder = cosmos_predict::Autoencoder::new(&vae, &device)?;
            let autoencoder = init_seeded(seed + 1, &device, |_| autoencoder);
            let folder_of = part(folder, "vae", vae.named())?;
            save(&folder_of, |path| autoencoder.save(path))?;
        }
    }
    let pieces = pieces();
    let sizes = t5_encoder::Config {
        vocab_size: pieces.len(),
        d_model: TEXT,
        d_kv: 4,
        d_ff: 32,
        num_layers: 2,
        num_heads: 4,
        feed_forward_proj: match family {
            Family::Ltx => t5_encoder::Activation::GatedGelu,
            Family::Cosmos => t5_encoder::Activation::Relu,
        },
        ..t5_encoder::Config::default()
    };
    let encoder = init_seeded(seed + 2, &device, |device| t5_encoder::Encoder::new(&sizes, device));
    let folder_of = part(folder, "text_encoder", serde_json::to_value(&sizes))?;
    save(&folder_of, |path| encoder.save(path))?;
    let path = folder.join("tokenizer/tokenizer.json");
    make(&folder.join("tokenizer"))?;
    // Letters, and a mark for the start of words.
    let vocabulary: Vec<_> = pieces.iter().map(|piece| json!([piece, -1.0])).collect();
    let metaspace = json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true });
    let tokenizer = json!({
        "version": "1.0",
        "pre_tokenizer": metaspace,
        "decoder": metaspace,
        "model": { "type": "Unigram", "unk_id": 2, "vocab": vocabulary, "byte_fallback": false },
    });
    write_bytes(&path, tokenizer.to_string().as_bytes()).map_err(FinetuneError::io("writing", &path))?;
    Ok(())
}

/// Padding, end, unknown, and the pieces of texts.
fn pieces() -> Vec<String> {
    let fixed = ["<pad>", "</s>", "<unk>", "▁"].map(String::from);
    let letters = ('a'..='z').chain('A'..='Z').chain(",.;:-!?".chars());
    fixed.into_iter().chain(letters.map(String::from)).collect()
}

fn make(folder: &Path) -> Result<(), FinetuneError> {
    std::fs::create_dir_all(folder).map_err(FinetuneError::io("creating", folder))
}

/// Creates the folder of a part, with its config.
fn part(folder: &Path, name: &str, sizes: serde_json::Result<Value>) -> Result<std::path::PathBuf, FinetuneError> {
    let folder = folder.join(name);
    make(&folder)?;
    let path = folder.join("config.json");
    let sizes = sizes.map_err(FinetuneError::io("writing", &path))?;
    write_bytes(&path, format!("{sizes:#}\n").as_bytes()).map_err(FinetuneError::io("writing", &path))?;
    Ok(folder)
}

fn save(folder: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), FinetuneError> {
    let path = folder.join("model.safetensors");
    write(&path).map_err(FinetuneError::io("writing", &path))
}
