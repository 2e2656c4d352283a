//! The closed-form codec: principal components of patches of groups of frames.
//!
//! Frames minus the mean frame of the training data are cut into patches; the same patch of the frames of a group is
//! one vector, and its coefficients for the strongest components of all such vectors are kept (Pearson 1901; the linear
//! autoencoder of least squared error, Baldi & Hornik 1989). A single frame is encoded as a group of copies of it, so
//! that the codec is causal. One factor for all channels scales the latents to unit variance: whitening each channel
//! would give the weak components, which are barely predictable detail, the same weight as the strong ones.

use burn::config::Config;
use burn::linalg::svd;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use pusht_env::Frame;

use super::error::PixelError;
use super::pictures::pictures;

/// Number of groups that are converted to tensors at a time.
const BLOCK: usize = 32;
/// Maximum number of groups that the components are computed from.
const GROUPS: usize = 4096;
/// Maximum number of sweeps of the decomposition.
const SWEEPS: usize = 100;

/// Configuration of [`PatchCodec`].
#[derive(Config, Debug, PartialEq, Eq)]
pub struct PatchCodecConfig {
    /// Side of the frames, px; a multiple of the patch.
    #[config(default = 96)]
    pub side: usize,
    /// Side of a patch, px.
    #[config(default = 8)]
    pub patch: usize,
    /// Frames per group.
    #[config(default = 4)]
    pub group: usize,
    /// Number of components kept per patch of a group, at most 3 · group · patch².
    #[config(default = 128)]
    pub channels: usize,
}

impl PatchCodecConfig {
    /// Checks the sizes.
    ///
    /// # Errors
    /// The first invalid size.
    pub fn check(&self) -> Result<(), PixelError> {
        let refuse = |setting, found: usize, expected: String| {
            let found = found.to_string();
            Err(PixelError::Config {
                setting,
                found,
                expected,
            })
        };
        if self.patch == 0 || self.side == 0 || !self.side.is_multiple_of(self.patch) {
            return refuse("patch", self.patch, format!("a divisor of the side, {}", self.side));
        }
        if self.group == 0 {
            return refuse("group", 0, "at least 1".to_owned());
        }
        let most = self.numbers();
        if self.channels == 0 || self.channels > most {
            return refuse(
                "channels",
                self.channels,
                format!("1 to {most}, the numbers of a patch"),
            );
        }
        Ok(())
    }

    /// Number of patches along a side.
    pub fn grid(&self) -> usize {
        self.side / self.patch
    }

    /// Size of the vector of one patch of a group.
    fn numbers(&self) -> usize {
        3 * self.group * self.patch * self.patch
    }

    /// Creates an empty codec, to be loaded from a file.
    pub(super) fn init(&self, device: &Device) -> PatchCodec {
        PatchCodec {
            mean: Param::from_tensor(Tensor::zeros([3, self.side, self.side], device)),
            components: Param::from_tensor(Tensor::zeros([self.numbers(), self.channels], device)),
            deviation: Param::from_tensor(Tensor::ones([1], device)),
            group: self.group,
            patch: self.patch,
        }
        .no_grad()
    }

    /// Fits a codec to videos.
    ///
    /// # Errors
    /// Invalid sizes, no video as long as a group, or a frame of another size.
    pub fn fit(&self, videos: &[&[Frame]], device: &Device) -> Result<PatchCodec, PixelError> {
        self.check()?;
        let groups: Vec<&[Frame]> = videos.iter().flat_map(|v| v.chunks_exact(self.group)).collect();
        if groups.is_empty() {
            return Err(PixelError::NoFrames);
        }
        let step = groups.len().div_ceil(GROUPS);
        let groups: Vec<Vec<&Frame>> = groups.into_iter().step_by(step).map(|g| g.iter().collect()).collect();
        let blocks = || groups.chunks(BLOCK).map(<[Vec<&Frame>]>::concat);
        let frames = (groups.len() * self.group) as f64;
        let mut sum = Tensor::<3>::zeros([3, self.side, self.side], device);
        for block in blocks() {
            sum = sum + pictures(&block, self.side, device)?.sum_dim(0).squeeze_dim(0);
        }
        let mut codec = self.init(device);
        codec.mean = Param::from_tensor(sum.div_scalar(frames));
        let mut scatter = Tensor::<2>::zeros([self.numbers(), self.numbers()], device);
        for block in blocks() {
            let rows = codec.rows(pictures(&block, self.side, device)?);
            scatter = scatter + rows.clone().transpose().matmul(rows);
        }
        let vectors = (groups.len() * self.grid() * self.grid()) as f64;
        // For a positive semi-definite matrix the singular vectors are the eigenvectors.
        let (components, variances, _) = svd::<2, 1>(scatter.div_scalar(vectors), SWEEPS);
        codec.components = Param::from_tensor(components.narrow(1, 0, self.channels));
        let variance = variances.narrow(0, 0, self.channels).mean();
        // Identical frames have no variance, and any factor is valid.
        codec.deviation = Param::from_tensor(variance.sqrt().clamp_min(f32::EPSILON));
        Ok(codec.no_grad())
    }
}

/// Codec between images in [−1, 1] and latents of unit variance over all channels; fitted in closed form, without
/// gradients.
#[derive(Module, Debug)]
pub struct PatchCodec {
    mean: Param<Tensor<3>>,
    components: Param<Tensor<2>>,
    deviation: Param<Tensor<1>>,
    group: usize,
    patch: usize,
}

impl PatchCodec {
    /// Encodes the frames of consecutive groups, `[n · group, 3, side, side]`, to latents `[n, channels, grid, grid]`.
    pub fn encode(&self, pictures: Tensor<4>) -> Tensor<4> {
        let [count, _, height, width] = pictures.dims();
        let (height, width) = (height / self.patch, width / self.patch);
        let rows = self.rows(pictures).matmul(self.components.val());
        let latents = rows / self.deviation.val().unsqueeze_dim(0);
        let channels = latents.dims()[1];
        latents
            .reshape([count / self.group, height, width, channels])
            .permute([0, 3, 1, 2])
    }

    /// Encodes single frames, `[n, 3, side, side]`.
    pub fn encode_still(&self, pictures: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = pictures.dims();
        let repeated = pictures.unsqueeze_dim::<5>(1).repeat_dim(1, self.group);
        self.encode(repeated.reshape([count * self.group, channels, height, width]))
    }

    /// Decodes to the frames of the groups, `[n · group, 3, side, side]`, not clamped to [−1, 1].
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = latents.dims();
        let rows = latents
            .permute([0, 2, 3, 1])
            .reshape([count * height * width, channels]);
        let rows = (rows * self.deviation.val().unsqueeze_dim(0)).matmul(self.components.val().transpose());
        let (g, p) = (self.group, self.patch);
        let pictures = rows
            .reshape([count, height, width, g * 3, p, p])
            .permute([0, 3, 1, 4, 2, 5]);
        pictures.reshape([count * g, 3, height * p, width * p]) + self.mean.val().unsqueeze_dim(0)
    }

    /// Patches minus their mean: `[n · grid², 3 · group · patch²]`.
    fn rows(&self, pictures: Tensor<4>) -> Tensor<2> {
        let [frames, channels, height, width] = pictures.dims();
        let (count, p) = (frames / self.group, self.patch);
        let (rows, columns) = (height / p, width / p);
        let centered = pictures - self.mean.val().unsqueeze_dim(0);
        centered
            .reshape([count, self.group * channels, rows, p, columns, p])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([count * rows * columns, self.group * channels * p * p])
    }
}
