//! The network: the velocity of the flow over paths, and the steps that are left.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::condition::CONDITIONS;
use super::whitening::AHEAD;
use object_latent::VideoGenError;

/// Numbers of a path.
pub const PATH: usize = 2 * AHEAD;
/// Features of the flow's time.
const TIME: usize = 5;

/// Settings of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathNetConfig {
    /// Width of the layers of the flow.
    pub width: usize,
    /// Hidden layers of the flow after the first.
    pub depth: usize,
    /// Width of the layers that estimate the steps left.
    pub value_width: usize,
}

impl Default for PathNetConfig {
    /// About 250,000 weights.
    fn default() -> Self {
        Self {
            width: 256,
            depth: 3,
            value_width: 128,
        }
    }
}

impl PathNetConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), VideoGenError> {
        let settings = [
            ("width", self.width, 4096),
            ("depth", self.depth, 32),
            ("value_width", self.value_width, 4096),
        ];
        for (setting, found, most) in settings {
            if !(1..=most).contains(&found) {
                let found = found.to_string();
                let expected = "at least 1, and at most 32 layers of width 4096";
                return Err(VideoGenError::Config {
                    setting,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// Creates the network with random weights.
    pub fn init(&self, device: &Device) -> PathNet {
        PathNet {
            flow: Perceptron::new(PATH + TIME + CONDITIONS, self.width, self.depth, PATH, device),
            value: Perceptron::new(CONDITIONS, self.value_width, 2, 1, device),
        }
    }
}

/// Layers with residual connections.
#[derive(Module, Debug)]
struct Perceptron {
    first: Linear,
    hidden: Vec<Linear>,
    last: Linear,
}

impl Perceptron {
    fn new(inputs: usize, width: usize, depth: usize, outputs: usize, device: &Device) -> Self {
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        Self {
            first: linear(inputs, width),
            hidden: (0..depth).map(|_| linear(width, width)).collect(),
            last: linear(width, outputs),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut h = silu(self.first.forward(x));
        for layer in &self.hidden {
            h = h.clone() + silu(layer.forward(h));
        }
        self.last.forward(h)
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct PathNet {
    flow: Perceptron,
    value: Perceptron,
}

impl PathNet {
    /// Velocity of noisy paths `[batch, 16]` at times `[batch]` under conditions `[batch, 33]`.
    pub fn velocity(&self, path: Tensor<2>, time: Tensor<1>, condition: Tensor<2>) -> Tensor<2> {
        let t = time.unsqueeze_dim::<2>(1);
        let wave = |k: f64| t.clone().mul_scalar(std::f64::consts::PI * k);
        let features = [
            path,
            t.clone(),
            wave(1.0).cos(),
            wave(2.0).cos(),
            wave(1.0).sin(),
            wave(2.0).sin(),
            condition,
        ];
        self.flow.forward(Tensor::cat(features.to_vec(), 1))
    }

    /// ln(1 + steps left until the T is at its end), `[batch, 1]`, of conditions without time and agent.
    pub fn steps_left(&self, condition: Tensor<2>) -> Tensor<2> {
        self.value.forward(condition)
    }
}
