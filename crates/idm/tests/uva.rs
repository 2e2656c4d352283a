//! Unified Video Action as inverse dynamics and as a video model, with the small weights of its crate.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use idm::{Reduction, Uva};
use nn_kit::KlAutoencoderConfig;
use pusht_data::{InverseDynamics, VideoModel, VideoRequest};
use pusht_env::{Action, Frame};
use unified_video_action::{Config, HeadConfig, Model, Net, TransformerConfig};

const STATE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../unified-video-action/tests/fixtures/state.ckpt"
);

/// The sizes of `STATE`.
fn small() -> Config {
    let part = |width, heads, hidden| TransformerConfig {
        width,
        depth: 1,
        heads,
        hidden,
    };
    let head = HeadConfig {
        width: 8,
        depth: 2,
        steps: 6,
    };
    Config {
        side: 8,
        encoder: part(8, 2, 16),
        decoder: part(12, 3, 20),
        video_head: head,
        action_head: head,
        autoencoder: KlAutoencoderConfig::new()
            .with_width(32)
            .with_multiples(vec![1])
            .with_blocks(1)
            .with_channels(2)
            .with_encoder_attention(vec![0]),
        ..Config::default()
    }
}

fn loaded() -> Uva {
    Uva::load(Path::new(STATE), &small(), &Device::flex()).unwrap()
}

fn frames(count: usize) -> Vec<Frame> {
    (0..count)
        .map(|i| {
            let mut frame = Frame::new(96, 96);
            for (x, y, pixel) in frame.enumerate_pixels_mut() {
                pixel.0 = [(2 * x) as u8, (2 * y) as u8, (x + 10 * i as u32) as u8];
            }
            frame
        })
        .collect()
}

/// Products of other numbers of rows round otherwise.
fn close(found: &[Action], expected: &[Action]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a[0] - b[0]).abs() < 0.05 && (a[1] - b[1]).abs() < 0.05, "{a:?} {b:?}");
    }
}

#[test]
fn videos_are_labeled_by_windows_that_look_ahead() {
    let video = frames(36);
    let uva = loaded();
    let windows = uva.model().windows(&video, &[1, 2, 17, 20], 0).unwrap();
    let labels = uva.label(&video).unwrap();
    // Windows at 1, 17 and 20, each action once.
    assert_eq!((labels.start, labels.actions.len()), (0, 35));
    close(&labels.actions[..16], &windows[0]);
    close(&labels.actions[16..32], &windows[2]);
    close(&labels.actions[32..], &windows[3][13..]);
    assert_eq!(InverseDynamics::name(&uva), "uva, none");
    for reduction in Reduction::ALL {
        let uva = loaded().with_reduction(Some(reduction));
        let reduced = uva.label(&video).unwrap();
        assert_eq!((reduced.start, reduced.actions.len()), (0, 20));
        let first: [_; 8] = std::array::from_fn(|k| windows[1][k]);
        close(&reduced.actions[1..2], &[reduction.reduce(&first)]);
        assert_eq!(InverseDynamics::name(&uva), format!("uva, {reduction}"));
    }
    assert_eq!(uva.label(&video).unwrap(), labels);
    assert_ne!(loaded().with_seed(9).label(&video).unwrap(), labels);
    let short = uva.label(&video[..16]).unwrap_err().to_string();
    assert!(short.contains("16 frames") && short.contains("at least 17"), "{short}");
    let mut odd = video;
    odd[20] = Frame::new(64, 96);
    let text = uva.label(&odd).unwrap_err().to_string();
    assert!(text.contains("frame 20"), "{text}");
}

#[test]
fn clips_begin_with_their_start_and_hold_each_frame_until_the_next() {
    let uva = loaded();
    let request = |frames: usize, seed| VideoRequest {
        start: frames_of_one(),
        end: None,
        prompt: Some("push".into()),
        frames,
        seed,
    };
    let clips = uva
        .generate(&[request(23, 1), request(1, 1), request(23, 1), request(23, 2)])
        .unwrap();
    assert_eq!(clips.iter().map(Vec::len).collect::<Vec<_>>(), [23, 1, 23, 23]);
    assert!(clips[0] == clips[2] && clips[0] != clips[3]);
    assert_eq!(clips[0][0], frames_of_one());
    assert_eq!(clips[0][3], clips[0][0]);
    assert_ne!(clips[0][4], clips[0][3]);
    assert_eq!(clips[0][4], clips[0][7]);
    let mut ended = request(9, 1);
    ended.end = Some(frames_of_one());
    assert!(uva.generate(&[ended]).unwrap_err().to_string().contains("last frame"));
    assert!(
        uva.generate(&[request(0, 1)])
            .unwrap_err()
            .to_string()
            .contains("at least 1")
    );
    let mut odd = request(9, 1);
    odd.start = Frame::new(10, 10);
    assert!(
        uva.generate(&[request(1, 0), odd])
            .unwrap_err()
            .to_string()
            .contains("request 1")
    );
}

fn frames_of_one() -> Frame {
    frames(1).remove(0)
}

#[test]
fn a_model_of_fewer_actions_than_a_reduction_takes_is_refused() {
    let config = Config { actions: 4, ..small() };
    let device = Device::flex();
    let model = Model::new(
        config.clone(),
        Net::new(&config, &device),
        config.autoencoder.init(&device),
        *loaded().model().scale(),
        &device,
    );
    let text = Uva::new(model.unwrap()).err().unwrap().to_string();
    assert!(text.contains("actions is 4") && text.contains("at least 8"), "{text}");
}
