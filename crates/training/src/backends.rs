//! Burn's backends besides that of the CPU: found, and started with their faults as errors.

use burn::tensor::Device;

use crate::TrainingError;

/// What is said where wgpu finds nothing.
pub(crate) const NO_ADAPTER: &str = "this machine has no adapter (a GPU with a driver for Vulkan, Metal or DirectX 12)";

/// What a wgpu adapter computes on.
#[cfg_attr(
    not(feature = "wgpu-plain"),
    allow(dead_code, reason = "there are none without wgpu")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// A GPU.
    Gpu,
    /// A program on the CPU, such as Mesa's llvmpipe: slower than Burn's own CPU backend.
    Software,
}

#[cfg(not(feature = "cuda"))]
pub(crate) fn cuda(_name: &str, _index: usize) -> Result<Device, TrainingError> {
    Err(TrainingError::NotCompiledIn { backend: "cuda" })
}

/// Opens a CUDA device. Burn panics if there is no driver, so its library is looked for first.
#[cfg(feature = "cuda")]
pub(crate) fn cuda(name: &str, index: usize) -> Result<Device, TrainingError> {
    if !driver_found() {
        return Err(TrainingError::DeviceUnavailable {
            name: name.to_string(),
            reason: "no NVIDIA driver was found (libcuda.so.1, nvcuda.dll on Windows)".into(),
        });
    }
    start(name, move || Device::cuda(index))
}

#[cfg(not(feature = "wgpu-plain"))]
pub(crate) fn wgpu(_name: &str) -> Result<Device, TrainingError> {
    Err(TrainingError::NotCompiledIn { backend: "wgpu" })
}

/// Opens a wgpu device. Where there is no adapter, Burn panics in a thread of its own, so adapters are looked for first.
#[cfg(feature = "wgpu-plain")]
pub(crate) fn wgpu(name: &str) -> Result<Device, TrainingError> {
    if wgpu_adapters().is_some_and(|adapters| adapters.is_empty()) {
        return Err(TrainingError::DeviceUnavailable {
            name: name.to_string(),
            reason: NO_ADAPTER.into(),
        });
    }
    start(name, || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

/// The adapters of wgpu, without starting one; `None` if wgpu is not in this binary.
#[cfg(not(feature = "wgpu-plain"))]
pub(crate) fn wgpu_adapters() -> Option<Vec<Adapter>> {
    None
}

/// The adapters of wgpu, without starting one; `None` if wgpu is not in this binary.
#[cfg(feature = "wgpu-plain")]
pub(crate) fn wgpu_adapters() -> Option<Vec<Adapter>> {
    let software = Device::wgpu(burn::tensor::DeviceKind::Cpu);
    let found = Device::enumerate(burn::tensor::DeviceType::Wgpu).into_iter();
    let kind = |device: Device| match device == software {
        true => Adapter::Software,
        false => Adapter::Gpu,
    };
    Some(found.map(kind).collect())
}

#[cfg(feature = "cuda")]
fn driver_found() -> bool {
    if cfg!(windows) {
        return std::path::Path::new(r"C:\Windows\System32\nvcuda.dll").exists();
    }
    library_found("libcuda.so.1")
}

#[cfg(feature = "cuda")]
pub(crate) fn library_found(file: &str) -> bool {
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
#[cfg(any(feature = "cuda", feature = "wgpu-plain"))]
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
