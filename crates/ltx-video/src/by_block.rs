//! Loss and gradients with one block of the transformer in memory at a time ([`nn_kit::vjp`]).

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use nn_kit::{CheckpointedInput, GradAccumulator, vjp};

use crate::block::{Context, Modulation};
use crate::train::{Example, loss};
use crate::transformer::{Head, Transformer};

/// Inputs of all blocks besides the tokens, as leaves of the graph.
struct Conditioning {
    rows: CheckpointedInput<3>,
    text: CheckpointedInput<3>,
}

impl Conditioning {
    fn context(of: &Context, rows: Tensor<3>, text: Tensor<3>) -> Context {
        Context {
            modulation: Modulation {
                rows,
                ..of.modulation.clone()
            },
            text,
            ..of.clone()
        }
    }
}

impl Transformer {
    /// Computes the [`loss`] of an example, without autodiff, and the gradients of the trainable parameters.
    ///
    /// The gradients equal those of `forward` and `backward`. Every block is computed twice, but only one block's
    /// activations and the input of every block are in memory. The model must be in training mode ([`Module::train`]).
    pub fn loss_by_block(&self, example: Example) -> (Tensor<1>, GradientsParams) {
        let Example { input, target, counted } = example;
        let Head { x, context, embedded } = self.head(input);
        // Frozen parts before the blocks need no gradients.
        let mut given = Conditioning {
            rows: CheckpointedInput::new(&context.modulation.rows, context.modulation.rows.is_tracked()),
            text: CheckpointedInput::new(&context.text, context.text.is_tracked()),
        };
        let plain = Conditioning::context(&context, given.rows.plain(), given.text.plain());
        let mut inputs = Vec::new();
        let mut next = CheckpointedInput::new(&x, x.is_tracked());
        for block in self.valid().blocks() {
            let output = block.forward(next.plain(), &plain, &mut |_| {});
            inputs.push(std::mem::replace(&mut next, CheckpointedInput::new(&output, true)));
        }

        let mut all = GradAccumulator::new(self);
        let mut end = CheckpointedInput::new(&embedded, embedded.is_tracked());
        let (begun, time) = (next.begin(), end.begin());
        let value = loss(self.tail(begun.clone(), &plain, time.clone()), target, counted);
        let mut gradients = value.backward();
        all.add(self, &mut gradients);
        end.take(&time, &mut gradients);
        next.take(&begun, &mut gradients);
        let mut gradient = next.gradient();
        drop(gradients);
        for block in self.blocks().iter().rev() {
            let (Some(mut input), Some(reached)) = (inputs.pop(), gradient.take()) else {
                break;
            };
            let (begun, rows, text) = (input.begin(), given.rows.begin(), given.text.begin());
            let context = Conditioning::context(&context, rows.clone(), text.clone());
            let output = block.forward(begun.clone(), &context, &mut |_| {});
            if !output.is_tracked() {
                break;
            }
            let mut gradients = vjp(output, reached);
            all.add(block, &mut gradients);
            input.take(&begun, &mut gradients);
            given.rows.take(&rows, &mut gradients);
            given.text.take(&text, &mut gradients);
            gradient = input.gradient();
        }
        // Layers before the blocks, as far as they are trainable.
        let mut before = Vec::new();
        before.extend(gradient.filter(|_| x.is_tracked()).map(|g| (x * g).sum()));
        let rows = context.modulation.rows.clone();
        before.extend(given.rows.gradient().map(|g| (rows * g).sum()));
        before.extend(given.text.gradient().map(|g| (context.text.clone() * g).sum()));
        before.extend(end.gradient().map(|g| (embedded * g).sum()));
        let sum = before.into_iter().map(nn_kit::in_f32).reduce(|a, b| a + b);
        if let Some(sum) = sum {
            all.add(self, &mut sum.backward());
        }
        (value.without_autodiff(), all.finish())
    }
}
