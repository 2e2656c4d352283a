//! Training clips: random windows of episodes, as tensors.

use burn::tensor::{Device, Tensor};
use nn_kit::normal;
use pusht_env::{Pose, State};
use rand::RngExt;
use rand_pcg::Pcg64;

use crate::condition::{CONDITIONS, condition};
use crate::latent::{Anchor, CHANNELS, Latent, line};
use crate::net::{NoisyClips, Scales};
use crate::source::{Source, Statistics};

/// Fraction of training batches with clips of the maximum length; the lengths of the others are uniform from 2.
const LONGEST: f64 = 0.5;
/// Fraction of training clips that are conditioned on their last frame.
const WITH_END: f64 = 0.7;

/// Bound on the weight of early times in the loss.
const LEAST: f64 = 0.02;

/// Tracks of agent and T for training.
#[derive(Clone, Debug)]
pub struct Tracks {
    /// States of each episode, and its goal.
    episodes: Vec<(Vec<State>, Pose)>,
    /// Maximum clip length, frames.
    max_frames: usize,
}

impl Tracks {
    /// Collects the tracks of episodes of at least 2 frames; clips are at most as long as the longest episode.
    pub fn new(episodes: Vec<(Vec<State>, Pose)>, max_frames: usize) -> Self {
        let longest = episodes.iter().map(|e| e.0.len()).max().unwrap_or(0);
        Self {
            episodes,
            max_frames: max_frames.min(longest),
        }
    }

    /// Maximum clip length, frames.
    pub fn max_frames(&self) -> usize {
        self.max_frames
    }

    /// Number of frames of all episodes.
    pub fn frames(&self) -> usize {
        self.episodes.iter().map(|e| e.0.len()).sum()
    }

    /// Second-order statistics of clips of the maximum length, one starting at every eighth frame.
    pub fn statistics(&self) -> Statistics {
        let mut clips = Vec::new();
        for (states, _) in &self.episodes {
            for window in states.windows(self.max_frames.min(states.len())).step_by(8) {
                let anchor = Anchor::new(window[0].block, false);
                clips.push(anchor.encode(window));
            }
        }
        Statistics::of(&clips, self.max_frames)
    }

    /// Draws the length of a batch's clips.
    pub fn length(&self, rng: &mut Pcg64) -> usize {
        if rng.random::<f64>() < LONGEST {
            return self.max_frames;
        }
        2 + (rng.random::<f64>() * (self.max_frames - 1) as f64) as usize
    }

    /// Draws a window of this length, uniformly.
    fn window(&self, frames: usize, rng: &mut Pcg64) -> (&[State], Pose) {
        let windows = |e: &(Vec<State>, Pose)| (e.0.len() + 1).saturating_sub(frames);
        let total: usize = self.episodes.iter().map(windows).sum();
        let mut pick = ((rng.random::<f64>() * total as f64) as usize).min(total.saturating_sub(1));
        for e in &self.episodes {
            if pick < windows(e) {
                return (&e.0[pick..pick + frames], e.1);
            }
            pick -= windows(e);
        }
        (&self.episodes[0].0[..frames], self.episodes[0].1)
    }
}

/// A training batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Inputs of the network.
    pub clips: NoisyClips,
    /// The clean clips, in the form of [`super::ObjectLatent::clean`].
    pub data: Tensor<3>,
}

/// Draws `size` clips of one length, each randomly mirrored, with or without end frame, at a random time of the flow.
pub fn draw(tracks: &Tracks, source: &Source, spread: &Latent, size: usize, device: &Device, rng: &mut Pcg64) -> Batch {
    let frames = tracks.length(rng);
    let max_frames = tracks.max_frames;
    let (mut data, mut noise, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let (mut conditions, mut times) = (Vec::new(), Vec::new());
    for _ in 0..size {
        let (states, goal) = tracks.window(frames, rng);
        let anchor = Anchor::new(states[0].block, rng.random::<bool>());
        let clip = anchor.encode(states);
        let end = (rng.random::<f64>() < WITH_END).then(|| clip[frames - 1]);
        let base = line(&clip[0], end.as_ref(), frames);
        conditions.extend(condition(
            &anchor,
            goal,
            (&states[0], &clip[0]),
            end.as_ref(),
            frames,
            max_frames,
        ));
        // Logistic-normal: more samples in the middle of the flow, where the path is determined.
        times.push((1.0 / (1.0 + (-f64::from(normal(1, rng)[0])).exp())) as f32);
        for (i, drawn) in source.draw(frames, end.is_some(), rng).iter().enumerate() {
            for k in 0..CHANNELS {
                data.push(((clip[i][k] - base[i][k]) / spread[k]) as f32);
                noise.push((drawn[k] / spread[k]) as f32);
                lines.push(base[i][k] as f32);
            }
        }
    }
    let shape = [size, frames, CHANNELS];
    let data = Tensor::<1>::from_floats(data.as_slice(), device).reshape(shape);
    let noise = Tensor::<1>::from_floats(noise.as_slice(), device).reshape(shape);
    let time = Tensor::<1>::from_floats(times.as_slice(), device);
    Batch {
        clips: NoisyClips {
            path: diffusion_schedulers::noised(data.clone(), noise, time.clone()),
            line: Tensor::<1>::from_floats(lines.as_slice(), device).reshape(shape),
            time,
            condition: Tensor::<1>::from_floats(conditions.as_slice(), device).reshape([size, CONDITIONS]),
        },
        data,
    }
}

/// Mean squared error of the estimated clean clip, weighted by 1 / (t² + [`LEAST`]), plus that of its steps from frame
/// to frame in units of the training steps: the first term fits the path, the second keeps a resting T at rest.
pub fn loss(found: Tensor<3>, batch: &Batch, scales: &Scales) -> Tensor<1> {
    let error = found - batch.data.clone();
    let frames = error.dims()[1];
    let steps = error.clone().narrow(1, 1, frames - 1) - error.clone().narrow(1, 0, frames - 1);
    let steps = steps * (scales.spread.clone() / scales.step.clone());
    let each = error.square().mean_dims(&[1, 2]) + steps.square().mean_dims(&[1, 2]);
    let weight = batch
        .clips
        .time
        .clone()
        .square()
        .add_scalar(LEAST)
        .recip()
        .reshape([-1, 1, 1]);
    (each * weight).mean()
}
