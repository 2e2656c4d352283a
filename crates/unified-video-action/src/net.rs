//! The transformer: a masked encoder and decoder over the tokens of the future.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::Device;
use nn_kit::{VitBlock, VitBlockConfig};

use crate::config::Config;
use crate::heads::{ActionHead, VideoHead};
use crate::task::Task;

/// Epsilon in the layer norms.
const EPSILON: f64 = 1e-6;
/// Standard deviation of initial embeddings.
const SPREAD: f64 = 0.02;

/// Encoder, decoder and heads. A latent frame has one token per pixel of the latent; the tokens of all future frames
/// form one sequence, frame by frame and row by row.
///
/// Token i of frame t becomes LN(W [x; c; a] + e_t + s_i), where x is the future's latent or a learned placeholder for
/// an unknown one, c the history's latent at the same position, and a the action assigned to the token (action k covers
/// the k-th equal part of the sequence), each after its own linear map; e and s are learned position embeddings. Fields
/// have the published parameter names where possible.
#[derive(Module, Debug)]
pub struct Net {
    fake_latent_x: Param<Tensor<2>>,
    fake_action_latent: Param<Tensor<2>>,
    temporal_pos_embed: Param<Tensor<3>>,
    spatial_pos_embed: Param<Tensor<3>>,
    decoder_temporal_pos_embed: Param<Tensor<3>>,
    decoder_spatial_pos_embed: Param<Tensor<3>>,
    diffusion_temporal_embed: Param<Tensor<3>>,
    diffusion_spatial_embed: Param<Tensor<3>>,
    z_proj_cond: Linear,
    z_proj: Linear,
    action_proj_cond: Linear,
    proj_cond_x_layer: Linear,
    z_proj_ln: LayerNorm,
    encoder_blocks: Vec<VitBlock>,
    encoder_norm: LayerNorm,
    decoder_embed: Linear,
    decoder_blocks: Vec<VitBlock>,
    decoder_norm: LayerNorm,
    /// Head that samples video latents.
    pub diffloss: VideoHead,
    /// Head that samples actions.
    pub diffactloss: ActionHead,
    actions: usize,
}

impl Net {
    /// Creates a network with random weights; `config` must pass [`Config::check`].
    pub fn new(config: &Config, device: &Device) -> Self {
        let (encoder, decoder) = (config.encoder, config.decoder);
        let spread = Initializer::Normal { mean: 0.0, std: SPREAD };
        let fake = || spread.init([1, encoder.width], device);
        let temporal = |width| spread.init([1, config.frames, width], device);
        let spatial = |width| spread.init([1, config.frame_tokens(), width], device);
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        let norm = |width| LayerNormConfig::new(width).with_epsilon(EPSILON).init(device);
        let blocks = |part: crate::TransformerConfig| {
            let block = VitBlockConfig::new(part.width, part.heads, part.hidden);
            (0..part.depth).map(|_| block.init(device)).collect()
        };
        Self {
            fake_latent_x: fake(),
            fake_action_latent: fake(),
            temporal_pos_embed: temporal(encoder.width),
            spatial_pos_embed: spatial(encoder.width),
            decoder_temporal_pos_embed: temporal(decoder.width),
            decoder_spatial_pos_embed: spatial(decoder.width),
            diffusion_temporal_embed: temporal(decoder.width),
            diffusion_spatial_embed: spatial(decoder.width),
            z_proj_cond: linear(config.channels(), encoder.width),
            z_proj: linear(config.channels(), encoder.width),
            action_proj_cond: linear(config.action_numbers, encoder.width),
            proj_cond_x_layer: linear(3 * encoder.width, encoder.width),
            z_proj_ln: norm(encoder.width),
            encoder_blocks: blocks(encoder),
            encoder_norm: norm(encoder.width),
            decoder_embed: linear(encoder.width, decoder.width),
            decoder_blocks: blocks(decoder),
            decoder_norm: norm(decoder.width),
            diffloss: VideoHead::new(config, device),
            diffactloss: ActionHead::new(config, device),
            actions: config.actions,
        }
    }

    /// Returns the encoder's tokens, `[batch, frames · side², width]`. The shapes of the task must fit (see
    /// [`Task::check`]).
    pub fn encode(&self, task: &Task) -> Tensor<3> {
        let (history, future, mask, actions) = task.parts();
        let batch = task.batch();
        let tokens = places(&self.temporal_pos_embed, &self.spatial_pos_embed);
        let [_, count, width] = tokens.dims();
        let unknown = || {
            self.fake_latent_x
                .val()
                .unsqueeze_dim::<3>(1)
                .expand([batch, count, width])
        };
        let known = |layer: &Linear, latents: &Tensor<5>| layer.forward(rows(latents.clone()));
        let future = match (future, mask) {
            (None, _) => unknown(),
            (Some(future), None) => known(&self.z_proj, future),
            (Some(future), Some(mask)) => {
                let frames = count / mask.dims()[1];
                let mask = mask.clone().repeat_dim(1, frames).unsqueeze_dim::<3>(2);
                let given = mask.clone().neg().add_scalar(1.0);
                known(&self.z_proj, future) * given + unknown() * mask
            }
        };
        let history = history.map_or_else(unknown, |history| known(&self.z_proj_cond, history));
        let actions = match actions {
            Some(actions) => {
                let each = count / self.actions;
                let actions = self.action_proj_cond.forward(actions.clone());
                let laid = actions.unsqueeze_dim::<4>(2).expand([batch, self.actions, each, width]);
                laid.reshape([batch, count, width])
            }
            None => {
                let fake = self.fake_action_latent.val().unsqueeze_dim::<3>(1);
                fake.expand([batch, count, width])
            }
        };
        let x = self
            .proj_cond_x_layer
            .forward(Tensor::cat(vec![future, history, actions], 2));
        let x = self.z_proj_ln.forward(x + tokens);
        let x = self.encoder_blocks.iter().fold(x, |x, block| block.forward(x));
        self.encoder_norm.forward(x)
    }

    /// Returns the decoder's tokens, which condition the heads, from the encoder's.
    pub fn decode(&self, encoded: Tensor<3>) -> Tensor<3> {
        let x = self.decoder_embed.forward(encoded);
        let x = x + places(&self.decoder_temporal_pos_embed, &self.decoder_spatial_pos_embed);
        let x = self.decoder_blocks.iter().fold(x, |x, block| block.forward(x));
        self.decoder_norm.forward(x) + places(&self.diffusion_temporal_embed, &self.diffusion_spatial_embed)
    }

    /// [`Self::encode`], then [`Self::decode`].
    pub fn forward(&self, task: &Task) -> Tensor<3> {
        self.decode(self.encode(task))
    }
}

/// Position embedding e_t + s_i of every token, `[1, frames · side², width]`.
fn places(temporal: &Param<Tensor<3>>, spatial: &Param<Tensor<3>>) -> Tensor<3> {
    let (temporal, spatial) = (temporal.val(), spatial.val());
    let ([_, frames, width], [_, tokens, _]) = (temporal.dims(), spatial.dims());
    let sum = temporal.unsqueeze_dim::<4>(2) + spatial.unsqueeze_dim::<4>(1);
    sum.reshape([1, frames * tokens, width])
}

/// Latents `[batch, frames, channels, side, side]` as tokens `[batch, frames · side², channels]`.
pub(crate) fn rows(latents: Tensor<5>) -> Tensor<3> {
    let [batch, frames, channels, height, width] = latents.dims();
    latents
        .permute([0, 1, 3, 4, 2])
        .reshape([batch, frames * height * width, channels])
}

/// Inverse of [`rows`].
pub(crate) fn pictures(rows: Tensor<3>, frames: usize, side: usize) -> Tensor<5> {
    let [batch, _, channels] = rows.dims();
    rows.reshape([batch, frames, side, side, channels])
        .permute([0, 1, 4, 2, 3])
}
