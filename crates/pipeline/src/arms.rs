//! The arms: which frames, with which labels, every policy is trained on.

use pusht_data::{Episode, FrameRef, Split};
use pusht_env::Action;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// Name and meaning of the trained arms, in the order of the table.
pub(crate) const ARMS: [(&str, &str); 5] = [
    ("demo", "demonstration frames, recorded actions"),
    ("demo-matched", "as many demonstration frames as generated has"),
    ("idm", "demonstration frames, extracted actions"),
    ("generated", "generated clips, extracted actions"),
    ("mixed", "demonstrations plus generated clips"),
];

/// Whose actions the demonstrations carry in an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DemoLabels {
    Recorded,
    Extracted,
}

/// The frames of an arm, as places in [`Material::episodes`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArmParts {
    pub(crate) labels: DemoLabels,
    pub(crate) train: Vec<FrameRef>,
    pub(crate) validation: Vec<FrameRef>,
    pub(crate) test: Vec<FrameRef>,
}

/// Everything policies are trained on, held once: demonstrations first, then clips with their extracted actions.
pub(crate) struct Material {
    pub(crate) episodes: Vec<Episode>,
    /// How many of them are demonstrations.
    pub(crate) demos: usize,
    demo_split: Split,
    clip_split: Split,
    /// Per demonstration the extracted actions, and which rows have one.
    extracted: Vec<Extracted>,
    labels: DemoLabels,
}

/// Extracted actions of one demonstration; rows without one repeat the nearest.
#[derive(Clone, Debug)]
pub(crate) struct Extracted {
    pub(crate) actions: Vec<Action>,
    pub(crate) known: std::ops::Range<usize>,
}

impl Extracted {
    /// Labels that begin at row `start`, spread over an episode of `rows` rows.
    pub(crate) fn new(start: usize, actions: &[Action], rows: usize) -> Option<Self> {
        let (first, last) = (*actions.first()?, *actions.last()?);
        let known = start..(start + actions.len()).min(rows);
        let actions = (0..rows)
            .map(|row| {
                if row < start {
                    first
                } else {
                    actions.get(row - start).copied().unwrap_or(last)
                }
            })
            .collect();
        Some(Self { actions, known })
    }
}

impl Material {
    /// Joins demonstrations and clips. The splits count from their own first episode.
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

    /// The frames of arm `name`.
    pub(crate) fn parts(&self, name: &str) -> ArmParts {
        let demo = ArmParts {
            labels: DemoLabels::Recorded,
            train: self.demo_split.train.clone(),
            validation: self.demo_split.validation.clone(),
            test: self.demo_split.test.clone(),
        };
        let clips = self.clip_parts();
        match name {
            "demo-matched" => ArmParts {
                train: self.matched(clips.train.len()),
                ..demo
            },
            "idm" => {
                let known = |refs: &[FrameRef]| {
                    let known = |r: &&FrameRef| self.extracted[r.episode].known.contains(&r.row);
                    refs.iter().filter(known).copied().collect()
                };
                ArmParts {
                    labels: DemoLabels::Extracted,
                    train: known(&demo.train),
                    validation: known(&demo.validation),
                    test: known(&demo.test),
                }
            }
            "generated" => clips,
            "mixed" => {
                let join = |mut a: Vec<FrameRef>, b: Vec<FrameRef>| {
                    a.extend(b);
                    a
                };
                ArmParts {
                    labels: DemoLabels::Recorded,
                    train: join(demo.train, clips.train),
                    validation: join(demo.validation, clips.validation),
                    test: join(demo.test, clips.test),
                }
            }
            _ => demo,
        }
    }

    /// The episodes with the labels of an arm.
    pub(crate) fn with_labels(&mut self, labels: DemoLabels) -> &[Episode] {
        if labels != self.labels {
            for (episode, extracted) in self.episodes.iter_mut().zip(&mut self.extracted) {
                std::mem::swap(&mut episode.actions, &mut extracted.actions);
            }
            self.labels = labels;
        }
        &self.episodes
    }

    /// The test part of the demonstrations, which has recorded actions.
    pub(crate) fn recorded_test(&self) -> (&[FrameRef], Vec<Action>) {
        let refs = &self.demo_split.test;
        let recorded = |r: &FrameRef| {
            let (episode, row) = (r.episode, r.row);
            match self.labels {
                DemoLabels::Recorded => self.episodes[episode].actions[row],
                // Swapped, see `with_labels`.
                DemoLabels::Extracted => self.extracted[episode].actions[row],
            }
        };
        (refs, refs.iter().map(recorded).collect())
    }

    fn clip_parts(&self) -> ArmParts {
        let moved = |refs: &[FrameRef]| {
            refs.iter()
                .map(|r| FrameRef {
                    episode: r.episode + self.demos,
                    ..*r
                })
                .collect()
        };
        ArmParts {
            labels: DemoLabels::Recorded,
            train: moved(&self.clip_split.train),
            validation: moved(&self.clip_split.validation),
            test: moved(&self.clip_split.test),
        }
    }

    /// `frames` training frames of the demonstrations: whole episodes in a seeded order, the last one cut short.
    fn matched(&self, frames: usize) -> Vec<FrameRef> {
        let mut episodes = Split::episodes_of(&self.demo_split.train);
        episodes.shuffle(&mut Pcg64::seed_from_u64(self.demo_split.seed));
        let mut refs: Vec<FrameRef> = episodes
            .iter()
            .flat_map(|&e| self.demo_split.train.iter().filter(move |r| r.episode == e))
            .take(frames)
            .copied()
            .collect();
        refs.sort_unstable();
        refs
    }
}

/// How many training frames an arm has, and from how many episodes or clips.
pub(crate) fn count(refs: &[FrameRef]) -> (usize, usize) {
    (refs.len(), Split::episodes_of(refs).len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_data::{Provenance, SplitProtocol};
    use pusht_env::{Frame, GOAL};

    fn episodes(count: usize, rows: usize, action: f32) -> Vec<Episode> {
        (0..count)
            .map(|index| Episode {
                frames: vec![Frame::new(2, 2); rows],
                actions: vec![[action; 2]; rows],
                states: None,
                goal: GOAL,
                provenance: Provenance {
                    source: "test".into(),
                    index,
                    seed: None,
                    actions: "recorded".into(),
                },
            })
            .collect()
    }

    fn material() -> Material {
        let split = |n, rows| Split::new(&vec![rows; n], SplitProtocol::ByEpisode, 1, 0).unwrap();
        let extracted = (0..10)
            .map(|_| Extracted::new(1, &[[7.0; 2]; 18], 20).unwrap())
            .collect();
        Material::new(
            episodes(10, 20, 1.0),
            split(10, 20),
            extracted,
            episodes(5, 15, 2.0),
            split(5, 15),
        )
    }

    #[test]
    fn matched_demonstrations_have_as_many_training_frames_as_generated_clips() {
        let material = material();
        let (matched, generated) = (material.parts("demo-matched"), material.parts("generated"));
        assert_eq!(matched.train.len(), generated.train.len());
        assert!(matched.train.iter().all(|r| r.episode < material.demos));
        assert_eq!(matched.test, material.parts("demo").test);
    }

    #[test]
    fn arms_differ_in_frames_and_labels_only_as_named() {
        let mut material = material();
        let idm = material.parts("idm");
        assert!(idm.train.iter().all(|r| (1..19).contains(&r.row)));
        assert_eq!(material.with_labels(idm.labels)[0].actions[5], [7.0; 2]);
        assert_eq!(material.with_labels(DemoLabels::Recorded)[0].actions[5], [1.0; 2]);
        let [demo, generated, mixed] = ["demo", "generated", "mixed"].map(|n| material.parts(n));
        assert!(generated.train.iter().all(|r| r.episode >= material.demos));
        assert_eq!(mixed.train.len(), demo.train.len() + generated.train.len());
        assert_eq!(count(&demo.train), (160, 8));
    }
}
