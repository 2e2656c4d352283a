//! Devices by name.

use burn::tensor::Device;

use crate::TrainingError;
use crate::backends::{cuda, wgpu};
use crate::best_device::best_device;

/// The device named `cpu`, `cuda`, `cuda:N` (the N-th GPU, from 0), `wgpu` or `auto` ([`best_device`], which also says
/// which one it is). It has no autodiff; [`crate::fit`] adds it for training.
///
/// # Errors
/// An unknown name, a backend that is not in this binary, or one that the machine cannot run.
pub fn device(name: &str) -> Result<Device, TrainingError> {
    if name.starts_with("cuda:") && name.contains(',') {
        devices(name)?;
        return Err(TrainingError::SeveralDevices { name: name.to_string() });
    }
    match name.split_once(':') {
        None if name == "cpu" => Ok(Device::flex()),
        None if name == "cuda" => cuda(name, 0),
        Some(("cuda", index)) => match index.parse() {
            Ok(index) => cuda(name, index),
            Err(_) => Err(unknown(name)),
        },
        None if name == "wgpu" => wgpu(name),
        None if name == "auto" => Ok(best_device().device),
        _ => Err(unknown(name)),
    }
}

/// The devices named by one of those names, or by `cuda:0,1` (several GPUs of this host, which train together).
///
/// # Errors
/// Those of [`device`], a GPU that is named twice, or several GPUs without NCCL.
pub fn devices(name: &str) -> Result<Vec<Device>, TrainingError> {
    let indices: Vec<&str> = match name.split_once(':') {
        Some(("cuda", indices)) => indices.split(',').collect(),
        _ => return Ok(vec![device(name)?]),
    };
    for (place, index) in indices.iter().enumerate() {
        if index.parse::<usize>().is_err() || indices[..place].contains(index) {
            return Err(unknown(name));
        }
    }
    let found = indices.iter().map(|index| device(&format!("cuda:{index}")));
    let found: Vec<Device> = found.collect::<Result<_, _>>()?;
    #[cfg(feature = "cuda")]
    if found.len() > 1 && !crate::backends::library_found("libnccl.so.2") {
        return Err(TrainingError::DeviceUnavailable {
            name: name.to_string(),
            reason: "several GPUs exchange gradients through NVIDIA's NCCL, and libnccl.so.2 was not found (put its \
                     folder into LD_LIBRARY_PATH)"
                .into(),
        });
    }
    Ok(found)
}

/// Bytes that a model may take on a device: the machine's free memory for `cpu`; unknown for GPUs.
pub fn free_memory(name: &str) -> Option<u64> {
    if name != "cpu" {
        return None;
    }
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let free = system.available_memory();
    // A container may have less than its machine.
    Some(
        system
            .cgroup_limits()
            .map_or(free, |limits| free.min(limits.free_memory)),
    )
    .filter(|bytes| *bytes > 0)
}

fn unknown(name: &str) -> TrainingError {
    TrainingError::UnknownDevice { name: name.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(device("cpu").is_ok() && device("auto").is_ok());
        assert_eq!(devices("cpu").unwrap().len(), 1);
        for name in [
            "", "gpu", "cpu:1", "cuda:", "cuda:x", "wgpu:0", "cuda:0,", "cuda:0,0", "cpu,cpu", "auto:0",
        ] {
            let text = devices(name).unwrap_err().to_string();
            assert!(text.contains("expected cpu, cuda"), "{name}: {text}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_missing_backend_says_how_to_get_it() {
        for name in ["cuda:0", "cuda:0,1"] {
            let text = devices(name).unwrap_err().to_string();
            assert!(text.contains("rebuild with --features cuda"), "{text}");
        }
    }
}
