//! Loss and gradients with one block of the transformer in memory at a time ([`nn_kit::vjp`]).

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use diffusion_schedulers::EdmConfig;
use nn_kit::{CheckpointedInput, GradAccumulator, in_f32, vjp};

use crate::block::Shared;
use crate::error::Error;
use crate::modulation::Noise;
use crate::train::{Batch, Prepared};
use crate::transformer::Transformer;

/// Inputs that all blocks share, as leaves of the graph.
struct Conditioning {
    embedded: CheckpointedInput<3>,
    added: CheckpointedInput<3>,
    learned: Option<CheckpointedInput<4>>,
}

/// The inputs of [`Conditioning`] as the start of a graph.
struct Begun {
    embedded: Tensor<3>,
    added: Tensor<3>,
    learned: Option<Tensor<4>>,
}

impl Conditioning {
    fn new(shared: &Shared) -> Self {
        // Frozen parts before the blocks need no gradients.
        let input = |x: &Tensor<3>| CheckpointedInput::new(x, x.is_tracked());
        Self {
            embedded: input(&shared.noise.embedded),
            added: input(&shared.noise.shared),
            learned: shared
                .learned
                .as_ref()
                .map(|x| CheckpointedInput::new(x, x.is_tracked())),
        }
    }

    fn begin(&self) -> Begun {
        Begun {
            embedded: self.embedded.begin(),
            added: self.added.begin(),
            learned: self.learned.as_ref().map(CheckpointedInput::begin),
        }
    }

    fn plain(&self) -> Begun {
        Begun {
            embedded: self.embedded.plain(),
            added: self.added.plain(),
            learned: self.learned.as_ref().map(CheckpointedInput::plain),
        }
    }

    fn take(&mut self, begun: &Begun, gradients: &mut burn::tensor::Gradients) {
        self.embedded.take(&begun.embedded, gradients);
        self.added.take(&begun.added, gradients);
        if let Some((input, begun)) = self.learned.as_mut().zip(begun.learned.as_ref()) {
            input.take(begun, gradients);
        }
    }
}

impl Begun {
    fn shared(&self, of: &Shared) -> Shared {
        Shared {
            noise: Noise {
                embedded: self.embedded.clone(),
                shared: self.added.clone(),
            },
            learned: self.learned.clone(),
            ..of.clone()
        }
    }
}

impl Transformer {
    /// Computes the loss of a batch ([`Transformer::loss`]), without autodiff, and the gradients of the trainable
    /// parameters.
    ///
    /// The gradients equal those of `backward`. Every block is computed twice, but only one block's activations and the
    /// input of every block are in memory. The model must be in training mode ([`Module::train`]).
    ///
    /// # Errors
    /// A batch that does not fit the model, or whose parts do not fit together.
    pub fn loss_by_block(&self, batch: Batch, levels: &EdmConfig) -> Result<(Tensor<1>, GradientsParams), Error> {
        let prepared = Prepared::new(batch, levels)?;
        let tokens = self.check(&prepared.input)?;
        let shared = self.shared(&prepared.input, tokens);
        let x = self.embed(&prepared.input, tokens);
        let mut given = Conditioning::new(&shared);
        let plain = given.plain().shared(&shared);
        let mut inputs = Vec::new();
        let mut next = CheckpointedInput::new(&x, x.is_tracked());
        for block in self.valid().blocks() {
            let output = block.forward(next.plain(), &plain).0;
            inputs.push(std::mem::replace(&mut next, CheckpointedInput::new(&output, true)));
        }

        let mut all = GradAccumulator::new(self);
        let (begun, end) = (next.begin(), given.begin());
        let output = in_f32(self.tail(begun.clone(), &end.shared(&shared), tokens));
        let value = prepared.loss(output).0;
        let mut gradients = value.backward();
        all.add(self, &mut gradients);
        given.take(&end, &mut gradients);
        next.take(&begun, &mut gradients);
        let mut reached = next.gradient();
        drop(gradients);
        for block in self.blocks().iter().rev() {
            let (Some(mut input), Some(gradient)) = (inputs.pop(), reached.take()) else {
                break;
            };
            let (begun, with) = (input.begin(), given.begin());
            let output = block.forward(begun.clone(), &with.shared(&shared)).0;
            if !output.is_tracked() {
                break;
            }
            let mut gradients = vjp(output, gradient);
            all.add(block, &mut gradients);
            input.take(&begun, &mut gradients);
            given.take(&with, &mut gradients);
            reached = input.gradient();
        }
        // Layers before the blocks, as far as they are trainable.
        let mut before: Vec<Tensor<1>> = Vec::new();
        before.extend(reached.filter(|_| x.is_tracked()).map(|g| (x * g).sum()));
        let Noise {
            embedded,
            shared: added,
        } = shared.noise;
        before.extend(given.embedded.gradient().map(|g| (embedded * g).sum()));
        before.extend(given.added.gradient().map(|g| (added * g).sum()));
        let learned = given.learned.and_then(CheckpointedInput::gradient).zip(shared.learned);
        before.extend(learned.map(|(g, learned)| (learned * g).sum()));
        let sum = before.into_iter().map(in_f32).reduce(|a, b| a + b);
        if let Some(sum) = sum {
            all.add(self, &mut sum.backward());
        }
        Ok((value.without_autodiff(), all.finish()))
    }
}
