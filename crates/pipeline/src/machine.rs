//! What the experiment computes on.

use burn::tensor::Device;
use training::free_memory;

use crate::PipelineError;

/// A device by its name.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) device: Device,
    /// As it was asked for.
    pub(crate) name: String,
}

impl Machine {
    /// `cpu`, `cuda`, `cuda:1` or `wgpu`.
    pub(crate) fn open(name: &str) -> Result<Self, PipelineError> {
        let device = training::device(name).map_err(|e| PipelineError::Config {
            origin: "--device".to_owned(),
            reason: e.to_string(),
        })?;
        Ok(Self {
            device,
            name: name.to_owned(),
        })
    }

    /// Bytes that are free now, where that is known.
    pub(crate) fn free_memory(&self) -> Option<u64> {
        free_memory(&self.name)
    }
}
