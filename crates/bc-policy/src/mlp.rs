//! The network of the policy on tracked states.

use burn::Tensor;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use burn::tensor::activation::silu;

/// A multilayer perceptron with SiLU between its layers.
///
/// Input `[batch, features]`, output `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    /// Creates layers of `widths[0]` → `widths[1]` → …
    pub fn new(widths: &[usize], device: &Device) -> Self {
        let layer = |pair: &[usize]| LinearConfig::new(pair[0], pair[1]).init(device);
        Self {
            layers: widths.windows(2).map(layer).collect(),
        }
    }

    /// Runs the network; shapes as given at the type.
    pub fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if index + 1 < self.layers.len() {
                x = silu(x);
            }
        }
        x
    }
}
