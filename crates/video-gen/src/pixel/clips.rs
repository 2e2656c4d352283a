//! Training clips: windows over the latents of episodes.

use burn::tensor::{Device, Int, Tensor};
use pusht_env::Frame;

use super::codec::PatchCodec;
use super::config::PixelConfig;
use super::error::PixelError;
use super::pictures::pictures;

/// Number of groups that are encoded at a time.
const BLOCK: usize = 64;

/// The latents of every single frame and of every group of frames, and the start frames of clips.
#[derive(Debug)]
pub struct Clips {
    /// Latents of single frames, `[frames, channels · grid²]`.
    still: Tensor<2>,
    /// Latents of the groups that start at each frame, of the same shape.
    groups: Tensor<2>,
    /// First frame of each clip.
    starts: Vec<usize>,
    config: PixelConfig,
}

impl Clips {
    /// Encodes the frames of episodes. Episodes that are shorter than a clip are left out.
    ///
    /// # Errors
    /// A frame of another size than the codec's.
    pub fn new(
        config: &PixelConfig,
        codec: &PatchCodec,
        episodes: &[&[Frame]],
        device: &Device,
    ) -> Result<Self, PixelError> {
        let (side, group, span) = (config.codec.side, config.codec.group, config.frames());
        let numbers = config.codec.channels * config.codec.grid() * config.codec.grid();
        let (mut still, mut groups, mut starts, mut first) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for episode in episodes.iter().filter(|episode| episode.len() >= span) {
            let all: Vec<usize> = (0..episode.len()).collect();
            for block in all.chunks(BLOCK) {
                let frames: Vec<&Frame> = block.iter().map(|&i| &episode[i]).collect();
                let latents = codec.encode_still(pictures(&frames, side, device)?);
                still.push(latents.reshape([block.len(), numbers]));
                // No clip reads groups beyond the end of the episode.
                let within = |i: usize| i.min(episode.len() - 1);
                let frames: Vec<&Frame> = block
                    .iter()
                    .flat_map(|&i| (i..i + group).map(move |i| &episode[within(i)]))
                    .collect();
                let latents = codec.encode(pictures(&frames, side, device)?);
                groups.push(latents.reshape([block.len(), numbers]));
            }
            starts.extend(first..=first + episode.len() - span);
            first += episode.len();
        }
        let join = |blocks: Vec<Tensor<2>>| {
            if blocks.is_empty() {
                Tensor::zeros([1, numbers], device)
            } else {
                Tensor::cat(blocks, 0)
            }
        };
        Ok(Self {
            still: join(still),
            groups: join(groups),
            starts,
            config: config.clone(),
        })
    }

    /// Number of clips: one per possible start frame.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether no episode is as long as a clip.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Clips by index, `[batch, latent frames, channels, grid, grid]`: the first frame alone, the groups after it, the
    /// last frame alone.
    pub fn batch(&self, items: &[usize]) -> Tensor<5> {
        let config = &self.config;
        let select = |from: &Tensor<2>, offsets: &[usize]| {
            let rows: Vec<i32> = items
                .iter()
                .flat_map(|&item| offsets.iter().map(move |offset| (self.starts[item] + offset) as i32))
                .collect();
            let rows = Tensor::<1, Int>::from_ints(rows.as_slice(), &from.device());
            let grid = config.codec.grid();
            let shape = [items.len(), offsets.len(), config.codec.channels, grid, grid];
            from.clone().select(0, rows).reshape(shape)
        };
        let groups: Vec<usize> = (0..config.groups).map(|i| 1 + i * config.codec.group).collect();
        let ends = select(&self.still, &[0, config.frames() - 1]);
        let (start, end) = (ends.clone().narrow(1, 0, 1), ends.narrow(1, 1, 1));
        Tensor::cat(vec![start, select(&self.groups, &groups), end], 1)
    }
}
