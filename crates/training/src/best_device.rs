//! The device that `auto` stands for.

use std::fmt;

use burn::tensor::Device;

use crate::TrainingError;
use crate::backends::{Adapter, NO_ADAPTER, cuda, wgpu, wgpu_adapters};

/// The best device of this machine that this build can use.
#[derive(Clone, Debug)]
pub struct BestDevice {
    /// Its name for [`crate::device`]: `cuda`, `wgpu` or `cpu`.
    pub name: &'static str,
    /// The device, started.
    pub device: Device,
    /// The part, as it names itself; none for the CPU.
    pub part: Option<String>,
    /// Why the devices that would have been better were not taken.
    pub passed: Vec<String>,
}

impl fmt::Display for BestDevice {
    /// `wgpu (NVIDIA GeForce RTX 4090); not cuda: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(part) = &self.part {
            write!(f, " ({part})")?;
        }
        for passed in &self.passed {
            write!(f, "; not {passed}")?;
        }
        Ok(())
    }
}

/// Starts the best device: CUDA, then a GPU through wgpu, then the CPU. An adapter of wgpu that is a program on the CPU is
/// never chosen; `wgpu` by name takes one if there is no other.
pub fn best_device() -> BestDevice {
    let mut passed = Vec::new();
    for name in ["cuda", "wgpu"] {
        let tried = match name {
            "cuda" => cuda(name, 0).map_err(why),
            _ => match no_gpu(&wgpu_adapters()) {
                Some(reason) => Err(reason.to_owned()),
                None => wgpu(name).map_err(why),
            },
        };
        match tried {
            Ok(device) => {
                let part = part(&device);
                return BestDevice {
                    name,
                    device,
                    part,
                    passed,
                };
            }
            Err(reason) => passed.push(format!("{name}: {reason}")),
        }
    }
    BestDevice {
        name: "cpu",
        device: Device::flex(),
        part: None,
        passed,
    }
}

/// The reason of an error, without its advice to take the CPU.
fn why(error: TrainingError) -> String {
    match error {
        TrainingError::NotCompiledIn { backend } => format!("not in this build (--features {backend} adds it)"),
        TrainingError::DeviceUnavailable { reason, .. } => reason,
        other => other.to_string(),
    }
}

/// Why none of the adapters is taken unasked; `None` if one is a GPU, or the build has no wgpu, which says so itself.
fn no_gpu(adapters: &Option<Vec<Adapter>>) -> Option<&'static str> {
    let adapters = adapters.as_ref()?;
    if adapters.contains(&Adapter::Gpu) {
        return None;
    }
    Some(match adapters.is_empty() {
        true => NO_ADAPTER,
        false => "the only adapter is software on the CPU, slower than cpu (--device wgpu takes it)",
    })
}

#[cfg(any(feature = "cuda", feature = "wgpu-plain"))]
fn part(device: &Device) -> Option<String> {
    device.identity().map(|identity| identity.name)
}

#[cfg(not(any(feature = "cuda", feature = "wgpu-plain")))]
fn part(_device: &Device) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_software_adapter_is_not_taken_unasked() {
        assert_eq!(no_gpu(&None), None);
        assert_eq!(no_gpu(&Some(vec![Adapter::Software, Adapter::Gpu])), None);
        let reason = |adapters| no_gpu(&Some(adapters)).unwrap();
        assert!(reason(vec![Adapter::Software]).contains("software"));
        assert!(reason(vec![]).contains("no adapter"));
    }

    #[test]
    fn the_choice_is_told() {
        let best = BestDevice {
            name: "wgpu",
            device: Device::flex(),
            part: Some("GPU 9000".into()),
            passed: vec!["cuda: no driver".into()],
        };
        assert_eq!(best.to_string(), "wgpu (GPU 9000); not cuda: no driver");
    }

    #[cfg(not(any(feature = "cuda", feature = "wgpu-plain")))]
    #[test]
    fn without_other_backends_it_is_the_cpu() {
        let best = best_device();
        assert_eq!((best.name, &best.device), ("cpu", &Device::flex()));
        let told = best.to_string();
        assert!(
            told.contains("--features cuda") && told.contains("--features wgpu"),
            "{told}"
        );
    }
}
