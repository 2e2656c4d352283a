//! Steps to learn from.

use pusht_data::Episode;
use pusht_env::Frame;
use pusht_vision::Tracker;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::error::PixelWorldError;
use crate::palette::{IndexedFrame, Palette};
use crate::window::{Point, in_frame};

/// A piece of a recording.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The frame before the first one.
    pub before: IndexedFrame,
    /// The frames, at least 2; a rollout begins with the first.
    pub frames: Vec<IndexedFrame>,
    /// The agent in every frame.
    pub agent: Vec<Point>,
}

impl Piece {
    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.frames.len() - 1
    }
}

/// Pieces of recordings.
pub trait Pieces: Sync {
    /// Number of items, each the start of a piece.
    fn items(&self) -> usize;

    /// The piece of `steps` steps that begins at an item, or before it where the recording ends; fewer steps if it has
    /// fewer. What is random about it follows from the seed.
    fn piece(&self, item: usize, steps: usize, seed: u64) -> Piece;
}

/// Demonstrations.
#[derive(Debug)]
pub struct Demonstrated {
    episodes: Vec<Recording>,
    /// Episode and frame of every item.
    starts: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Recording {
    frames: Vec<IndexedFrame>,
    agent: Vec<Point>,
}

impl Demonstrated {
    /// Reads episodes; those without states are tracked.
    ///
    /// # Errors
    /// Frames of another size than 96 × 96, or without an agent that the tracker finds.
    pub fn new(episodes: &[&Episode], palette: &Palette) -> Result<Self, PixelWorldError> {
        let mut all = Self {
            episodes: Vec::with_capacity(episodes.len()),
            starts: Vec::new(),
        };
        for episode in episodes {
            let index = episode.provenance.index;
            let refuse = |frame, reason| PixelWorldError::Frame { index, frame, reason };
            let indexed = |(at, frame): (usize, &Frame)| {
                let (width, height) = frame.dimensions();
                let expected = || refuse(at, format!("{width} × {height} px; expected 96 × 96"));
                palette.index(frame).ok_or_else(expected)
            };
            let frames = episode
                .frames
                .iter()
                .enumerate()
                .map(indexed)
                .collect::<Result<Vec<_>, _>>()?;
            let agent = agent_path(episode)?.into_iter().map(in_frame).collect();
            let number = all.episodes.len();
            all.starts
                .extend((0..frames.len().saturating_sub(1)).map(|frame| (number, frame)));
            all.episodes.push(Recording { frames, agent });
        }
        Ok(all)
    }
}

/// Positions of the agent, board px, by frame.
fn agent_path(episode: &Episode) -> Result<Vec<[f64; 2]>, PixelWorldError> {
    let index = episode.provenance.index;
    let refuse = |frame, reason| PixelWorldError::Frame { index, frame, reason };
    if let Some(states) = &episode.states {
        let off = |agent: &[f64; 2]| !agent.iter().all(|x| x.is_finite());
        return match states.iter().position(|state| off(&state.agent)) {
            Some(frame) => Err(refuse(frame, "the agent's position is not finite".to_owned())),
            None => Ok(states.iter().map(|state| state.agent).collect()),
        };
    }
    let tracked = Tracker::new(episode.goal)
        .and_then(|tracker| tracker.track_video(&episode.frames))
        .map_err(|error| refuse(0, error.to_string()))?;
    let agent = tracked.iter().enumerate().map(|(frame, tracked)| {
        tracked.agent.ok_or_else(|| {
            refuse(
                frame,
                "no agent is seen in it; expected a blue disc on the board".to_owned(),
            )
        })
    });
    agent.collect()
}

impl Pieces for Demonstrated {
    fn items(&self) -> usize {
        self.starts.len()
    }

    fn piece(&self, item: usize, steps: usize, _: u64) -> Piece {
        let (episode, start) = self.starts[item];
        let Recording { frames, agent } = &self.episodes[episode];
        let steps = steps.min(frames.len() - 1);
        let start = start.min(frames.len() - 1 - steps);
        let end = start + steps;
        Piece {
            before: frames[start.saturating_sub(1)].clone(),
            frames: frames[start..=end].to_vec(),
            agent: agent[start..=end].to_vec(),
        }
    }
}

/// Numbers drawn for one item of a batch.
pub fn generator(seed: u64, item: u64) -> Pcg64 {
    Pcg64::seed_from_u64(nn_kit::mix_seed(seed, item))
}

/// A number from `-most` to `most`.
pub fn jitter(most: f32, rng: &mut Pcg64) -> f32 {
    most * (2.0 * rng.random::<f32>() - 1.0)
}
