//! The backend under test.

use std::sync::OnceLock;

use burn::tensor::Device;

/// Environment variable that names the device under test.
const VARIABLE: &str = "PUSHT_TEST_DEVICE";

/// A test: its name, and what it checks on a device beside the CPU.
pub type BackendTest = (&'static str, fn(&Device));

/// The device that `PUSHT_TEST_DEVICE` names, or `wgpu` on any adapter, software too. It is opened once.
///
/// # Errors
/// No adapter.
///
/// # Panics
/// If the variable names a device that does not start, and in a build without wgpu: a test must not be skipped for a
/// mistyped name or a forgotten feature.
pub fn find_backend() -> Result<Device, String> {
    static FOUND: OnceLock<Result<Device, String>> = OnceLock::new();
    FOUND.get_or_init(open).clone()
}

fn open() -> Result<Device, String> {
    let named = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    match training::device(named.as_deref().unwrap_or("wgpu")) {
        Ok(device) => Ok(device),
        Err(training::TrainingError::DeviceUnavailable { reason, .. }) if named.is_none() => {
            Err(format!("no wgpu adapter starts here: {}", reason.replace('\n', " ")))
        }
        Err(error) => panic!("{error}"),
    }
}
