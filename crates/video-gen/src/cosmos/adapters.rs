//! Low-rank adapters on the transformer's blocks.

use burn::module::Module;
use burn::tensor::Device;

use super::block::CosmosBlock;
use super::transformer::CosmosTransformer;

impl CosmosTransformer {
    /// Puts fresh adapters of a rank, multiplied by alpha / rank, on the layers of [`nn_kit::ADAPTED_LAYERS`] that are `chosen`, and
    /// takes everything else out of training. The transformer computes what it did until they are trained.
    #[must_use]
    pub fn adapted(self, rank: usize, alpha: f64, chosen: &dyn Fn(&str) -> bool, device: &Device) -> Self {
        let adapt = |block: CosmosBlock| block.adapted(rank, alpha, chosen, device);
        self.no_grad().map_blocks(adapt)
    }
}
