//! Demonstrations and random play together.

use rand::RngExt;

use crate::data::{Course, Demonstrated, DemonstratedCourse, Recordings, generator};
use crate::palette::{IndexedFrame, Palette};
use crate::play::{PlayCourse, RandomPlay};
use crate::window::Point;

/// Demonstrations, with random play in place of a share of them.
pub struct Mixed<'a> {
    pub demonstrated: Demonstrated,
    pub play: RandomPlay<'a>,
    /// Share of random play, 0 to 1.
    pub share: f64,
}

/// A course of either kind.
pub enum MixedCourse<'a> {
    Demonstrated(DemonstratedCourse),
    Play(Box<PlayCourse<'a>>),
}

impl<'a> Recordings for Mixed<'a> {
    type Course = MixedCourse<'a>;

    fn items(&self) -> usize {
        self.demonstrated.items()
    }

    fn course(&self, item: usize, steps: usize, seed: u64) -> MixedCourse<'a> {
        let drawn: f64 = generator(seed, 0).random();
        if drawn < self.share {
            MixedCourse::Play(Box::new(self.play.course(item, steps, seed)))
        } else {
            MixedCourse::Demonstrated(self.demonstrated.course(item, steps, seed))
        }
    }
}

impl Course for MixedCourse<'_> {
    fn steps(&self) -> usize {
        match self {
            Self::Demonstrated(course) => course.steps(),
            Self::Play(course) => course.steps(),
        }
    }

    fn memory(&self) -> &IndexedFrame {
        match self {
            Self::Demonstrated(course) => course.memory(),
            Self::Play(course) => course.memory(),
        }
    }

    fn frames(&self) -> [&IndexedFrame; 3] {
        match self {
            Self::Demonstrated(course) => course.frames(),
            Self::Play(course) => course.frames(),
        }
    }

    fn agent(&self) -> [Point; 2] {
        match self {
            Self::Demonstrated(course) => course.agent(),
            Self::Play(course) => course.agent(),
        }
    }

    fn follow(&mut self, own: &IndexedFrame, palette: &Palette) -> bool {
        match self {
            Self::Demonstrated(course) => course.follow(own, palette),
            Self::Play(course) => course.follow(own, palette),
        }
    }
}
