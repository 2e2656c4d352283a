//! Properties of every split.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use pusht_data::{FrameRef, Split, SplitError, SplitProtocol};

fn protocols() -> impl Strategy<Value = SplitProtocol> {
    prop_oneof![
        Just(SplitProtocol::ByFrame),
        Just(SplitProtocol::ByEpisode),
        Just(SplitProtocol::AugmentBeforeSplit)
    ]
}

fn units(part: &[FrameRef], protocol: SplitProtocol) -> usize {
    if protocol == SplitProtocol::ByEpisode {
        Split::episodes_of(part).len()
    } else {
        part.len()
    }
}

proptest! {
    #[test]
    fn parts_are_disjoint_complete_and_repeatable(
        lengths in prop::collection::vec(1_usize..40, 3..30),
        protocol in protocols(),
        seed: u64,
    ) {
        let copies = 14;
        let split = Split::new(&lengths, protocol, copies, seed).unwrap();
        prop_assert_eq!(&split, &Split::new(&lengths, protocol, copies, seed).unwrap());

        let all: Vec<FrameRef> = [&split.train, &split.validation, &split.test].into_iter().flatten().copied().collect();
        let set: BTreeSet<FrameRef> = all.iter().copied().collect();
        prop_assert_eq!(set.len(), all.len());
        let each = if protocol == SplitProtocol::AugmentBeforeSplit { copies } else { 1 };
        prop_assert_eq!(all.len(), lengths.iter().sum::<usize>() * each);
        for r in &all {
            prop_assert!(r.row < lengths[r.episode] && r.copy < each);
        }

        let n: usize = [&split.train, &split.validation, &split.test].iter().map(|p| units(p, protocol)).sum();
        let total = if protocol == SplitProtocol::ByEpisode { lengths.len() } else { all.len() };
        prop_assert_eq!(n, total);
        let tenth = ((total as f64 / 10.0).round() as usize).max(1);
        prop_assert_eq!(units(&split.validation, protocol), tenth);
        prop_assert_eq!(units(&split.test, protocol), tenth);
        prop_assert!(split.train.is_sorted() && split.validation.is_sorted() && split.test.is_sorted());
    }

    #[test]
    fn by_episode_never_shares_an_episode(lengths in prop::collection::vec(1_usize..40, 3..60), seed: u64) {
        let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, seed).unwrap();
        let parts = [&split.train, &split.validation, &split.test].map(|p| Split::episodes_of(p));
        let all: BTreeSet<usize> = parts.iter().flatten().copied().collect();
        prop_assert_eq!(all.len(), parts.iter().map(Vec::len).sum::<usize>());
        prop_assert_eq!(all.len(), lengths.len());
    }

    #[test]
    fn augmenting_after_the_split_stays_in_the_training_part(
        lengths in prop::collection::vec(1_usize..40, 3..20),
        seed: u64,
    ) {
        let split = Split::new(&lengths, SplitProtocol::ByFrame, 14, seed).unwrap();
        let train = split.augmented_train(14);
        prop_assert_eq!(train.len(), 14 * split.train.len());
        let originals: BTreeSet<FrameRef> = train.iter().map(|r| FrameRef { copy: 0, ..*r }).collect();
        prop_assert!(originals.iter().eq(&split.train));
    }
}

#[test]
fn augmenting_before_the_split_leaks_and_after_it_does_not() {
    let lengths = [100; 12];
    let leak = |protocol| {
        let split = Split::new(&lengths, protocol, 14, 0).unwrap();
        let seen: BTreeSet<_> = split.train.iter().map(|r| (r.episode, r.row)).collect();
        split.test.iter().filter(|r| seen.contains(&(r.episode, r.row))).count() as f64 / split.test.len() as f64
    };
    assert!(leak(SplitProtocol::AugmentBeforeSplit) > 0.99);
    assert_eq!(leak(SplitProtocol::ByFrame), 0.0);
}

#[test]
fn the_paper_s_numbers() {
    // 1,104 frames, as in the paper; fourteen transforms of each make its 15,456.
    let split = Split::new(&[138; 8], SplitProtocol::AugmentBeforeSplit, 14, 42).unwrap();
    let sizes = [split.train.len(), split.validation.len(), split.test.len()];
    assert_eq!(sizes, [12_364, 1_546, 1_546]);
    assert_eq!(sizes.iter().sum::<usize>(), 15_456);
}

#[test]
fn seeds_differ_and_names_round_trip() {
    let split = |seed| Split::new(&[50; 4], SplitProtocol::ByFrame, 1, seed).unwrap();
    assert_ne!(split(0).test, split(1).test);
    for protocol in [
        SplitProtocol::ByFrame,
        SplitProtocol::ByEpisode,
        SplitProtocol::AugmentBeforeSplit,
    ] {
        assert_eq!(protocol.to_string().parse(), Ok(protocol));
        assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.name());
    }
    let error = "by-video".parse::<SplitProtocol>().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("by-frame, by-episode or augment-before-split")
    );
}

#[test]
fn too_little_data() {
    let e = Split::new(&[100, 100], SplitProtocol::ByEpisode, 1, 0).unwrap_err();
    assert_eq!(
        e,
        SplitError::TooFew {
            protocol: SplitProtocol::ByEpisode,
            found: 2
        }
    );
    assert!(e.to_string().contains("at least 3 episodes, found 2"), "{e}");
    assert!(Split::new(&[], SplitProtocol::ByFrame, 1, 0).is_err());
}

#[test]
fn a_reference_keeps_every_index() {
    let far = FrameRef::new(usize::MAX, 1 << 33);
    assert_eq!((far.episode, far.row), (usize::MAX, 1 << 33));
}
