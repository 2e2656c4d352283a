//! The list of arms. A new arm is one value in [`ARMS`].
//! The color of an arm in charts is in `report/src/plot/palette.rs`.

use eval::{CALIBRATION, NEGATIVE_CONTROL, POSITIVE_CONTROL};
use pusht_data::{Episode, FrameRef, Split};
use pusht_env::Action;

use super::dataset::{ArmDataset, ClipSet, DemoLabels, Parts};

/// An arm: a choice of training data for the policy.
pub(crate) struct Arm {
    pub(crate) name: &'static str,
    /// Description of its data.
    pub(crate) what: &'static str,
    /// Sets of clips that it needs besides the generated ones.
    pub(crate) needs: &'static [ClipSet],
    /// Doses of clips of a control that it has beside the demonstrations.
    pub(crate) doses: f64,
    /// Selects its frames; takes the doses.
    frames: fn(&ArmDataset, f64) -> Parts,
    /// Actions of its demonstrations.
    labels: DemoLabels,
    /// Description of its actions in the report; `{}` is the name of the inverse dynamics.
    actions: &'static str,
}

/// Actions of an arm with demonstrations and clips.
const BOTH: &str = "recorded; clips: {}";

/// Upper control: demonstrations with recorded actions.
pub(crate) const DEMO: Arm = Arm {
    name: "demo",
    what: "demonstration frames, recorded actions",
    needs: &[],
    doses: 0.0,
    frames: |dataset, _| dataset.demonstrations(),
    labels: DemoLabels::Recorded,
    actions: "recorded",
};

/// Control for the amount of data.
pub(crate) const DEMO_MATCHED: Arm = Arm {
    name: "demo-matched",
    what: "as many demonstration frames as generated has",
    needs: &[],
    doses: 0.0,
    frames: |dataset, _| dataset.demonstrations_as_many_as_clips(),
    labels: DemoLabels::Recorded,
    actions: "recorded",
};

/// Control for the labels.
pub(crate) const IDM: Arm = Arm {
    name: "idm",
    what: "demonstration frames, extracted actions",
    needs: &[],
    doses: 0.0,
    frames: |dataset, _| dataset.labeled_demonstrations(),
    labels: DemoLabels::Extracted,
    actions: "{}",
};

/// Clips only.
pub(crate) const GENERATED: Arm = Arm {
    name: "generated",
    what: "generated clips, extracted actions",
    needs: &[],
    doses: 0.0,
    frames: |dataset, _| dataset.clips(ClipSet::Generated),
    labels: DemoLabels::Recorded,
    actions: "{}",
};

/// Demonstrations and clips.
pub(crate) const MIXED: Arm = Arm {
    name: "mixed",
    what: "demonstrations plus generated clips",
    needs: &[],
    doses: 0.0,
    frames: |dataset, _| dataset.demonstrations().and(dataset.clips(ClipSet::Generated)),
    labels: DemoLabels::Recorded,
    actions: BOTH,
};

/// Positive control: what a perfect generator would be worth.
pub(crate) const MIXED_REAL: Arm = Arm {
    name: POSITIVE_CONTROL,
    what: "demonstrations plus as many frames of real clips from the pool",
    needs: &[ClipSet::Real],
    doses: 1.0,
    frames: |dataset, doses| dataset.demonstrations().and(dataset.first_clips(ClipSet::Real, doses)),
    labels: DemoLabels::Recorded,
    actions: BOTH,
};

/// Half a dose of real clips, for the curve of real data.
pub(crate) const MIXED_REAL_HALF: Arm = Arm {
    name: "mixed-real-half",
    what: "demonstrations plus half as many frames of real clips from the pool",
    doses: 0.5,
    ..MIXED_REAL
};

/// Two doses of real clips, for the curve of real data.
pub(crate) const MIXED_REAL_2: Arm = Arm {
    name: "mixed-real-2",
    what: "demonstrations plus twice as many frames of real clips from the pool",
    doses: 2.0,
    ..MIXED_REAL
};

/// Four doses of real clips, for the curve of real data.
pub(crate) const MIXED_REAL_4: Arm = Arm {
    name: "mixed-real-4",
    what: "demonstrations plus four times as many frames of real clips from the pool",
    doses: 4.0,
    ..MIXED_REAL
};

/// Other real clips, whose rate of exchange must be 1.
pub(crate) const MIXED_REAL_AGAIN: Arm = Arm {
    name: CALIBRATION,
    what: "demonstrations plus as many frames of other real clips from the pool",
    frames: |dataset, doses| dataset.demonstrations().and(dataset.last_clips(ClipSet::Real, doses)),
    ..MIXED_REAL
};

/// Negative control: clips that show nothing that moves as it should.
pub(crate) const MIXED_CROSSFADE: Arm = Arm {
    name: NEGATIVE_CONTROL,
    what: "demonstrations plus cross-fades between the ends of the generated clips",
    needs: &[ClipSet::CrossFades],
    doses: 1.0,
    frames: |dataset, doses| {
        dataset
            .demonstrations()
            .and(dataset.first_clips(ClipSet::CrossFades, doses))
    },
    labels: DemoLabels::Recorded,
    actions: BOTH,
};

/// All arms, in the order of the report's table.
pub(crate) const ARMS: [Arm; 11] = [
    DEMO,
    DEMO_MATCHED,
    IDM,
    GENERATED,
    MIXED,
    MIXED_REAL_HALF,
    MIXED_REAL,
    MIXED_REAL_2,
    MIXED_REAL_4,
    MIXED_REAL_AGAIN,
    MIXED_CROSSFADE,
];

/// The arms of these names, in the order of [`ARMS`].
pub(crate) fn chosen(names: &[String]) -> Vec<&'static Arm> {
    static ALL: [Arm; 11] = ARMS;
    ALL.iter()
        .filter(|arm| names.iter().any(|name| name == arm.name))
        .collect()
}

/// Training and test data of an arm's policies.
pub(crate) struct ArmData<'a> {
    /// Demonstrations and clips with the arm's labels.
    pub(crate) episodes: &'a [Episode],
    /// Split of the arm's frames.
    pub(crate) split: Split,
    /// The test part of the demonstrations.
    pub(crate) recorded_test: &'a [FrameRef],
    /// Recorded actions of the test part.
    pub(crate) recorded_actions: Vec<Action>,
    /// Whether the arm's own test part equals that one, with the same actions.
    pub(crate) own_is_recorded: bool,
}

impl Arm {
    /// The arm's data; sets the actions of the demonstrations to the arm's.
    pub(crate) fn data<'a>(&self, dataset: &'a mut ArmDataset) -> ArmData<'a> {
        dataset.set_labels(self.labels);
        let dataset = &*dataset;
        let split = dataset.split(self.parts(dataset));
        let (recorded_test, recorded_actions) = dataset.recorded_test();
        ArmData {
            episodes: &dataset.episodes,
            own_is_recorded: self.labels == DemoLabels::Recorded && split.test == recorded_test,
            split,
            recorded_test,
            recorded_actions,
        }
    }

    /// The arm's frames.
    pub(crate) fn parts(&self, dataset: &ArmDataset) -> Parts {
        (self.frames)(dataset, self.doses)
    }

    /// Description of its actions in the report; `labeler` is the name of the inverse dynamics.
    pub(crate) fn labels_of(&self, labeler: &str) -> String {
        self.actions.replace("{}", labeler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm_names::{ARM_NAMES, FORMER_ARMS, needs_pool};
    use crate::arms::LabeledClips;
    use crate::labels::Extracted;
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

    fn dataset() -> ArmDataset {
        let split = |n, rows| Split::new(&vec![rows; n], SplitProtocol::ByEpisode, 1, 0).unwrap();
        let extracted = (0..10)
            .map(|_| Extracted::new(1, &[[7.0; 2]; 18], 20).unwrap())
            .collect();
        ArmDataset::new(
            episodes(10, 20, 1.0),
            split(10, 20),
            extracted,
            vec![
                LabeledClips {
                    set: ClipSet::Generated,
                    episodes: episodes(5, 15, 2.0),
                    split: split(5, 15),
                },
                LabeledClips::to_train(ClipSet::Real, episodes(10, 15, 3.0)),
            ],
        )
    }

    #[test]
    fn matched_demonstrations_have_as_many_training_frames_as_generated_clips() {
        let dataset = dataset();
        let (matched, generated) = (DEMO_MATCHED.parts(&dataset), GENERATED.parts(&dataset));
        assert_eq!(matched.train.len(), generated.train.len());
        assert!(matched.train.iter().all(|r| r.episode < dataset.demos));
        assert_eq!(matched.test, DEMO.parts(&dataset).test);
    }

    #[test]
    fn arms_differ_in_frames_and_labels_only_as_named() {
        let mut dataset = dataset();
        let idm = IDM.data(&mut dataset);
        assert!(idm.split.train.iter().all(|r| (1..19).contains(&r.row)));
        assert_eq!(idm.episodes[0].actions[5], [7.0; 2]);
        assert!(!idm.own_is_recorded && idm.recorded_actions.iter().all(|a| *a == [1.0; 2]));
        let demo = DEMO.data(&mut dataset);
        assert_eq!(demo.episodes[0].actions[5], [1.0; 2]);
        assert!(demo.own_is_recorded);
        let [demo, generated, mixed] = [DEMO, GENERATED, MIXED].map(|arm| arm.parts(&dataset));
        assert!(generated.train.iter().all(|r| r.episode >= dataset.demos));
        assert_eq!(mixed.train.len(), demo.train.len() + generated.train.len());
        assert_eq!(demo.train.len(), 160);
    }

    #[test]
    fn real_clips_come_in_doses_from_both_ends_of_the_pool() {
        let dataset = dataset();
        let train = |arm: Arm| -> Vec<FrameRef> {
            let parts = arm.parts(&dataset);
            let clips = parts.train.into_iter().filter(|r| r.episode >= dataset.demos + 5);
            clips.collect()
        };
        let dose = dataset.dose();
        assert_eq!(GENERATED.parts(&dataset).train.len(), dose);
        let [half, one, two, four] = [MIXED_REAL_HALF, MIXED_REAL, MIXED_REAL_2, MIXED_REAL_4].map(train);
        assert_eq!([half.len(), one.len(), two.len()], [dose.div_ceil(2), dose, 2 * dose]);
        assert!(one.starts_with(&half) && two.starts_with(&one) && four.starts_with(&two));
        // The pool has no four doses: all that it has.
        assert!(four.len() > 2 * dose && four.len() < 4 * dose);
        let again = train(MIXED_REAL_AGAIN);
        assert!(again.len() == dose && four.ends_with(&again) && !one.contains(&again[0]));
        assert!(train(MIXED_CROSSFADE).is_empty());
    }

    #[test]
    fn arms_have_names_of_their_own_and_say_whose_actions_they_have() {
        let mut names = ARMS.map(|arm| arm.name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ARMS.len());
        assert_eq!(ARMS.map(|arm| arm.name), ARM_NAMES);
        for arm in &ARMS {
            assert_eq!(arm.needs.contains(&ClipSet::Real), needs_pool(arm.name), "{}", arm.name);
        }
        assert_eq!(chosen(&FORMER_ARMS.map(str::to_owned)).len(), FORMER_ARMS.len());
        let labels = chosen(&FORMER_ARMS.map(str::to_owned))
            .into_iter()
            .map(|arm| arm.labels_of("closed form"));
        let labels: Vec<String> = labels.collect();
        assert_eq!(
            labels,
            [
                "recorded",
                "recorded",
                "closed form",
                "closed form",
                "recorded; clips: closed form"
            ]
        );
    }
}
