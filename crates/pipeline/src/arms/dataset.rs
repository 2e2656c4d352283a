//! Training data of all arms, in memory once.

use pusht_data::{Episode, FrameRef, Split};
use pusht_env::Action;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

use crate::labels::Extracted;

/// Actions of the demonstrations: recorded or extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DemoLabels {
    Recorded,
    Extracted,
}

/// Frames for training, validation and test, as references into [`ArmDataset::episodes`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) train: Vec<FrameRef>,
    pub(crate) validation: Vec<FrameRef>,
    pub(crate) test: Vec<FrameRef>,
}

impl Parts {
    fn of(split: &Split) -> Self {
        Self {
            train: split.train.clone(),
            validation: split.validation.clone(),
            test: split.test.clone(),
        }
    }

    fn map(self, change: impl Fn(Vec<FrameRef>) -> Vec<FrameRef>) -> Self {
        Self {
            train: change(self.train),
            validation: change(self.validation),
            test: change(self.test),
        }
    }

    /// Concatenates two parts.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.train.extend(other.train);
        self.validation.extend(other.validation);
        self.test.extend(other.test);
        self
    }
}

/// Episodes of all arms: demonstrations first, then clips with their extracted actions.
pub(crate) struct ArmDataset {
    pub(crate) episodes: Vec<Episode>,
    /// Number of demonstrations among them.
    pub(crate) demos: usize,
    demo_split: Split,
    clip_split: Split,
    /// For each demonstration the extracted actions and the rows that have one; while the demonstrations hold these,
    /// the recorded actions.
    extracted: Vec<Extracted>,
    labels: DemoLabels,
}

impl ArmDataset {
    /// Joins demonstrations and clips. Each split counts from its own first episode.
    pub(crate) fn new(
        demos: Vec<Episode>,
        demo_split: Split,
        extracted: Vec<Extracted>,
        clips: Vec<Episode>,
        clip_split: Split,
    ) -> Self {
        let count = demos.len();
        let mut episodes = demos;
        episodes.extend(clips);
        Self {
            episodes,
            demos: count,
            demo_split,
            clip_split,
            extracted,
            labels: DemoLabels::Recorded,
        }
    }

    /// All demonstrations.
    pub(crate) fn demonstrations(&self) -> Parts {
        Parts::of(&self.demo_split)
    }

    /// Demonstrations reduced to the clips' number of training frames: whole episodes in a seeded order, the last one
    /// truncated.
    pub(crate) fn demonstrations_as_many_as_clips(&self) -> Parts {
        let split = &self.demo_split;
        let mut episodes = Split::episodes_of(&split.train);
        episodes.shuffle(&mut Pcg64::seed_from_u64(split.seed));
        let mut train: Vec<FrameRef> = episodes
            .iter()
            .flat_map(|&e| split.train.iter().filter(move |r| r.episode == e))
            .take(self.clip_split.train.len())
            .copied()
            .collect();
        train.sort_unstable();
        Parts {
            train,
            ..self.demonstrations()
        }
    }

    /// The frames of the demonstrations that have an extracted action.
    pub(crate) fn labeled_demonstrations(&self) -> Parts {
        let known = |r: &FrameRef| self.extracted[r.episode].known.contains(&r.row);
        self.demonstrations()
            .map(|refs| refs.into_iter().filter(known).collect())
    }

    /// All clips.
    pub(crate) fn clips(&self) -> Parts {
        let moved = |r: FrameRef| FrameRef {
            episode: r.episode + self.demos,
            ..r
        };
        Parts::of(&self.clip_split).map(|refs| refs.into_iter().map(moved).collect())
    }

    /// These frames as a split of [`Self::episodes`].
    pub(crate) fn split(&self, parts: Parts) -> Split {
        Split {
            protocol: self.demo_split.protocol,
            seed: self.demo_split.seed,
            train: parts.train,
            validation: parts.validation,
            test: parts.test,
        }
    }

    /// Sets which actions the demonstrations hold.
    pub(crate) fn set_labels(&mut self, labels: DemoLabels) {
        if labels != self.labels {
            for (episode, extracted) in self.episodes.iter_mut().zip(&mut self.extracted) {
                std::mem::swap(&mut episode.actions, &mut extracted.actions);
            }
            self.labels = labels;
        }
    }

    /// The test part of the demonstrations, which has recorded actions.
    pub(crate) fn recorded_test(&self) -> (&[FrameRef], Vec<Action>) {
        let refs = &self.demo_split.test;
        let recorded = |r: &FrameRef| {
            let (episode, row) = (r.episode, r.row);
            match self.labels {
                DemoLabels::Recorded => self.episodes[episode].actions[row],
                // Swapped, see `set_labels`.
                DemoLabels::Extracted => self.extracted[episode].actions[row],
            }
        };
        (refs, refs.iter().map(recorded).collect())
    }
}
