//! Sampling: seeded noise, actions, and video in rounds.

use burn::Tensor;
use burn::tensor::{Device, IndexingUpdateOp, Int, TensorData};
use diffusion_schedulers::LearnedVarianceSchedule;
use nn_kit::{mix_seed, normal, permutation};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use crate::config::Config;
use crate::net::{Net, pictures, rows};
use crate::task::{Masked, Task};

/// Standard normal numbers for a batch. Each item has its own generator, so its numbers do not depend on the other
/// items.
pub(crate) struct Noise {
    generators: Vec<Pcg64>,
    device: Device,
}

impl Noise {
    /// Creates one generator per seed; `part` separates the kinds of random numbers of an item (latents, actions,
    /// video).
    pub(crate) fn new(seeds: &[u64], part: u64, device: &Device) -> Self {
        let generator = |seed: &u64| Pcg64::seed_from_u64(mix_seed(*seed, part));
        Self {
            generators: seeds.iter().map(generator).collect(),
            device: device.clone(),
        }
    }

    /// Draws `[items · each, numbers]`.
    pub(crate) fn draw(&mut self, each: usize, numbers: usize) -> Tensor<2> {
        let items = self.generators.len();
        let values: Vec<f32> = self
            .generators
            .iter_mut()
            .flat_map(|generator| normal(each * numbers, generator))
            .collect();
        Tensor::from_data(TensorData::new(values, [items * each, numbers]), &self.device)
    }
}

/// Schedules of both samplers.
pub(crate) struct Schedules {
    pub(crate) video: LearnedVarianceSchedule,
    pub(crate) actions: LearnedVarianceSchedule,
}

/// Samples normalized actions `[batch · actions, numbers]` from the decoder's tokens.
pub(crate) fn actions(
    net: &Net,
    config: &Config,
    schedule: &LearnedVarianceSchedule,
    z: Tensor<3>,
    noise: &mut Noise,
) -> Tensor<2> {
    let condition = net.diffactloss.condition(z);
    let mut draw = || noise.draw(config.actions, config.action_numbers);
    let start = draw();
    net.diffactloss
        .sample(schedule, condition, start, config.temperature, draw)
}

/// Samples of a video task.
pub(crate) struct Drawn {
    /// `[batch, frames, channels, side, side]`.
    pub(crate) latents: Tensor<5>,
    /// The decoder's tokens of the last round.
    pub(crate) z: Tensor<3>,
}

/// Samples the masked tokens of a video task in rounds. After round r of R, cos(π/2 · r/R) of the frame's tokens (at
/// least one before the last round) are still masked; the order is random (Chang et al. 2022, section 3.3). The same
/// positions of all frames are sampled together. Returns `None` for a task without video.
pub(crate) fn video(
    net: &Net,
    config: &Config,
    schedule: &LearnedVarianceSchedule,
    task: &Task,
    seeds: &[u64],
    noise: &mut Noise,
) -> Option<Drawn> {
    let (_, Some(future), Some(mask), _) = task.parts() else {
        return None;
    };
    let (places, channels) = (config.frame_tokens(), config.channels());
    let device = future.device();
    let open: Vec<f32> = mask.clone().into_data().iter::<f32>().collect();
    let frame_mask = |mask: &[f32]| Tensor::from_data(TensorData::new(mask.to_vec(), [seeds.len(), places]), &device);
    // Masked positions of each item, in reverse of the order in which they are sampled.
    let mut left: Vec<Vec<usize>> = (0..seeds.len())
        .map(|item| {
            let order = permutation(places, seeds[item], 0);
            let masked = |place: &usize| open[item * places + place] > 0.5;
            order.into_iter().filter(masked).collect()
        })
        .collect();
    let mut mask = open.clone();
    let given = mask_of(frame_mask(&open), config).neg().add_scalar(1.0);
    let mut tokens = rows(future.clone()) * given;
    let mut z = None;
    for round in 1..=config.rounds {
        let masked = Masked {
            latents: pictures(tokens.clone(), config.frames, config.side),
            mask: frame_mask(&mask),
        };
        let decoded = net.forward(&task.with_future(masked));
        let share = (std::f64::consts::FRAC_PI_2 * round as f64 / config.rounds as f64).cos();
        let keep = (places as f64 * share).floor() as usize;
        let mut indices: Vec<i64> = Vec::new();
        let mut counts = Vec::with_capacity(left.len());
        for (item, left) in left.iter_mut().enumerate() {
            let last = round == config.rounds;
            let keep = if last {
                0
            } else {
                keep.clamp(1, left.len().saturating_sub(1).max(1)).min(left.len())
            };
            let now = left.split_off(keep);
            counts.push(now.len());
            for place in &now {
                mask[item * places + place] = 0.0;
            }
            for frame in 0..config.frames {
                let first = (item * config.frames + frame) * places;
                indices.extend(now.iter().map(|place| (first + place) as i64));
            }
        }
        if !indices.is_empty() {
            let all = seeds.len() * config.tokens();
            let width = decoded.dims()[2];
            let chosen = Tensor::<1, Int>::from_data(TensorData::new(indices.clone(), [indices.len()]), &device);
            let condition = decoded.clone().reshape([all, width]).select(0, chosen.clone());
            let mut draw = || noise.draw_some(&counts, config.frames, channels);
            let start = draw();
            let drawn = net
                .diffloss
                .sample(schedule, condition, start, config.temperature, draw);
            // The chosen rows are zero before.
            tokens = tokens
                .reshape([all, channels])
                .select_assign(0, chosen, drawn, IndexingUpdateOp::Add)
                .reshape([seeds.len(), config.tokens(), channels]);
        }
        z = Some(decoded);
    }
    Some(Drawn {
        latents: pictures(tokens, config.frames, config.side),
        z: z?,
    })
}

impl Noise {
    /// Draws `counts · frames` vectors for each item, `[sum, numbers]`.
    fn draw_some(&mut self, counts: &[usize], frames: usize, numbers: usize) -> Tensor<2> {
        let values: Vec<f32> = self
            .generators
            .iter_mut()
            .zip(counts)
            .flat_map(|(generator, count)| normal(count * frames * numbers, generator))
            .collect();
        let count = values.len() / numbers;
        Tensor::from_data(TensorData::new(values, [count, numbers]), &self.device)
    }
}

/// Repeats a frame's mask for every token, `[batch, tokens, 1]`.
fn mask_of(mask: Tensor<2>, config: &Config) -> Tensor<3> {
    mask.repeat_dim(1, config.frames).unsqueeze_dim(2)
}
