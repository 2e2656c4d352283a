//! The networks of the policies on images.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use nn_kit::{HubFile, RESNET18_IMAGENET};

use crate::cnn::Cnn;
use crate::family::PolicyKind;
use crate::resnet::{ResNet18, ResNet18Config};

/// A network from frames `[batch, 3, side, side]` to normalized actions `[batch, 2 · chunk]`.
pub trait ImageNet: Module + Sync + 'static {
    /// The policy's kind.
    const KIND: PolicyKind;
    /// Name of the network.
    const NAME: &'static str;
    /// Published initial weights, used without their head.
    const WEIGHTS: Option<&'static HubFile> = None;

    /// Creates the network with random weights, for squares of `side` px.
    fn build(side: usize, outputs: usize, device: &Device) -> Self;

    /// Runs the network: frames to normalized actions.
    fn run(&self, frames: Tensor<4>) -> Tensor<2>;
}

impl ImageNet for Cnn {
    const KIND: PolicyKind = PolicyKind::CNN;
    const NAME: &'static str = "cnn";

    fn build(side: usize, outputs: usize, device: &Device) -> Self {
        Self::new(side, outputs, device)
    }

    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}

impl ImageNet for ResNet18 {
    const KIND: PolicyKind = PolicyKind::RESNET18;
    const NAME: &'static str = "resnet18";
    const WEIGHTS: Option<&'static HubFile> = Some(&RESNET18_IMAGENET);

    fn build(_: usize, outputs: usize, device: &Device) -> Self {
        ResNet18Config::new().with_outputs(Some(outputs)).init(device)
    }

    fn run(&self, frames: Tensor<4>) -> Tensor<2> {
        self.forward(frames)
    }
}
