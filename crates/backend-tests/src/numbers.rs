//! Numbers that follow from a name, and tensors of them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use training::init_seeded;

/// `count` numbers in [−1, 1].
pub(crate) fn filled(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(2_166_136_261_u32, |seed, byte| {
        (seed ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    let number = |index: usize| {
        let mut x = (index as u32).wrapping_mul(2_654_435_761).wrapping_add(seed);
        for factor in [0x45d_9f3b, 0x119d_e1f3] {
            x ^= x >> 16;
            x = x.wrapping_mul(factor);
        }
        x ^= x >> 16;
        (f64::from(x >> 8) / f64::from(1 << 23) - 1.0) as f32
    };
    (0..count).map(number).collect()
}

/// A tensor of such numbers.
pub(crate) fn tensor<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = filled(name, shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// All values in one dimension.
pub(crate) fn flat<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let count = x.shape().num_elements();
    x.reshape([count])
}

/// The values of a tensor.
pub(crate) fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.without_autodiff().into_data().try_to_vec::<f32>().unwrap()
}

/// A model on the CPU with weights that are all different, also where its own start at zero.
pub(crate) fn model<M: Module>(build: impl FnOnce(&Device) -> M) -> M {
    init_seeded(1, &Device::flex(), build).map(&mut Spread(0))
}

struct Spread(usize);

impl ModuleMapper for Spread {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.0 += 1;
        let name = format!("weight {}", self.0);
        param.map(|x| {
            let shape: [usize; D] = x.dims();
            let inputs = shape.iter().product::<usize>() / shape[0].max(1);
            // The sum over the inputs of a layer stays about 1.
            let size = if D == 1 {
                0.2
            } else {
                (inputs.max(shape[0]) as f64).sqrt().recip()
            };
            let more = tensor(&name, shape, &x.device()).mul_scalar(size);
            x + more
        })
    }
}
