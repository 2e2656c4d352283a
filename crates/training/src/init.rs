//! Initial weights from a seed.

use std::sync::{Mutex, PoisonError};

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Device;

/// Lock for Burn's random generator, one for the whole process, from which initial weights are drawn lazily.
static GENERATOR: Mutex<()> = Mutex::new(());

/// Builds a model whose initial weights are determined by `seed`, whatever other threads do: the generator is locked
/// while it is seeded and every (lazy) weight is drawn. Build all models with this function.
pub fn init_seeded<M: Module>(seed: u64, device: &Device, build: impl FnOnce(&Device) -> M) -> M {
    let guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    let model = build(device);
    model.visit(&mut Draw);
    drop(guard);
    model
}

struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Reading a lazy parameter initializes it.
        drop(param.val());
    }
}
