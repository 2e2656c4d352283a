//! Windows of a data set, their pictures made small once.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, Frame};
use std::collections::HashSet;

use crate::error::LearnedError;
use crate::reduction::{CHUNK, LEAD, WINDOW};

/// Side of the pictures the network sees, px: 96 halved. The disc is 3 px wide there, enough to be placed between
/// pixels, for a quarter of the arithmetic.
pub(crate) const SIDE: usize = 48;

/// Numbers of a small picture.
const NUMBERS: usize = 3 * SIDE * SIDE;

/// Actions and positions are divided by half the board, about its middle.
const HALF_BOARD: f32 = 256.0;

/// A frame as channels × height × width, each the mean of 2 × 2 pixels.
fn small(frame: &Frame) -> Vec<u8> {
    let raw = frame.as_raw();
    let mut planes = vec![0; NUMBERS];
    for (channel, plane) in planes.chunks_exact_mut(SIDE * SIDE).enumerate() {
        for (i, out) in plane.iter_mut().enumerate() {
            let (y, x) = (2 * (i / SIDE), 2 * (i % SIDE));
            let at = |dy: usize, dx: usize| u16::from(raw[3 * ((y + dy) * 2 * SIDE + x + dx) + channel]);
            *out = ((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1) + 2) / 4) as u8;
        }
    }
    planes
}

/// The small pictures of one video, one after the other; bytes, as a data set holds tens of thousands.
pub(crate) struct Video(Vec<u8>);

impl Video {
    /// Of frames of 96 × 96.
    ///
    /// # Errors
    /// The size found, with the frame's index, where it is another.
    pub(crate) fn new(frames: &[Frame]) -> Result<Self, (usize, u32, u32)> {
        let side = 2 * SIDE as u32;
        if let Some(i) = frames.iter().position(|f| f.dimensions() != (side, side)) {
            let (width, height) = frames[i].dimensions();
            return Err((i, width, height));
        }
        Ok(Self(frames.iter().flat_map(small).collect()))
    }

    /// Frame `at`, or the last one beyond the end.
    fn frame(&self, at: usize) -> &[u8] {
        let at = at.min(self.0.len() / NUMBERS - 1);
        &self.0[at * NUMBERS..(at + 1) * NUMBERS]
    }
}

/// `[batch × length, 3, SIDE, SIDE]` in [−1, 1]: runs of `length` frames that begin at these frames of these videos.
pub(crate) fn pictures<'a>(
    runs: impl Iterator<Item = (&'a Video, usize)>,
    length: usize,
    device: &Device,
) -> Tensor<4> {
    let scaled = |byte: &u8| f32::from(*byte) / 127.5 - 1.0;
    let frames = runs.flat_map(|(video, start)| (start..start + length).map(|at| video.frame(at)));
    let numbers: Vec<f32> = frames.flat_map(|frame| frame.iter().map(scaled)).collect();
    let count = numbers.len() / NUMBERS;
    Tensor::from_data(TensorData::new(numbers, [count, 3, SIDE, SIDE]), device)
}

/// Consecutive windows of a training item: they share the encoding of their frames, which is nearly all of the work.
pub(crate) const RUN: usize = 8;

/// Frames of a training item.
pub(crate) const RUN_FRAMES: usize = WINDOW + RUN - 1;

/// Windows with their actions.
pub(crate) struct Windows {
    videos: Vec<Video>,
    actions: Vec<Vec<Action>>,
    pub(crate) train: Part,
    pub(crate) validation: Part,
}

/// Windows as video and first frame, in order and for look-up.
pub(crate) struct Part {
    pub(crate) windows: Vec<(usize, usize)>,
    pub(crate) known: HashSet<(usize, usize)>,
}

impl Windows {
    /// Every window whose eight actions all belong to a part.
    pub(crate) fn new(episodes: &[Episode], train: &[FrameRef], validation: &[FrameRef]) -> Result<Self, LearnedError> {
        let videos = episodes
            .iter()
            .enumerate()
            .map(|(episode, e)| {
                Video::new(&e.frames).map_err(|(_, width, height)| LearnedError::FrameSize { episode, width, height })
            })
            .collect::<Result<_, _>>()?;
        let windows = |part: &[FrameRef]| {
            let rows: HashSet<(usize, usize)> = part.iter().map(|r| (r.episode as usize, r.row as usize)).collect();
            let all = episodes.iter().enumerate().flat_map(|(e, episode)| {
                let starts = (episode.len() + 1).saturating_sub(WINDOW);
                (0..starts).map(move |start| (e, start))
            });
            let windows: Vec<_> = all
                .filter(|&(e, start)| (0..CHUNK).all(|j| rows.contains(&(e, start + LEAD + j))))
                .collect();
            Part {
                known: windows.iter().copied().collect(),
                windows,
            }
        };
        let made = Self {
            videos,
            actions: episodes.iter().map(|e| e.actions.clone()).collect(),
            train: windows(train),
            validation: windows(validation),
        };
        if made.train.windows.is_empty() {
            let longest = episodes.iter().map(Episode::len).max().unwrap_or(0);
            return Err(LearnedError::NoWindows {
                needed: WINDOW,
                longest,
            });
        }
        Ok(made)
    }

    /// Of runs that begin with these windows: pictures `[batch × RUN_FRAMES, 3, SIDE, SIDE]`, normalised actions
    /// `[batch, RUN, CHUNK × 2]`, and 1 for every window of the part, 0 for the others, `[batch, RUN, 1]`.
    pub(crate) fn batch(
        &self,
        runs: &[(usize, usize)],
        part: &HashSet<(usize, usize)>,
        device: &Device,
    ) -> (Tensor<4>, Tensor<3>, Tensor<3>) {
        let x = pictures(
            runs.iter().map(|&(video, start)| (&self.videos[video], start)),
            RUN_FRAMES,
            device,
        );
        let windows = || {
            runs.iter()
                .flat_map(|&(video, start)| (start..start + RUN).map(move |s| (video, s)))
        };
        let counts: Vec<f32> = windows().map(|w| if part.contains(&w) { 1.0 } else { 0.0 }).collect();
        let actions = windows().flat_map(|(video, start)| {
            let all = &self.actions[video];
            (start + LEAD..start + LEAD + CHUNK).map(move |t| all[t.min(all.len() - 1)])
        });
        let y: Vec<f32> = actions.flat_map(|a| a.map(normalise)).collect();
        let batch = runs.len();
        (
            x,
            Tensor::from_data(TensorData::new(y, [batch, RUN, CHUNK * 2]), device),
            Tensor::from_data(TensorData::new(counts, [batch, RUN, 1]), device),
        )
    }
}

fn normalise(px: f32) -> f32 {
    px / HALF_BOARD - 1.0
}

/// Mean squared error of normalised actions, in px².
pub(crate) fn px_squared(loss: f64) -> f64 {
    loss * f64::from(HALF_BOARD).powi(2)
}

/// The network's numbers as chunks of actions, px.
pub(crate) fn chunks(numbers: &[f32]) -> Vec<[Action; CHUNK]> {
    let px = |x: f32| (x + 1.0) * HALF_BOARD;
    numbers
        .chunks_exact(2 * CHUNK)
        .map(|c| std::array::from_fn(|j| [px(c[2 * j]), px(c[2 * j + 1])]))
        .collect()
}
