//! The conditional U-Net over a sequence of actions (Janner et al. 2022, in the form of Chi et al. 2023, section 3.2),
//! with LeRobot's layers and, apart from a few indices in their names, its parameters.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig, ConvTranspose1d, ConvTranspose1dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Linear, LinearConfig, PaddingConfig1d};
use burn::tensor::{Device, TensorData};
use cpu_kernels::{NormMish, conv_transpose1d_last, conv1d_last, mish, norm_mish};

use super::UnetConfig;

/// Groups of the last block's normalization, independent of `n_groups`.
const LAST_GROUPS: usize = 8;

/// Convolution, group normalization, Mish.
#[derive(Module, Debug)]
struct ConvBlock {
    block: (Conv1d, GroupNorm),
}

impl ConvBlock {
    fn new(channels: [usize; 2], kernel: usize, groups: usize, device: &Device) -> Self {
        let conv = conv(channels, kernel, 1, kernel / 2, device);
        let norm = GroupNormConfig::new(groups, channels[1]).init(device);
        Self { block: (conv, norm) }
    }

    /// `film`: `[batch, 2 · channels]`, a scale and then a shift.
    fn forward(&self, x: Tensor<3>, film: Option<Tensor<2>>) -> Tensor<3> {
        let (conv, norm) = &self.block;
        let y = conv1d_last(x, conv.weight.val(), None, 1, conv.kernel_size / 2);
        let part = |param: &Option<burn::module::Param<Tensor<1>>>| {
            param.as_ref().expect("built with bias, scale and shift").val()
        };
        let with = NormMish {
            bias: part(&conv.bias),
            gamma: part(&norm.gamma),
            beta: part(&norm.beta),
            groups: norm.num_groups,
            epsilon: norm.epsilon,
            film,
        };
        norm_mish(y, with)
    }
}

/// Two convolution blocks, the first modulated by the condition, and a shortcut around them.
#[derive(Module, Debug)]
struct ResidualBlock {
    conv1: ConvBlock,
    cond_encoder: Linear,
    conv2: ConvBlock,
    residual_conv: Option<Conv1d>,
    scales: bool,
}

impl ResidualBlock {
    fn new(channels: [usize; 2], cond: usize, config: &UnetConfig, device: &Device) -> Self {
        let [inputs, outputs] = channels;
        let modulated = if config.film_scale { 2 * outputs } else { outputs };
        let (kernel, groups) = (config.kernel_size, config.n_groups);
        Self {
            conv1: ConvBlock::new(channels, kernel, groups, device),
            cond_encoder: LinearConfig::new(cond, modulated).init(device),
            conv2: ConvBlock::new([outputs, outputs], kernel, groups, device),
            residual_conv: (inputs != outputs).then(|| conv(channels, 1, 1, 0, device)),
            scales: config.film_scale,
        }
    }

    /// `cond` after Mish, which is the same for all blocks.
    fn forward(&self, x: Tensor<3>, cond: Tensor<2>) -> Tensor<3> {
        let film = self.cond_encoder.forward(cond);
        let y = if self.scales {
            self.conv1.forward(x.clone(), Some(film))
        } else {
            self.conv1.forward(x.clone(), None) + film.unsqueeze_dim(1)
        };
        let shortcut = match &self.residual_conv {
            Some(conv) => run(conv, x),
            None => x,
        };
        self.conv2.forward(y, None) + shortcut
    }
}

/// Predicts the noise (or the clean actions) in a sequence of actions, given the diffusion step and a condition.
///
/// The sequence is halved between the stages of `down_dims` and then doubled again; a stage has two residual blocks,
/// and the upsampling path has skip connections (`down_dims` reversed). Every block is modulated by the condition: the
/// observations and an embedding of the diffusion step.
#[derive(Module, Debug)]
pub struct Unet {
    diffusion_step_encoder: (Linear, Linear),
    down_modules: Vec<(ResidualBlock, ResidualBlock, Option<Conv1d>)>,
    mid_modules: Vec<ResidualBlock>,
    up_modules: Vec<(ResidualBlock, ResidualBlock, ConvTranspose1d)>,
    final_conv: (ConvBlock, Conv1d),
    embedding: usize,
}

impl Unet {
    /// Creates the network for actions of `actions` numbers and a condition of `cond` numbers; `config` has been
    /// checked.
    pub fn new(config: &UnetConfig, actions: usize, cond: usize, device: &Device) -> Self {
        let embedding = config.step_embed_dim;
        let cond = embedding + cond;
        let dims = &config.down_dims;
        let block = |channels| ResidualBlock::new(channels, cond, config, device);
        let down = |stage: usize| {
            let inputs = if stage == 0 { actions } else { dims[stage - 1] };
            let out = dims[stage];
            let halve = (stage + 1 < dims.len()).then(|| conv([out, out], 3, 2, 1, device));
            (block([inputs, out]), block([out, out]), halve)
        };
        let up = |stage: usize| {
            let (inputs, out) = (2 * dims[stage], dims[stage - 1]);
            let double = ConvTranspose1dConfig::new([out, out], 4).with_stride(2).with_padding(1);
            (block([inputs, out]), block([out, out]), double.init(device))
        };
        let (first, last) = (dims[0], dims[dims.len() - 1]);
        Self {
            diffusion_step_encoder: (
                LinearConfig::new(embedding, 4 * embedding).init(device),
                LinearConfig::new(4 * embedding, embedding).init(device),
            ),
            down_modules: (0..dims.len()).map(down).collect(),
            mid_modules: vec![block([last, last]), block([last, last])],
            up_modules: (1..dims.len()).rev().map(up).collect(),
            final_conv: (
                ConvBlock::new([first, first], config.kernel_size, LAST_GROUPS, device),
                conv([first, actions], 1, 1, 0, device),
            ),
            embedding,
        }
    }

    /// Maps noisy actions `[batch, horizon, actions]`, a diffusion step for each sequence and the condition
    /// `[batch, cond]` to the shape of the actions.
    pub fn forward(&self, x: Tensor<3>, steps: &[usize], cond: Tensor<2>) -> Tensor<3> {
        let embedded = embed(steps, self.embedding);
        let embedded = Tensor::from_data(TensorData::new(embedded, [steps.len(), self.embedding]), &x.device());
        let (inner, outer) = &self.diffusion_step_encoder;
        let embedded = outer.forward(mish(inner.forward(embedded)));
        let cond = mish(Tensor::cat(vec![embedded, cond], 1));
        let mut x = x;
        let mut skips = Vec::with_capacity(self.down_modules.len());
        for (first, second, halve) in &self.down_modules {
            x = second.forward(first.forward(x, cond.clone()), cond.clone());
            skips.push(x.clone());
            if let Some(conv) = halve {
                x = run(conv, x);
            }
        }
        for block in &self.mid_modules {
            x = block.forward(x, cond.clone());
        }
        for (first, second, double) in &self.up_modules {
            let skip = skips.pop().expect("as many stages down as up, and one");
            x = first.forward(Tensor::cat(vec![x, skip], 2), cond.clone());
            x = second.forward(x, cond.clone());
            let bias = double.bias.as_ref().map(burn::module::Param::val);
            x = conv_transpose1d_last(x, double.weight.val(), bias, 2, 1);
        }
        let (block, out) = &self.final_conv;
        run(out, block.forward(x, None))
    }
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, padding: usize, device: &Device) -> Conv1d {
    Conv1dConfig::new(channels[0], channels[1], kernel)
        .with_stride(stride)
        .with_padding(PaddingConfig1d::Explicit(padding, padding))
        .init(device)
}

fn run(conv: &Conv1d, x: Tensor<3>) -> Tensor<3> {
    let padding = if conv.kernel_size == 1 { 0 } else { 1 };
    let bias = conv.bias.as_ref().map(burn::module::Param::val);
    conv1d_last(x, conv.weight.val(), bias, conv.stride, padding)
}

/// Sinusoidal embedding (Vaswani et al. 2017, section 3.5), sines first, frequencies 10000^(−i / (half − 1)).
fn embed(steps: &[usize], width: usize) -> Vec<f32> {
    let half = width / 2;
    let rate = -(10_000_f64.ln() / (half - 1) as f64) as f32;
    let frequencies: Vec<f32> = (0..half).map(|i| (i as f32 * rate).exp()).collect();
    let mut embedded = Vec::with_capacity(steps.len() * width);
    for step in steps {
        let angle = |frequency: &f32| *step as f32 * frequency;
        embedded.extend(frequencies.iter().map(|f| angle(f).sin()));
        embedded.extend(frequencies.iter().map(|f| angle(f).cos()));
    }
    embedded
}
