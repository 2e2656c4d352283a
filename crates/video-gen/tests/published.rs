//! The published models as video models of PushT: clips, and what they refuse.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::{Device, FloatDType};
use ltx_video::{LtxFiles, LtxVersion};
use nn_kit::{Checkpoint, save_safetensors};
use pusht_data::{VideoModel, VideoRequest};
use pusht_env::Frame;
use video_gen::{LtxSettings, LtxVideo};

/// The parts of a recorded pipeline as a folder of published files, with a tokenizer.
fn published_folder(folder: &Path) {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let recorded = crates.join("ltx-video/tests/fixtures/pipe_conditioned");
    let tokenizer = crates.join("t5-encoder/tests/fixtures/tokenizer/tokenizer.json");
    let config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(recorded.join("config.json")).unwrap()).unwrap();
    let weights = Checkpoint::open(&recorded.join("weights.safetensors")).unwrap();
    for part in ["text_encoder", "transformer", "vae"] {
        let folder = folder.join(part);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.json"), config[part].to_string()).unwrap();
        let tensors = weights.tensors().filter_map(|(name, _)| {
            let own = name.strip_prefix(part)?.strip_prefix('.')?;
            Some((own.to_string(), weights.values(name).unwrap()))
        });
        save_safetensors(&folder.join("model.safetensors"), &tensors.collect()).unwrap();
    }
    for (name, content) in [
        (
            "scheduler/scheduler_config.json",
            config["scheduler"].to_string().into_bytes(),
        ),
        ("tokenizer/tokenizer.json", std::fs::read(tokenizer).unwrap()),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn files(folder: &Path) -> LtxFiles<'_> {
    LtxFiles {
        model: folder,
        text: None,
        version: Some(LtxVersion::V095),
        dtype: FloatDType::F32,
    }
}

fn settings() -> LtxSettings {
    LtxSettings {
        width: 32,
        height: 32,
        steps: 2,
        tokens: 10,
        ..LtxSettings::default()
    }
}

fn request(frames: usize, seed: u64) -> VideoRequest {
    let frame = |value: u8| {
        let mut frame = Frame::new(48, 40);
        frame.pixels_mut().for_each(|pixel| pixel.0 = [value; 3]);
        frame
    };
    VideoRequest {
        start: frame(10),
        end: Some(frame(200)),
        prompt: Some("a blue dot".into()),
        frames,
        seed,
    }
}

#[test]
fn a_folder_of_published_files_gives_clips() {
    let folder = tempfile::tempdir().unwrap();
    published_folder(folder.path());
    let device = Device::flex();
    let video = LtxVideo::open(files(folder.path()), settings(), &device).unwrap();
    let clips = video.generate(&[request(3, 1), request(5, 2)]).unwrap();
    assert_eq!((clips[0].len(), clips[1].len()), (3, 5));
    assert_eq!(clips[0][0].dimensions(), (48, 40));
    // A clip does not depend on its neighbours, but on its seed.
    assert_eq!(video.generate(&[request(5, 2)]).unwrap()[0], clips[1]);
    assert_ne!(video.generate(&[request(5, 3)]).unwrap()[0], clips[1]);

    let refused = |request: VideoRequest, parts: &[&str]| {
        let text = video.generate(&[self::request(3, 1), request]).unwrap_err().to_string();
        assert!(text.contains("request 1"), "{text}");
        parts.iter().for_each(|part| assert!(text.contains(part), "{text}"));
    };
    refused(request(4, 1), &["number of frames is 4", "2k + 1"]);
    refused(
        VideoRequest {
            prompt: Some("  ".into()),
            ..request(3, 1)
        },
        &["prompt is empty"],
    );
    let odd = LtxSettings {
        width: 36,
        ..settings()
    };
    let video = LtxVideo::open(files(folder.path()), odd, &device).unwrap();
    let text = video.generate(&[request(3, 1)]).unwrap_err().to_string();
    assert!(text.contains("width is 36") && text.contains("multiple of 8"), "{text}");
}
