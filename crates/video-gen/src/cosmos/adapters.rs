//! Low-rank adapters on the transformer's blocks.

use burn::module::Module;
use burn::tensor::Device;

use super::block::CosmosBlock;
use super::transformer::CosmosTransformer;

/// The layers of a block that may carry an adapter, by their published names.
pub const COSMOS_LAYERS: [&str; 10] = [
    "attn1.to_q",
    "attn1.to_k",
    "attn1.to_v",
    "attn1.to_out.0",
    "attn2.to_q",
    "attn2.to_k",
    "attn2.to_v",
    "attn2.to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
];

impl CosmosTransformer {
    /// Puts fresh adapters of a rank, multiplied by alpha / rank, on the layers of [`COSMOS_LAYERS`] that are `chosen`, and
    /// takes everything else out of training. The transformer computes what it did until they are trained.
    #[must_use]
    pub fn adapted(self, rank: usize, alpha: f64, chosen: &dyn Fn(&str) -> bool, device: &Device) -> Self {
        let adapt = |block: CosmosBlock| block.adapted(rank, alpha, chosen, device);
        self.no_grad().map_blocks(adapt)
    }
}
