//! Configuration of the autoencoders; three versions were published.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Published version of the autoencoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// 0.9.0: strided convolutions, no timestep conditioning.
    #[serde(rename = "0.9.0")]
    V090,
    /// 0.9.1: the encoder of 0.9.0, with a decoder that denoises and injects noise.
    #[serde(rename = "0.9.1")]
    V091,
    /// 0.9.5 to 0.9.8: the encoder also moves space into channels; no noise is injected.
    #[serde(rename = "0.9.5")]
    V095,
}

impl Version {
    /// Returns the version number as text.
    pub fn name(self) -> &'static str {
        match self {
            Self::V090 => "0.9.0",
            Self::V091 => "0.9.1",
            Self::V095 => "0.9.5",
        }
    }

    /// Returns the configuration of this version's autoencoder.
    pub fn config(self) -> VaeConfig {
        let denoising = VaeConfig {
            decoder_block_out_channels: vec![256, 512, 1024],
            decoder_spatio_temporal_scaling: vec![true; 3],
            decoder_inject_noise: vec![false; 4],
            upsample_residual: vec![true; 3],
            upsample_factor: vec![2; 3],
            timestep_conditioning: true,
            ..VaeConfig::default()
        };
        match self {
            Self::V090 => VaeConfig::default(),
            Self::V091 => VaeConfig {
                decoder_layers_per_block: vec![5, 6, 7, 8],
                decoder_inject_noise: vec![true, true, true, false],
                ..denoising
            },
            Self::V095 => VaeConfig {
                block_out_channels: vec![128, 256, 512, 1024, 2048],
                down_block_types: vec![DownBlockType::Space; 4],
                layers_per_block: vec![4, 6, 6, 2, 2],
                spatio_temporal_scaling: vec![true; 4],
                downsample_type: vec![
                    DownsampleType::Spatial,
                    DownsampleType::Temporal,
                    DownsampleType::Spatiotemporal,
                    DownsampleType::Spatiotemporal,
                ],
                decoder_layers_per_block: vec![5; 4],
                ..denoising
            },
        }
    }
}

/// Type of an encoder block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownBlockType {
    /// The width grows in a residual block after the downsampling.
    #[serde(rename = "LTXVideoDownBlock3D")]
    Strided,
    /// The width grows in the downsampling.
    #[serde(rename = "LTXVideo095DownBlock3D")]
    Space,
}

/// Type of downsampling in an encoder block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DownsampleType {
    /// A convolution with stride 2 in time and space.
    Conv,
    /// Rows and columns are moved into channels.
    Spatial,
    /// Pairs of frames are moved into channels.
    Temporal,
    /// Frames, rows and columns are moved into channels.
    Spatiotemporal,
}

impl DownsampleType {
    /// Numbers of frames, rows and columns that become one.
    pub(super) fn factors(self) -> [usize; 3] {
        match self {
            Self::Conv | Self::Spatiotemporal => [2, 2, 2],
            Self::Spatial => [1, 2, 2],
            Self::Temporal => [2, 1, 1],
        }
    }
}

/// Configuration of a [`Vae`](super::Vae), named as in the published `config.json`; the defaults are those of 0.9.0.
/// Lists of the decoder run from its output to its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VaeConfig {
    /// Channels of the input pixels.
    pub in_channels: usize,
    /// Channels of the output pixels.
    pub out_channels: usize,
    /// Channels of a latent.
    pub latent_channels: usize,
    /// Widths of the encoder blocks.
    pub block_out_channels: Vec<usize>,
    /// Types of the encoder blocks; if empty, one `LTXVideoDownBlock3D` per width.
    pub down_block_types: Vec<DownBlockType>,
    /// Widths of the decoder blocks.
    pub decoder_block_out_channels: Vec<usize>,
    /// Residual blocks in each encoder block, and in the encoder's middle.
    pub layers_per_block: Vec<usize>,
    /// Residual blocks in each decoder block, and in the decoder's middle.
    pub decoder_layers_per_block: Vec<usize>,
    /// Whether each encoder block downsamples.
    pub spatio_temporal_scaling: Vec<bool>,
    /// Whether each decoder block upsamples.
    pub decoder_spatio_temporal_scaling: Vec<bool>,
    /// Whether each decoder block, and the decoder's middle, injects noise.
    pub decoder_inject_noise: Vec<bool>,
    /// Downsampling of each encoder block; by convolution if empty.
    pub downsample_type: Vec<DownsampleType>,
    /// Whether each upsampling has a residual path.
    pub upsample_residual: Vec<bool>,
    /// Factors by which upsamplings divide the width.
    pub upsample_factor: Vec<usize>,
    /// Whether the decoder takes the noise level of its input.
    pub timestep_conditioning: bool,
    /// Side in pixels of the patches that become channels.
    pub patch_size: usize,
    /// Frames of the patches that become channels.
    pub patch_size_t: usize,
    /// Epsilon in the norms of shortcuts.
    pub resnet_norm_eps: f64,
    /// Factor on the latents after normalization.
    pub scaling_factor: f64,
    /// Whether frames of the encoder only see earlier frames.
    pub encoder_causal: bool,
    /// Whether frames of the decoder only see earlier frames.
    pub decoder_causal: bool,
}

impl Default for VaeConfig {
    fn default() -> Self {
        let widths = vec![128, 256, 512, 512];
        let layers = vec![4, 3, 3, 3, 4];
        let scaling = vec![true, true, true, false];
        Self {
            in_channels: 3,
            out_channels: 3,
            latent_channels: 128,
            block_out_channels: widths.clone(),
            down_block_types: Vec::new(),
            decoder_block_out_channels: widths,
            layers_per_block: layers.clone(),
            decoder_layers_per_block: layers,
            spatio_temporal_scaling: scaling.clone(),
            decoder_spatio_temporal_scaling: scaling,
            decoder_inject_noise: vec![false; 5],
            downsample_type: Vec::new(),
            upsample_residual: vec![false; 4],
            upsample_factor: vec![1; 4],
            timestep_conditioning: false,
            patch_size: 4,
            patch_size_t: 1,
            resnet_norm_eps: 1e-6,
            scaling_factor: 1.0,
            encoder_causal: true,
            decoder_causal: false,
        }
    }
}

/// Sizes of an encoder block.
pub(super) struct DownBlockSizes {
    pub(super) widths: [usize; 2],
    pub(super) layers: usize,
    pub(super) kind: DownBlockType,
    pub(super) downsample: Option<DownsampleType>,
}

/// Sizes of a decoder block.
pub(super) struct UpBlockSizes {
    pub(super) widths: [usize; 2],
    pub(super) layers: usize,
    pub(super) inject_noise: bool,
    pub(super) upsample: bool,
    pub(super) residual: bool,
    pub(super) factor: usize,
}

impl VaeConfig {
    /// Sizes of the encoder blocks, first to last.
    pub(super) fn down_blocks(&self) -> Vec<DownBlockSizes> {
        let count = match self.down_block_types.len() {
            0 => self.block_out_channels.len(),
            count => count,
        };
        let mut from = self.block_out_channels[0];
        (0..count)
            .map(|i| {
                let kind = self.down_block_types.get(i).copied().unwrap_or(DownBlockType::Strided);
                let last = self.block_out_channels.len() - 1;
                let to = self.block_out_channels[(i + 1).min(last)];
                let how = self.downsample_type.get(i).copied().unwrap_or(DownsampleType::Conv);
                let sizes = DownBlockSizes {
                    widths: [from, to],
                    layers: self.layers_per_block[i],
                    kind,
                    downsample: self.spatio_temporal_scaling[i].then_some(how),
                };
                from = to;
                sizes
            })
            .collect()
    }

    /// Sizes of the decoder blocks, first to last.
    pub(super) fn up_blocks(&self) -> Vec<UpBlockSizes> {
        let count = self.decoder_block_out_channels.len();
        let mut from = self.decoder_block_out_channels[count - 1];
        (0..count)
            .rev()
            .map(|i| {
                let factor = self.upsample_factor[i];
                let widths = [from / factor, self.decoder_block_out_channels[i] / factor];
                from = widths[1];
                UpBlockSizes {
                    widths,
                    layers: self.decoder_layers_per_block[i],
                    inject_noise: self.decoder_inject_noise[i],
                    upsample: self.decoder_spatio_temporal_scaling[i],
                    residual: self.upsample_residual[i],
                    factor,
                }
            })
            .collect()
    }

    /// Returns the pixels along a side of a latent.
    pub fn spatial(&self) -> usize {
        self.patch_size * self.halvings(1)
    }

    /// Returns the frames per latent frame.
    pub fn temporal(&self) -> usize {
        self.patch_size_t * self.halvings(0)
    }

    /// Returns latent frames, rows and columns of a clip of `[frames, height, width]` pixels.
    ///
    /// # Errors
    /// A number of frames that is not 1 plus a multiple of [`Self::temporal`], or a side that is not a multiple of
    /// [`Self::spatial`].
    pub fn latent_size(&self, clip: [usize; 3]) -> Result<[usize; 3], Error> {
        latent_size(self.temporal(), self.spatial(), clip)
    }

    /// Returns the largest width of the levels next to the pixels.
    pub(crate) fn outer_width(&self) -> usize {
        let first = self.block_out_channels.first().copied().unwrap_or(0);
        let last = self.up_blocks().last().map_or(0, |block| block.widths[1]);
        first.max(last)
    }

    fn halvings(&self, axis: usize) -> usize {
        let blocks = self.down_blocks().into_iter().filter_map(|block| block.downsample);
        blocks.map(|how| how.factors()[axis]).product()
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |setting: &'static str, found: String, expected: String| {
            Err(Error::Config {
                setting,
                found,
                expected,
            })
        };
        let up = self.decoder_block_out_channels.len();
        let widths = self.block_out_channels.len();
        let down = match self.down_block_types.len() {
            0 => widths,
            count => count,
        };
        let kinds = self
            .down_block_types
            .iter()
            .filter(|kind| **kind == DownBlockType::Space)
            .count();
        if kinds != 0 && (kinds != down || widths != down + 1) {
            let expected = format!("one kind of blocks, and {} widths for {down} of them", down + 1);
            return refuse("block_out_channels", format!("{:?}", self.block_out_channels), expected);
        }
        if kinds == 0 && widths != down {
            return refuse("block_out_channels", format!("{widths} widths"), format!("{down}"));
        }
        for (setting, found, expected) in [
            ("layers_per_block", self.layers_per_block.len(), down + 1),
            ("spatio_temporal_scaling", self.spatio_temporal_scaling.len(), down),
            ("decoder_layers_per_block", self.decoder_layers_per_block.len(), up + 1),
            ("decoder_inject_noise", self.decoder_inject_noise.len(), up + 1),
            (
                "decoder_spatio_temporal_scaling",
                self.decoder_spatio_temporal_scaling.len(),
                up,
            ),
            ("upsample_residual", self.upsample_residual.len(), up),
            ("upsample_factor", self.upsample_factor.len(), up),
        ] {
            if found < expected || expected == 0 {
                return refuse(setting, format!("{found} long"), format!("at least {expected}"));
            }
        }
        let sizes = [
            self.in_channels,
            self.out_channels,
            self.latent_channels,
            self.patch_size,
            self.patch_size_t,
        ];
        let lists = [
            &self.block_out_channels,
            &self.decoder_block_out_channels,
            &self.upsample_factor,
        ];
        if sizes.contains(&0) || lists.iter().any(|list| list.contains(&0)) {
            return refuse("a width, a factor or a patch", "0".into(), "at least 1".into());
        }
        for sizes in self.down_blocks() {
            let Some(how) = sizes.downsample.filter(|_| sizes.kind == DownBlockType::Space) else {
                continue;
            };
            let factor: usize = how.factors().iter().product();
            if how == DownsampleType::Conv
                || !sizes.widths[1].is_multiple_of(factor)
                || !(sizes.widths[0] * factor).is_multiple_of(sizes.widths[1])
            {
                let expected = format!("widths {:?} that {factor} pixels in one fit", sizes.widths);
                return refuse("downsample_type", format!("{how:?}"), expected);
            }
        }
        for sizes in self.up_blocks() {
            let fits = 8_usize.is_multiple_of(sizes.factor)
                && sizes.widths[0] > 0
                && sizes.widths[1] > 0
                && (!sizes.residual || (sizes.widths[0] * sizes.factor).is_multiple_of(8));
            if !fits || (self.timestep_conditioning && sizes.widths[0] != sizes.widths[1]) {
                return refuse(
                    "upsample_factor",
                    sizes.factor.to_string(),
                    format!("one that fits the widths {:?}", sizes.widths),
                );
            }
        }
        if !(self.scaling_factor.is_finite() && self.scaling_factor > 0.0) {
            return refuse(
                "scaling_factor",
                self.scaling_factor.to_string(),
                "a number above 0".into(),
            );
        }
        Ok(())
    }
}

/// Returns latent frames, rows and columns, given the frames and the pixels along a side of a latent.
pub(super) fn latent_size(temporal: usize, spatial: usize, clip: [usize; 3]) -> Result<[usize; 3], Error> {
    let [frames, height, width] = clip;
    if frames == 0 || !(frames - 1).is_multiple_of(temporal) {
        return Err(Error::Config {
            setting: "the number of frames",
            found: frames.to_string(),
            expected: format!("{0}k + 1: {1}, {2}, …", temporal, temporal + 1, 2 * temporal + 1),
        });
    }
    for (setting, found) in [("the height", height), ("the width", width)] {
        if found == 0 || !found.is_multiple_of(spatial) {
            return Err(Error::Config {
                setting,
                found: found.to_string(),
                expected: format!("a multiple of {spatial}"),
            });
        }
    }
    Ok([(frames - 1) / temporal + 1, height / spatial, width / spatial])
}
