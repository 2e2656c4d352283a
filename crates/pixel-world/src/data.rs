//! Steps to learn from.

use pusht_data::Episode;
use pusht_env::Frame;
use pusht_vision::known_states;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::background::Background;
use crate::error::PixelWorldError;
use crate::palette::{IndexedFrame, Palette};
use crate::window::{Point, in_frame};

/// Difference of a color's levels from which a pixel differs.
pub const DIFFERENT: u8 = 48;
/// Pixels that may differ from a demonstration; a rollout with more of them has gone astray.
const ASTRAY: usize = 40;

/// A recording that a rollout follows, step by step.
pub trait Course: Send + Sync {
    /// Number of steps.
    fn steps(&self) -> usize;

    /// A frame of the same board, at the first step or earlier.
    fn memory(&self) -> &IndexedFrame;

    /// The recorded frames before, at and after the present step.
    fn frames(&self) -> [&IndexedFrame; 3];

    /// Where the agent is at the step and after it.
    fn agent(&self) -> [Point; 2];

    /// Goes on to the next step; `own` is the model's frame after the present one. Returns whether the recording tells
    /// what follows `own`; if not, the rollout must begin anew with recorded frames.
    fn follow(&mut self, own: &IndexedFrame, palette: &Palette) -> bool;
}

/// Recordings to learn from.
pub trait Recordings: Sync {
    /// A part of a recording.
    type Course: Course;

    /// Number of items, each the start of a course.
    fn items(&self) -> usize;

    /// The course of `steps` steps that begins at an item, or before it where the recording ends; fewer steps if it has
    /// fewer. What is random about it follows from the seed.
    fn course(&self, item: usize, steps: usize, seed: u64) -> Self::Course;
}

/// Demonstrations.
#[derive(Debug)]
pub struct Demonstrated {
    episodes: Vec<Recording>,
    /// Episode and frame of every item.
    starts: Vec<(usize, usize)>,
    background: Option<Background>,
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
            background: None,
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

    /// What stands still in these `episodes`, from which this was made; `None` if their boards differ.
    pub fn background_of(&self, episodes: &[&Episode], palette: &Palette) -> Option<Background> {
        let frames: Vec<&[IndexedFrame]> = self.episodes.iter().map(|one| &one.frames[..]).collect();
        Background::of(episodes, &frames, palette.colors().len())
    }

    /// The same, with this background in what courses remember.
    pub fn before(mut self, background: Option<Background>) -> Self {
        self.background = background;
        self
    }
}

/// Positions of the agent, board px, by frame.
fn agent_path(episode: &Episode) -> Result<Vec<[f64; 2]>, PixelWorldError> {
    let index = episode.provenance.index;
    let refuse = |frame, reason| PixelWorldError::Frame { index, frame, reason };
    let known = known_states(&episode.frames, episode.states.as_deref(), episode.goal)
        .map_err(|error| refuse(error.frame, error.reason))?;
    let agent = known.iter().enumerate().map(|(frame, known)| {
        known.agent.ok_or_else(|| {
            refuse(
                frame,
                "no agent is seen in it; expected a blue disc on the board".to_owned(),
            )
        })
    });
    agent.collect()
}

/// A part of a demonstration.
pub struct DemonstratedCourse {
    memory: IndexedFrame,
    before: IndexedFrame,
    frames: Vec<IndexedFrame>,
    agent: Vec<Point>,
    at: usize,
}

impl Recordings for Demonstrated {
    type Course = DemonstratedCourse;

    fn items(&self) -> usize {
        self.starts.len()
    }

    fn course(&self, item: usize, steps: usize, seed: u64) -> DemonstratedCourse {
        let (episode, start) = self.starts[item];
        let Recording { frames, agent } = &self.episodes[episode];
        let steps = steps.min(frames.len() - 1);
        let start = start.min(frames.len() - 1 - steps);
        let end = start + steps;
        let mut rng = generator(seed, u64::MAX);
        DemonstratedCourse {
            memory: {
                let first = &frames[rng.random_range(0..=start)];
                let background = self.background.as_ref();
                background.map_or_else(|| first.clone(), |background| background.behind(first))
            },
            before: frames[start.saturating_sub(1)].clone(),
            frames: frames[start..=end].to_vec(),
            agent: agent[start..=end].to_vec(),
            at: 0,
        }
    }
}

impl Course for DemonstratedCourse {
    fn steps(&self) -> usize {
        self.frames.len() - 1
    }

    fn memory(&self) -> &IndexedFrame {
        &self.memory
    }

    fn frames(&self) -> [&IndexedFrame; 3] {
        let before = self.at.checked_sub(1).map_or(&self.before, |at| &self.frames[at]);
        [before, &self.frames[self.at], &self.frames[self.at + 1]]
    }

    fn agent(&self) -> [Point; 2] {
        [self.agent[self.at], self.agent[self.at + 1]]
    }

    /// Where the model's T is elsewhere, a demonstration does not say what follows.
    fn follow(&mut self, own: &IndexedFrame, palette: &Palette) -> bool {
        self.at += 1;
        palette.differing(own, &self.frames[self.at], DIFFERENT) <= ASTRAY
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
