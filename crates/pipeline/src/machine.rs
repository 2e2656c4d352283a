//! The device of the experiment.

use burn::tensor::Device;
use training::free_memory;

use crate::PipelineError;

/// A device with its name.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) device: Device,
    /// The name; of `auto`, that of the device which it stands for.
    pub(crate) name: String,
}

impl Machine {
    /// Opens `cpu`, `cuda`, `cuda:1`, `wgpu` or `auto`.
    pub(crate) fn open(name: &str) -> Result<Self, PipelineError> {
        if name == "auto" {
            let best = training::best_device();
            return Ok(Self {
                device: best.device,
                name: best.name.to_owned(),
            });
        }
        let device = training::device(name).map_err(|e| PipelineError::Config {
            origin: "--device".to_owned(),
            reason: e.to_string(),
        })?;
        Ok(Self {
            device,
            name: name.to_owned(),
        })
    }

    /// Free memory in bytes, if known.
    pub(crate) fn free_memory(&self) -> Option<u64> {
        free_memory(&self.name)
    }
}
