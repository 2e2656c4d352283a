//! Weight files: safetensors, PyTorch pickles, adapters.

use std::path::Path;

use nn_kit::{AdapterFile, Checkpoint};
use training::ModelFile;

use crate::scratch::Scratch;
use crate::unpack_files;
use crate::zip::stored;

/// Keys under which training states hold weights.
const KEYS: [&str; 3] = ["state_dict", "model", "ema.model"];

thread_local! {
    static FOLDER: Scratch = Scratch::new();
}

pub(crate) fn safetensors(input: &[u8]) {
    FOLDER.with(|folder| {
        let path = folder.file("x.safetensors", input);
        read(Checkpoint::open(&path).ok());
        let _ = ModelFile::open(&path);
    });
}

pub(crate) fn adapter(input: &[u8]) {
    FOLDER.with(|folder| {
        let path = folder.file("adapters.safetensors", input);
        if AdapterFile::open(&path).is_ok() {
            read(Checkpoint::open(&path).ok());
        }
    });
}

pub(crate) fn pickle(input: &[u8]) {
    let files = unpack_files(input);
    FOLDER.with(|folder| {
        let path = match files.as_slice() {
            [] => folder.file("x.pth", input),
            files => folder.file("x.pth", &stored(files)),
        };
        both_ways(&path);
    });
}

/// A whole checkpoint, and the part under the usual keys.
fn both_ways(path: &Path) {
    read(Checkpoint::open(path).ok());
    read(Checkpoint::open_part(path, &KEYS).ok());
}

/// Reads all tensors.
fn read(checkpoint: Option<Checkpoint>) {
    let Some(checkpoint) = checkpoint else {
        return;
    };
    let names: Vec<String> = checkpoint.tensors().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let _ = checkpoint.values(&name);
    }
}
