//! Tests of batches and normalization.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pusht_data::{
    ActionNorm, Episode, FrameNorm, FrameRef, FrameTransform, Loader, LoaderError, Provenance, Transform,
};
use pusht_env::{Frame, GOAL};

fn episode(index: usize, rows: usize, size: (u32, u32)) -> Episode {
    let pixel = |row: usize| {
        move |x: u32, y: u32| image::Rgb([(x + 3 * row as u32) as u8, (y * 2) as u8, (index * 50 + row) as u8])
    };
    Episode {
        frames: (0..rows).map(|r| Frame::from_fn(size.0, size.1, pixel(r))).collect(),
        actions: (0..rows).map(|r| [10.0 * r as f32, 100.0 + index as f32]).collect(),
        states: None,
        goal: GOAL,
        provenance: Provenance {
            source: "test".to_owned(),
            index,
            seed: None,
            actions: "recorded".to_owned(),
        },
    }
}

#[test]
fn a_batch_holds_what_its_references_say() {
    let episodes = [episode(0, 5, (96, 96)), episode(1, 3, (96, 96))];
    let transforms = Transform::fourteen();
    let loader = Loader::new(&episodes, &transforms).unwrap();
    let refs: Vec<FrameRef> = (0..200_usize)
        .map(|i| FrameRef {
            copy: i % 14,
            ..FrameRef::new(i % 2, i % 3)
        })
        .collect();
    let batch = loader.batch(&refs).unwrap();
    assert_eq!((batch.len(), batch.size), (200, [96, 96]));
    for (i, r) in refs.iter().enumerate() {
        let e = &episodes[r.episode];
        let t = &transforms[r.copy];
        let want = FrameTransform::new(t, 96).frame(&e.frames[r.row]).unwrap();
        assert!(batch.frames[i * 27_648..(i + 1) * 27_648] == **want.as_raw());
        assert_eq!(batch.actions[2 * i..2 * i + 2], t.action(e.actions[r.row]));
    }
    // The same memory again, for a smaller batch.
    let mut again = batch;
    loader.batch_into(&refs[..3], &mut again).unwrap();
    assert_eq!(again, loader.batch(&refs[..3]).unwrap());
}

#[test]
fn frames_need_not_be_square_without_transforms() {
    let episodes = [episode(0, 2, (20, 10))];
    let batch = Loader::new(&episodes, &[Transform::IDENTITY])
        .unwrap()
        .batch(&[FrameRef::new(0, 1)])
        .unwrap();
    assert_eq!(batch.size, [10, 20]);
    assert_eq!(batch.frames, **episodes[0].frames[1].as_raw());
    let error = Loader::new(&episodes, &Transform::dihedral()).err().unwrap();
    assert!(matches!(error, LoaderError::NotSquare(_)));
}

#[test]
fn bad_input_is_refused() {
    let none: [Episode; 0] = [];
    assert_eq!(
        Loader::new(&none, &[Transform::IDENTITY]).err(),
        Some(LoaderError::NoFrames)
    );
    let mixed = [episode(0, 2, (8, 8)), episode(1, 2, (9, 8))];
    assert!(matches!(
        Loader::new(&mixed, &[Transform::IDENTITY]),
        Err(LoaderError::FrameSize { episode: 1, row: 0, .. })
    ));
    let mut uneven = [episode(0, 2, (8, 8))];
    uneven[0].actions.pop();
    assert!(matches!(
        Loader::new(&uneven, &[Transform::IDENTITY]),
        Err(LoaderError::Lengths { .. })
    ));
    let good = [episode(0, 2, (8, 8))];
    assert_eq!(Loader::new(&good, &[]).err(), Some(LoaderError::NoIdentity));
    let loader = Loader::new(&good, &Transform::dihedral()).unwrap();
    for missing in [
        FrameRef::new(0, 2),
        FrameRef::new(1, 0),
        FrameRef {
            copy: 8,
            ..FrameRef::new(0, 0)
        },
    ] {
        assert_eq!(
            loader.batch(&[missing]).err(),
            Some(LoaderError::NoSuchFrame { missing })
        );
    }
}

proptest! {
    #[test]
    fn actions_come_back(actions in prop::collection::vec(prop::array::uniform2(0.0_f32..512.0), 1..50)) {
        for norm in [ActionNorm::limits(&actions).unwrap(), ActionNorm::moments(&actions).unwrap()] {
            for &a in &actions {
                let back = norm.denormalize(norm.normalize(a));
                prop_assert!((0..2).all(|k| (back[k] - a[k]).abs() < 1e-3));
            }
        }
        let limits = ActionNorm::limits(&actions).unwrap();
        for &a in &actions {
            prop_assert!(limits.normalize(a).iter().all(|x| x.abs() <= 1.0 + 1e-3));
        }
    }

    #[test]
    fn pixels_come_back(pixel: [u8; 3], other: [u8; 3]) {
        let frames = [Frame::from_pixel(2, 2, image::Rgb(other)), Frame::from_pixel(2, 2, image::Rgb([9, 200, 77]))];
        let norm = FrameNorm::fit(&frames).unwrap();
        prop_assert_eq!(norm.denormalize(norm.normalize(pixel)), pixel);
    }
}

#[test]
fn moments_of_known_values() {
    let frames = [
        Frame::from_pixel(4, 4, image::Rgb([0, 10, 255])),
        Frame::from_pixel(4, 4, image::Rgb([255, 10, 255])),
    ];
    let norm = FrameNorm::fit(&frames).unwrap();
    assert_eq!(norm.mean[0], 0.5);
    assert_eq!(norm.std, [0.5, 1.0 / 255.0, 1.0 / 255.0]);
    assert_eq!(FrameNorm::fit(&[]), None);

    let norm = ActionNorm::moments(&[[0.0, 7.0], [2.0, 7.0]]).unwrap();
    assert_eq!((norm.offset, norm.scale), ([1.0, 7.0], [1.0, 1e-3]));
    let norm = ActionNorm::limits(&[[0.0, 7.0], [4.0, 7.0], [1.0, 7.0]]).unwrap();
    assert_eq!((norm.offset, norm.scale), ([2.0, 7.0], [2.0, 1e-3]));
    assert_eq!(norm.normalize([4.0, 7.0]), [1.0, 0.0]);
}
