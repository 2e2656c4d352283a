//! Files and number formats of a model.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device, FloatDType};
use nn_kit::settings::read_or_default;

use crate::error::FinetuneError;
use crate::family::Format;

/// The files of the transformer.
pub(crate) fn part(model: &Path) -> PathBuf {
    let folder = model.join("transformer");
    match folder.is_dir() {
        true => folder,
        false if model.is_dir() => model.join("model.pt"),
        false => model.to_path_buf(),
    }
}

/// Number format of the computation.
pub(crate) fn format(format: Format, device: &Device) -> Result<FloatDType, FinetuneError> {
    let has = device.supports_dtype(DType::BF16);
    match format {
        Format::Bf16 if has => Ok(FloatDType::BF16),
        Format::Bf16 => Err(FinetuneError::setting(
            "format",
            "bf16",
            "f32, as this device has no bf16",
        )),
        // The CPU emulates bf16 with f32, one operation at a time.
        Format::Auto if has && *device != Device::flex() => Ok(FloatDType::BF16),
        Format::Auto | Format::F32 => Ok(FloatDType::F32),
    }
}

/// Name of the number format.
pub(crate) fn number_format(dtype: FloatDType) -> &'static str {
    match dtype {
        FloatDType::BF16 => "bf16",
        _ => "f32",
    }
}

/// Reads the schedule of a model folder; the published one if it has none.
pub(crate) fn schedule<S: Default + serde::de::DeserializeOwned>(model: &Path) -> Result<S, FinetuneError> {
    Ok(read_or_default(&model.join("scheduler/scheduler_config.json"))?)
}
