//! Sampling of clips of states.

use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{FlowSchedule, Scheduler};
use pusht_env::{Pose, State};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use crate::condition::{CONDITIONS, condition};
use crate::latent::{Anchor, CHANNELS, Latent, line};
use crate::net::{NoisyClips, ObjectLatent, Scales};
use crate::source::Source;

/// A request for a clip of states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateRequest {
    /// First frame.
    pub start: State,
    /// Last frame, if prescribed.
    pub end: Option<State>,
    /// Number of frames, start and end included.
    pub frames: usize,
    /// Seed of all randomness.
    pub seed: u64,
}

/// Inputs of sampling besides the network.
#[derive(Debug)]
pub struct Sampler<'a> {
    /// Starting distribution.
    pub source: &'a Source,
    /// Training spread, px.
    pub spread: Latent,
    /// Spread and step scale, as tensors.
    pub scales: &'a Scales,
    /// Standard deviation of the initial noise relative to training.
    pub temperature: f64,
    /// Times of the flow.
    pub schedule: &'a FlowSchedule,
    /// Goal pose of the T.
    pub goal: Pose,
    /// Maximum clip length, frames.
    pub max_frames: usize,
}

impl Sampler<'_> {
    /// Samples one clip. Clips are not batched: matrix products of other sizes may round differently, and a clip must
    /// not depend on the other requests.
    pub fn run(&self, net: &ObjectLatent, request: &StateRequest, device: &Device) -> Vec<State> {
        let frames = request.frames;
        let anchor = Anchor::new(request.start.block, false);
        let given: Vec<State> = std::iter::once(request.start).chain(request.end).collect();
        let ends = anchor.encode(&given);
        let (start, end) = (ends[0], ends.get(1).copied());
        let base = line(&start, end.as_ref(), frames);
        let condition = condition(
            &anchor,
            self.goal,
            (&request.start, &start),
            end.as_ref(),
            frames,
            self.max_frames,
        );
        let mut rng = Pcg64::seed_from_u64(request.seed);
        let mut noise = self.source.draw(frames, end.is_some(), &mut rng);
        for (x, spread) in noise.iter_mut().flat_map(|z| z.iter_mut().zip(&self.spread)) {
            *x *= self.temperature / spread;
        }
        let line = clip_tensor(&base, device);
        let free = Tensor::<1>::from_floats(free(frames, end.is_some()).as_slice(), device).reshape([1, frames, 1]);
        let condition = Tensor::<1>::from_floats(condition, device).reshape([1, CONDITIONS]);
        let velocity = |path: Tensor<3>, t: f64| {
            let clips = NoisyClips {
                path,
                line: line.clone(),
                time: Tensor::from_floats([t as f32], device),
                condition: condition.clone(),
            };
            net.forward(clips, self.scales) * free.clone()
        };
        let start = clip_tensor(&noise, device);
        let path = self.schedule.sample(start, velocity, Tensor::zeros_like);
        let path = path.into_data().iter::<f32>().map(f64::from).collect::<Vec<_>>();
        let clip: Vec<Latent> = base
            .iter()
            .zip(path.chunks_exact(CHANNELS))
            .map(|(b, x)| std::array::from_fn(|k| b[k] + x[k] * self.spread[k]))
            .collect();
        let mut states = anchor.decode(&clip);
        // A tracked agent may be slightly inside the T, a generated one never.
        states[0].agent = request.start.agent;
        if let Some(end) = request.end {
            states[frames - 1].agent = end.agent;
        }
        states
    }
}

/// 0 where a frame is prescribed, 1 elsewhere.
pub fn free(frames: usize, end: bool) -> Vec<f32> {
    (0..frames)
        .map(|i| if i == 0 || (end && i + 1 == frames) { 0.0 } else { 1.0 })
        .collect()
}

/// A clip as tensor `[1, frames, 6]`.
fn clip_tensor(clip: &[Latent], device: &Device) -> Tensor<3> {
    let flat: Vec<f32> = clip.iter().flatten().map(|x| *x as f32).collect();
    Tensor::<1>::from_floats(flat.as_slice(), device).reshape([1, clip.len(), CHANNELS])
}
