//! Devices by name.

use burn::tensor::Device;

use crate::TrainingError;

/// The device named `cpu`, `cuda`, `cuda:N` (the N-th GPU, from 0) or `wgpu`. It has no autodiff; [`crate::fit`] adds
/// it for training.
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
    if found.len() > 1 && !library_found("libnccl.so.2") {
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

#[cfg(not(feature = "cuda"))]
fn cuda(_name: &str, _index: usize) -> Result<Device, TrainingError> {
    Err(TrainingError::NotCompiledIn { backend: "cuda" })
}

/// Opens a CUDA device. Burn panics if there is no driver, so its library is looked for first.
#[cfg(feature = "cuda")]
fn cuda(name: &str, index: usize) -> Result<Device, TrainingError> {
    if !driver_found() {
        return Err(TrainingError::DeviceUnavailable {
            name: name.to_string(),
            reason: "no NVIDIA driver was found (libcuda.so.1, nvcuda.dll on Windows)".into(),
        });
    }
    start(name, move || Device::cuda(index))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu(_name: &str) -> Result<Device, TrainingError> {
    Err(TrainingError::NotCompiledIn { backend: "wgpu" })
}

#[cfg(feature = "wgpu")]
fn wgpu(name: &str) -> Result<Device, TrainingError> {
    start(name, || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(feature = "cuda")]
fn driver_found() -> bool {
    if cfg!(windows) {
        return std::path::Path::new(r"C:\Windows\System32\nvcuda.dll").exists();
    }
    library_found("libcuda.so.1")
}

#[cfg(feature = "cuda")]
fn library_found(file: &str) -> bool {
    let searched = std::env::var("LD_LIBRARY_PATH").unwrap_or_default();
    let standard = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/cuda/compat",
        "/usr/lib/wsl/lib",
        "/run/opengl-driver/lib",
    ];
    searched
        .split(':')
        .filter(|folder| !folder.is_empty())
        .chain(standard)
        .any(|folder| std::path::Path::new(folder).join(file).exists())
}

/// Runs one small computation, so that a device that cannot start is an error here instead of a panic later.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn start(name: &str, make: impl FnOnce() -> Device + std::panic::UnwindSafe) -> Result<Device, TrainingError> {
    let tried = std::panic::catch_unwind(|| {
        let device = make();
        let one = burn::Tensor::<1>::ones([1], &device).try_into_vec_as::<f32>();
        one.map(|_| device).map_err(|error| error.to_string())
    });
    let reason = match tried {
        Ok(Ok(device)) => return Ok(device),
        Ok(Err(reason)) => reason,
        Err(panic) => panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("the backend gave no reason")
            .to_string(),
    };
    Err(TrainingError::DeviceUnavailable {
        name: name.to_string(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(device("cpu").is_ok());
        assert_eq!(devices("cpu").unwrap().len(), 1);
        for name in [
            "", "gpu", "cpu:1", "cuda:", "cuda:x", "wgpu:0", "cuda:0,", "cuda:0,0", "cpu,cpu",
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
