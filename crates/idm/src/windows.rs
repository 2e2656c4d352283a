//! Windows of a dataset, and batches of them.

use std::collections::HashSet;

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use corruptions::Degradation;
use nn_kit::mix_seed;
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, Frame};
use pusht_jobs::JobContext;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::error::LearnedError;
use crate::reduction::{CHUNK, CHUNK_OFFSET, WINDOW};

/// Side of the network's input images, px.
pub(crate) const SIDE: u32 = 96;

/// Half the side of the board, px: scale of normalized actions and positions, relative to its center.
pub(crate) const HALF_BOARD: f32 = 256.0;

/// Frames as a tensor `[frames, 3, 96, 96]` in [−1, 1].
pub(crate) fn pictures<'a>(frames: impl Iterator<Item = &'a Frame>, device: &Device) -> Tensor<4> {
    let plane = (SIDE * SIDE) as usize;
    let mut numbers = Vec::new();
    for frame in frames {
        for channel in 0..3 {
            let values = frame.as_raw()[channel..].iter().step_by(3);
            numbers.extend(values.map(|byte| f32::from(*byte) / 127.5 - 1.0));
        }
    }
    let count = numbers.len() / (3 * plane);
    Tensor::from_data(
        TensorData::new(numbers, [count, 3, SIDE as usize, SIDE as usize]),
        device,
    )
}

/// Checks that all frames are 96 × 96 px.
///
/// # Errors
/// Index, width and height of the first frame of another size.
pub(crate) fn check_size(frames: &[Frame]) -> Result<(), (usize, u32, u32)> {
    match frames.iter().position(|f| f.dimensions() != (SIDE, SIDE)) {
        Some(i) => Err((i, frames[i].width(), frames[i].height())),
        None => Ok(()),
    }
}

/// Number of consecutive windows in a training item; they share the encoding of their frames, which is most of the
/// computation.
pub(crate) const RUN: usize = 8;

/// Number of frames in a training item.
pub(crate) const RUN_FRAMES: usize = WINDOW + RUN - 1;

/// Windows with their actions.
pub(crate) struct Windows<'a> {
    episodes: &'a [&'a Episode],
    /// Corrupted copies of the episodes' videos, one inner list per copy; `None` for episodes outside the training
    /// part.
    damaged: Vec<Vec<Option<Vec<Frame>>>>,
    pub(crate) train: Part,
    pub(crate) validation: Part,
}

/// A window as copy, episode and first frame; copy 0 is the original video.
pub(crate) type Start = (usize, usize, usize);

/// Windows in order, with a set for look-up that ignores the copy.
pub(crate) struct Part {
    pub(crate) windows: Vec<Start>,
    known: HashSet<(usize, usize)>,
}

impl<'a> Windows<'a> {
    /// Collects the windows whose eight actions all belong to a part; those of the training part are added in `copies`
    /// corrupted copies.
    pub(crate) fn new(
        episodes: &'a [&'a Episode],
        [train, validation]: [&[FrameRef]; 2],
        copies: usize,
        seed: u64,
        ctx: &mut JobContext,
    ) -> Result<Self, LearnedError> {
        for (episode, e) in episodes.iter().enumerate() {
            check_size(&e.frames).map_err(|(_, width, height)| LearnedError::FrameSize { episode, width, height })?;
        }
        let mut train = Part::new(episodes, train);
        if train.windows.is_empty() {
            let longest = episodes.iter().map(|e| e.len()).max().unwrap_or(0);
            return Err(LearnedError::NoWindows {
                needed: WINDOW,
                longest,
            });
        }
        let used: HashSet<usize> = train.windows.iter().map(|w| w.1).collect();
        let mut damaged = Vec::new();
        let task = (copies > 0).then(|| ctx.task("damage videos", copies * episodes.len(), "video"));
        for copy in 0..copies {
            let mut videos = Vec::new();
            for (block, chunk) in episodes.chunks(16).enumerate() {
                let one = |(i, episode): (usize, &&Episode)| {
                    let index = 16 * block + i;
                    let seed = mix_seed(mix_seed(seed, copy as u64), index as u64);
                    let degradation = Degradation::draw(&mut Pcg64::seed_from_u64(seed));
                    used.contains(&index)
                        .then(|| degradation.apply(&episode.frames, seed))
                        .transpose()
                };
                let more: Result<Vec<_>, _> = chunk.par_iter().enumerate().map(one).collect();
                videos.extend(more?);
                if let Some(task) = &task {
                    task.check()?;
                    task.add(chunk.len());
                }
            }
            damaged.push(videos);
        }
        if let Some(task) = task {
            task.finish(&format!("{copies} damaged copies of {} videos", used.len()));
        }
        let clean = train.windows.clone();
        for copy in 1..=copies {
            train
                .windows
                .extend(clean.iter().map(|&(_, episode, start)| (copy, episode, start)));
        }
        Ok(Self {
            episodes,
            damaged,
            train,
            validation: Part::new(episodes, validation),
        })
    }

    /// Frame `at` of a video; past the end, its last frame.
    fn frame(&self, copy: usize, episode: usize, at: usize) -> &Frame {
        let clean = &self.episodes[episode].frames;
        let video = copy
            .checked_sub(1)
            .and_then(|copy| self.damaged[copy][episode].as_ref())
            .unwrap_or(clean);
        &video[at.min(video.len() - 1)]
    }

    /// Inputs and targets of the runs that start with these windows.
    pub(crate) fn batch(&self, runs: &[Start], part: &Part, device: &Device) -> Batch {
        let count = runs.len();
        let frames = runs
            .iter()
            .flat_map(|&(copy, episode, start)| (start..start + RUN_FRAMES).map(move |at| (copy, episode, at)));
        let x = pictures(
            frames.clone().map(|(copy, episode, at)| self.frame(copy, episode, at)),
            device,
        );
        let (mut places, mut placed) = (Vec::new(), Vec::new());
        for (_, episode, at) in frames {
            let state = self.episodes[episode].states.as_ref().and_then(|states| states.get(at));
            placed.push(if state.is_some() { 1.0 } else { 0.0 });
            places.extend(state.map_or([0.0; 2], |s| s.agent.map(|x| normalize(x as f32))));
        }
        let windows = || {
            runs.iter()
                .flat_map(|&(_, episode, start)| (start..start + RUN).map(move |s| (episode, s)))
        };
        let counts = windows().map(|w| if part.known.contains(&w) { 1.0 } else { 0.0 });
        let actions = windows().flat_map(|(episode, start)| {
            let all = &self.episodes[episode].actions;
            (start + CHUNK_OFFSET..start + CHUNK_OFFSET + CHUNK).map(move |t| all[t.min(all.len() - 1)].map(normalize))
        });
        let tensor =
            |numbers: Vec<f32>, shape: [usize; 4]| Tensor::<4>::from_data(TensorData::new(numbers, shape), device);
        Batch {
            frames: x,
            actions: tensor(actions.flatten().collect(), [count, RUN, CHUNK, 2]),
            counts: tensor(counts.collect(), [count, RUN, 1, 1]),
            places: tensor(places, [count, RUN_FRAMES, 2, 1]).squeeze_dim(3),
            placed: tensor(placed, [count, RUN_FRAMES, 1, 1]).squeeze_dim(3),
        }
    }
}

impl Part {
    fn new(episodes: &[&Episode], part: &[FrameRef]) -> Self {
        let rows: HashSet<(usize, usize)> = part.iter().map(|r| (r.episode, r.row)).collect();
        let all = episodes.iter().enumerate().flat_map(|(e, episode)| {
            let starts = (episode.len() + 1).saturating_sub(WINDOW);
            (0..starts).map(move |start| (0, e, start))
        });
        let windows: Vec<_> = all
            .filter(|&(_, e, start)| (0..CHUNK).all(|j| rows.contains(&(e, start + CHUNK_OFFSET + j))))
            .collect();
        Self {
            known: windows.iter().map(|&(_, e, start)| (e, start)).collect(),
            windows,
        }
    }
}

/// A batch of runs. Lengths are in half boards.
pub(crate) struct Batch {
    /// `[runs × RUN_FRAMES, 3, 96, 96]`.
    pub(crate) frames: Tensor<4>,
    /// `[runs, RUN, CHUNK, 2]`.
    pub(crate) actions: Tensor<4>,
    /// 1 for every window of the part, 0 for the others, `[runs, RUN, 1, 1]`.
    pub(crate) counts: Tensor<4>,
    /// Positions of the agent, `[runs, RUN_FRAMES, 2]`.
    pub(crate) places: Tensor<3>,
    /// 1 where the position is known, `[runs, RUN_FRAMES, 1]`.
    pub(crate) placed: Tensor<3>,
}

fn normalize(px: f32) -> f32 {
    px / HALF_BOARD - 1.0
}

/// Converts a mean squared error of normalized actions to px².
pub(crate) fn px_squared(loss: f64) -> f64 {
    loss * f64::from(HALF_BOARD).powi(2)
}

/// Converts the network's actions to px.
pub(crate) fn chunks(numbers: &[f32]) -> impl Iterator<Item = [Action; CHUNK]> {
    let px = |x: f32| (x + 1.0) * HALF_BOARD;
    numbers
        .chunks_exact(2 * CHUNK)
        .map(move |c| std::array::from_fn(|j| [px(c[2 * j]), px(c[2 * j + 1])]))
}
