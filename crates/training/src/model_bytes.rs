//! The bytes of a model file: safetensors with PyTorch's parameter names and layouts, and the kind of model and its
//! configuration as JSON in the header's metadata, so that one file is complete.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use burn::module::Module;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, FloatDType};
use pusht_jobs::{Hasher, hash_bytes, open_file, read_rest};
use serde::Serialize;
use serde_json::Value;

use crate::ModelFileError;
use crate::replica::Cast;

const KIND: &str = "pusht.kind";
const CONFIG: &str = "pusht.config";
/// Key of the SHA-256 of all bytes after the header, without which damaged weights would go unnoticed.
const SHA256: &str = "pusht.sha256";
/// Key of the SHA-256 of kind and configuration; files of earlier versions have none.
const SETTINGS_SHA256: &str = "pusht.settings-sha256";

/// Writes a model to a safetensors file, under a temporary name, then renames it.
///
/// # Errors
/// A file that cannot be written.
pub fn save_model<M: Module>(
    path: &Path,
    model: &M,
    kind: &str,
    config: &impl Serialize,
) -> Result<(), ModelFileError> {
    let failed = writing(path);
    let bytes = model_bytes(model, kind, config).map_err(&failed)?;
    pusht_jobs::write_bytes(path, &bytes).map_err(|error| failed(error.to_string()))
}

/// Error for a path to which a model cannot be written.
pub(crate) fn writing(path: &Path) -> impl Fn(String) -> ModelFileError {
    move |reason| ModelFileError::Io {
        action: "writing",
        path: path.to_path_buf(),
        reason,
    }
}

/// A model as the bytes of its file; the error is a message.
pub(crate) fn model_bytes<M: Module>(model: &M, kind: &str, config: &impl Serialize) -> Result<Vec<u8>, String> {
    let config = serde_json::to_string(config).map_err(|error| error.to_string())?;
    let mut store = SafetensorsStore::from_bytes(None)
        .with_to_adapter(BurnToPyTorchAdapter)
        // The path of a layer inside an enum omits the enum.
        .skip_enum_variants(true)
        .metadata("format", "pt")
        .metadata(KIND, kind)
        .metadata(CONFIG, config);
    model.valid().save_into(&mut store).map_err(|error| error.to_string())?;
    let bytes = store.get_bytes().map_err(|error| error.to_string())?;
    let parts = split(&bytes)?.ok_or(CUT_SHORT)?;
    let header = serde_json::from_slice(parts.0).map_err(|error| error.to_string())?;
    sealed(header, parts.1).ok_or_else(|| "the header is not JSON".to_owned())
}

/// A file of this header and these tensors, with their hash in the header. The header's keys are sorted, so that the
/// same model gives the same bytes; the store's own order is that of a hash map.
pub(crate) fn sealed(mut header: Header, tensors: &[u8]) -> Option<Vec<u8>> {
    let metadata = header.entry("__metadata__".into()).or_default();
    metadata.insert(SHA256.into(), hash_bytes(tensors).into());
    let text = |key| metadata.get(key).and_then(Value::as_str);
    if let Some(hash) = settings_hash((text(KIND), text(CONFIG))) {
        metadata.insert(SETTINGS_SHA256.into(), hash.into());
    }
    let mut header = serde_json::to_vec(&header).ok()?;
    // The format aligns tensors to 8 bytes with spaces.
    header.resize(header.len().next_multiple_of(8), b' ');
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), tensors].concat())
}

/// SHA-256 of a kind and a configuration.
fn settings_hash((kind, config): (Option<&str>, Option<&str>)) -> Option<String> {
    Some(Hasher::new().field(kind?).field(config?).clone().finish())
}

/// Writes a model as [`save_model`] does, with its weights rounded to bf16: half the size, three significant digits. They
/// are rounded on the CPU, as other devices may do it wrongly without an error.
///
/// # Errors
/// A file that cannot be written.
pub fn save_model_in_bf16<M: Module>(
    path: &Path,
    model: &M,
    kind: &str,
    config: &impl Serialize,
) -> Result<(), ModelFileError> {
    let rounded = model
        .valid()
        .to_device(&Device::flex())
        .map(&mut Cast(FloatDType::BF16));
    save_model(path, &rounded, kind, config)
}

/// Reads kind, configuration and all bytes of a complete file.
pub(crate) fn read_file(path: &Path) -> Result<(String, Value, Vec<u8>), ModelFileError> {
    ModelFileError::unless_pointer(path)?;
    let reading = |error: std::io::Error| ModelFileError::Io {
        action: "reading",
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    let not_a_model = |reason| ModelFileError::NotAModel {
        path: path.to_path_buf(),
        reason,
    };
    let mut file = open_file(path).map_err(reading)?;
    let mut bytes = Vec::new();
    // The start, then the header, then the rest: each only if what comes before it is that of a model file.
    (&mut file).take(9).read_to_end(&mut bytes).map_err(reading)?;
    if bytes.len() < 9 {
        return Err(not_a_model(match bytes.len() {
            0 => "it is empty".to_owned(),
            length => format!("it has only {length} bytes"),
        }));
    }
    let other = |reason| {
        let held = nn_kit::Checkpoint::describe_pytorch(path);
        not_a_model(held.map_or(reason, |held| format!("it is a PyTorch file and holds {held}")))
    };
    split(&bytes).map_err(other)?;
    if let Some(length) = bytes.first_chunk().map(|length| u64::from_le_bytes(*length)) {
        let rest = length.saturating_sub(1);
        (&mut file).take(rest).read_to_end(&mut bytes).map_err(reading)?;
        if let Some((header, _)) = split(&bytes).map_err(not_a_model)? {
            metadata(&json(header).map_err(not_a_model)?).map_err(not_a_model)?;
        }
    }
    bytes.append(&mut read_rest(&mut file).map_err(reading)?);
    let (kind, config) = parse(path, &bytes)?;
    Ok((kind, config, bytes))
}

/// Reads kind and configuration of a complete file from its bytes; `path` is for messages.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<(String, Value), ModelFileError> {
    let not_a_model = |reason| ModelFileError::NotAModel {
        path: path.to_path_buf(),
        reason,
    };
    let damaged = |reason| ModelFileError::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    let (header, tensors) = split(bytes).map_err(not_a_model)?.ok_or(damaged(CUT_SHORT))?;
    let header = json(header).map_err(not_a_model)?;
    let end = |tensor: &Value| tensor["data_offsets"][1].as_u64();
    let expected = header.as_object().and_then(|all| all.values().filter_map(end).max());
    if (tensors.len() as u64) < expected.unwrap_or(0) {
        return Err(damaged(CUT_SHORT));
    }
    let (kind, config) = metadata(&header).map_err(not_a_model)?;
    let written = header["__metadata__"][SHA256].as_str();
    if written.is_some_and(|written| written != hash_bytes(tensors)) {
        return Err(damaged("its weights are not those that were written"));
    }
    let text = |key| header["__metadata__"][key].as_str();
    let settings = (text(KIND), text(CONFIG));
    if text(SETTINGS_SHA256).is_some_and(|written| Some(written) != settings_hash(settings).as_deref()) {
        return Err(damaged("its kind or configuration is not the one that was written"));
    }
    Ok((kind, config))
}

fn json(header: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(header).map_err(|error| format!("its header is not JSON: {error}"))
}

const CUT_SHORT: &str = "the file is cut short";

/// Header of a file: its parameters and its own metadata (`__metadata__`).
pub(crate) type Header = BTreeMap<String, BTreeMap<String, Value>>;
/// Header and tensors.
pub(crate) type Parts<'a> = (&'a [u8], &'a [u8]);

/// Splits a safetensors file into its parts (a little-endian u64 length, a JSON object, numbers); `None` if it is
/// truncated.
pub(crate) fn split(bytes: &[u8]) -> Result<Option<Parts<'_>>, String> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER || rest.first().is_some_and(|first| *first != b'{') {
        return Err("it does not begin as safetensors does".into());
    }
    Ok(rest.split_at_checked(length as usize))
}

/// The format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// Reads kind and configuration from a header.
fn metadata(header: &Value) -> Result<(String, Value), String> {
    let text = |key| {
        header["__metadata__"][key]
            .as_str()
            .ok_or(format!("it has no {key:?} metadata"))
    };
    let config = serde_json::from_str(text(CONFIG)?).map_err(|error| format!("{CONFIG} is not JSON: {error}"))?;
    Ok((text(KIND)?.to_string(), config))
}
