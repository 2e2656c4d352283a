//! Metadata of an array (zarr versions 2 and 3): the compressors that this crate undoes itself are taken out, and what cannot
//! be read is named with its remedy.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, ArrayMetadata};
use zarrs::filesystem::FilesystemStore;

use super::inflate::Compressor;
use crate::DataError;

/// Metadata file of version 3.
const V3: &str = "zarr.json";
/// Metadata file of version 2.
const V2: &str = ".zarray";

/// Codecs that can be read, under the names of both versions.
const READ: &str = "blosc, bytes, crc32c, gzip, lz4, sharding_indexed, shuffle, transpose (order F), zlib, zstd";

/// An open array, and the compressors of its chunks that are not in its codecs, outermost last.
pub(super) struct Opened {
    pub(super) array: Array<FilesystemStore>,
    pub(super) compressors: Vec<Compressor>,
}

/// Opens the array `name` of the replay buffer at `path`; `None` if there is none.
///
/// # Errors
/// Metadata that cannot be read, or codecs that are not built in.
pub(super) fn open(store: &Arc<FilesystemStore>, path: &Path, name: &str) -> Result<Option<Opened>, DataError> {
    let files = [V3, V2].map(|file| path.join(name).join(file));
    let Some(file) = files.iter().find(|file| file.is_file()) else {
        return Ok(None);
    };
    let refused = |found: String| {
        let error = DataError::Layout {
            path: path.to_path_buf(),
            array: name.to_owned(),
            expected: "zarr array metadata that can be read".to_owned(),
            found,
        };
        error.or_pointer(file)
    };
    pusht_jobs::refuse_special_files(path.join(name)).map_err(|e| refused(e.to_string()))?;
    let bytes = pusht_jobs::read_file(file).map_err(|e| refused(e.to_string()))?;
    let mut metadata: Value = serde_json::from_slice(&bytes).map_err(|e| refused(e.to_string()))?;
    if !metadata.is_object() {
        return Err(refused(format!("JSON that is no object in {}", file.display())));
    }
    if metadata["node_type"] == "group" {
        return Err(refused("a group".to_owned()));
    }
    let codecs = codecs(&metadata);
    let compressors = take_compressors(&mut metadata);
    let metadata: ArrayMetadata = serde_json::from_value(metadata).map_err(|e| refused(e.to_string()))?;
    let opened = Array::new_with_metadata(Arc::clone(store), &format!("/{name}"), metadata);
    let array = opened.map_err(|e| refused(unread(&codecs).unwrap_or_else(|| e.to_string())))?;
    Ok(Some(Opened { array, compressors }))
}

/// Names of the array's codecs, filters and compressor, those within shards included.
fn codecs(metadata: &Value) -> Vec<String> {
    fn add(names: &mut Vec<String>, codec: &Value, depth: usize) {
        let name = codec["id"].as_str().or(codec["name"].as_str()).or(codec.as_str());
        names.extend(name.map(str::to_owned));
        for inside in ["codecs", "index_codecs"] {
            let inside = codec["configuration"][inside].as_array().into_iter().flatten();
            if depth < 8 {
                inside.for_each(|codec| add(names, codec, depth + 1));
            }
        }
    }
    let mut names = Vec::new();
    for list in ["filters", "codecs"] {
        let list = metadata[list].as_array().into_iter().flatten();
        list.for_each(|codec| add(&mut names, codec, 0));
    }
    add(&mut names, &metadata["compressor"], 0);
    if metadata["order"] == "F" {
        names.push("transpose".to_owned());
    }
    names
}

/// Takes out of the metadata the outermost codecs that [`Compressor`] undoes.
fn take_compressors(metadata: &mut Value) -> Vec<Compressor> {
    let mut taken = Vec::new();
    // Indexing with a name would insert what is not there.
    let mut codecs = metadata.get_mut("codecs").and_then(Value::as_array_mut);
    for codec in codecs.iter_mut().flat_map(|codecs| codecs.iter_mut()) {
        if codec["name"] == "numcodecs.blosc" {
            // The same data; its settings, which are written in another way, are not needed for reading.
            *codec = json!({"name": "blosc", "configuration": {
                "cname": "lz4", "clevel": 5, "shuffle": "noshuffle", "blocksize": 0,
            }});
        }
    }
    if let Some(codecs) = codecs {
        while let Some(compressor) = codecs.last().and_then(|codec| Compressor::of(codec["name"].as_str()?)) {
            taken.insert(0, compressor);
            codecs.pop();
        }
    } else if let Some(compressor) = metadata["compressor"]["id"].as_str().and_then(Compressor::of) {
        taken.push(compressor);
        metadata["compressor"] = Value::Null;
    }
    taken
}

/// What to say of the first codec that is not read.
fn unread(codecs: &[String]) -> Option<String> {
    let plain = |name: &str| name.trim_start_matches("numcodecs.").to_owned();
    let known: Vec<&str> = READ
        .split(", ")
        .map(|name| name.split(' ').next().unwrap_or(name))
        .collect();
    let names: Vec<String> = codecs.iter().map(|name| plain(name)).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Some(format!(
            "the codec {name}, which is not read; write the array again with one of these: {READ} (zarr-python: \
             compressor=numcodecs.Blosc(), or compressors=zarr.codecs.BloscCodec())"
        ));
    }
    if cfg!(feature = "zarr-codecs") {
        return None;
    }
    let always = ["blosc", "bytes", "shuffle", "zstd"];
    let name = names.iter().find(|name| !always.contains(&name.as_str()))?;
    Some(format!(
        "the codec {name}, which this program was built without (feature `zarr-codecs` of pusht-data; the program `pusht` has it)"
    ))
}
