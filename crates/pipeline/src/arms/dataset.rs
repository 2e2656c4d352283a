//! Training data of all arms, in memory once.

use pusht_data::{Episode, FrameRef, Split, SplitProtocol};
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
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Sets of clips that arms are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClipSet {
    /// Those of the generator under test.
    Generated,
    /// Real ones, cut from the pool.
    Real,
    /// Cross-fades between the ends of the generated ones.
    CrossFades,
}

impl ClipSet {
    /// The controls' sets and the stages that label them, in order.
    pub(crate) const CONTROLS: [(Self, &str); 2] = [(Self::Real, "clips-real"), (Self::CrossFades, "clips-crossfade")];
}

/// Clips with their extracted actions, and their split, which counts from the first of them.
pub(crate) struct LabeledClips {
    pub(crate) set: ClipSet,
    pub(crate) episodes: Vec<Episode>,
    pub(crate) split: Split,
}

impl LabeledClips {
    /// Clips that are all trained on.
    pub(crate) fn to_train(set: ClipSet, episodes: Vec<Episode>) -> Self {
        let rows = |(episode, clip): (usize, &Episode)| (0..clip.len()).map(move |row| FrameRef::new(episode, row));
        Self {
            set,
            split: Split {
                protocol: SplitProtocol::ByEpisode,
                seed: 0,
                train: episodes.iter().enumerate().flat_map(rows).collect(),
                validation: Vec::new(),
                test: Vec::new(),
            },
            episodes,
        }
    }
}

/// Episodes of all arms: demonstrations first, then the sets of clips.
pub(crate) struct ArmDataset {
    pub(crate) episodes: Vec<Episode>,
    /// Number of demonstrations among them.
    pub(crate) demos: usize,
    demo_split: Split,
    /// The sets: index of the first episode, and the split.
    clips: Vec<(ClipSet, usize, Split)>,
    /// For each demonstration the extracted actions and the rows that have one; while the demonstrations hold these,
    /// the recorded actions.
    extracted: Vec<Extracted>,
    labels: DemoLabels,
}

impl ArmDataset {
    /// Joins demonstrations and sets of clips.
    pub(crate) fn new(
        demos: Vec<Episode>,
        demo_split: Split,
        extracted: Vec<Extracted>,
        sets: Vec<LabeledClips>,
    ) -> Self {
        let count = demos.len();
        let (mut episodes, mut clips) = (demos, Vec::new());
        for set in sets {
            clips.push((set.set, episodes.len(), set.split));
            episodes.extend(set.episodes);
        }
        Self {
            episodes,
            demos: count,
            demo_split,
            clips,
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
            .take(self.dose())
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

    /// Number of training frames of the generated clips: one dose.
    pub(crate) fn dose(&self) -> usize {
        self.clips(ClipSet::Generated).train.len()
    }

    /// All clips of a set; none if the run does not have it.
    pub(crate) fn clips(&self, wanted: ClipSet) -> Parts {
        let mut parts = Parts::default();
        for (_, first, split) in self.clips.iter().filter(|(set, ..)| *set == wanted) {
            let moved = |r: FrameRef| FrameRef {
                episode: r.episode + first,
                ..r
            };
            parts = parts.and(Parts::of(split).map(|refs| refs.into_iter().map(moved).collect()));
        }
        parts
    }

    /// The first clips of a set with as many training frames as `doses` doses, or all if there are fewer.
    pub(crate) fn first_clips(&self, set: ClipSet, doses: f64) -> Parts {
        let mut parts = self.clips(set);
        parts.train.truncate(self.frames_of(doses));
        parts
    }

    /// The last clips of a set with as many training frames as `doses` doses, or all if there are fewer.
    pub(crate) fn last_clips(&self, set: ClipSet, doses: f64) -> Parts {
        let mut parts = self.clips(set);
        let surplus = parts.train.len().saturating_sub(self.frames_of(doses));
        parts.train.drain(..surplus);
        parts
    }

    /// Number of frames of as many doses.
    pub(crate) fn frames_of(&self, doses: f64) -> usize {
        (doses * self.dose() as f64).round() as usize
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
