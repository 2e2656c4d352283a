//! The published models as video models of PushT: clips, and what they refuse.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::{Device, FloatDType, Tensor};
use cosmos_predict::EndFrame;
use diffusion_schedulers::EdmConfig;
use nn_kit::{Checkpoint, save_safetensors};
use pusht_data::{VideoModel, VideoRequest};
use pusht_env::Frame;
use training::init_seeded;
use video_gen::{CosmosVideo, FrameSize, LtxSettings, LtxVideo};

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

fn files(folder: &Path) -> ltx_video::Files<'_> {
    ltx_video::Files {
        model: folder,
        text: None,
        version: Some(ltx_video::Version::V095),
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
    // A clip does not depend on its neighbors, but on its seed.
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

/// Sizes at which everything runs in milliseconds.
fn small() -> (cosmos_predict::Config, cosmos_predict::AutoencoderConfig) {
    let transformer = cosmos_predict::Config {
        in_channels: 5,
        out_channels: 4,
        num_attention_heads: 2,
        attention_head_dim: 12,
        num_layers: 1,
        mlp_ratio: 2.0,
        text_embed_dim: 6,
        adaln_lora_dim: 4,
        max_size: [4, 8, 8],
        ..cosmos_predict::Config::default()
    };
    let autoencoder = cosmos_predict::AutoencoderConfig {
        latent_channels: 4,
        encoder_block_out_channels: vec![4, 4, 6, 6],
        decode_block_out_channels: vec![4, 4, 6, 6],
        attention_resolutions: vec![],
        num_layers: 1,
        ..cosmos_predict::AutoencoderConfig::default()
    };
    (transformer, autoencoder)
}

fn pipeline(change: impl FnOnce(&mut cosmos_predict::Config)) -> cosmos_predict::Pipeline {
    let device = Device::flex();
    let (mut transformer, autoencoder) = small();
    change(&mut transformer);
    let transformer = init_seeded(1, &device, |device| {
        cosmos_predict::Transformer::new(&transformer, device).unwrap()
    });
    let autoencoder = init_seeded(2, &device, |device| {
        cosmos_predict::Autoencoder::new(&autoencoder, device).unwrap()
    });
    cosmos_predict::Pipeline::new(transformer, autoencoder, EdmConfig::default(), &device).unwrap()
}

fn cosmos_video(end: EndFrame) -> CosmosVideo {
    let text = |fill: f32| Tensor::<3>::full([1, 3, 6], fill, &Device::flex());
    let prompts = cosmos_predict::Prompts::from_embeddings("a dot pushes a block", text(0.3), text(-0.2));
    let sampling = cosmos_predict::Sampling {
        steps: 2,
        ..cosmos_predict::Sampling::default()
    };
    CosmosVideo::new(
        pipeline(|_| {}),
        prompts,
        FrameSize { width: 32, height: 16 },
        sampling,
        end,
    )
    .unwrap()
}

fn cosmos_request(frames: usize) -> VideoRequest {
    let mut start = Frame::new(12, 8);
    for (x, y, pixel) in start.enumerate_pixels_mut() {
        pixel.0 = [20 * x as u8, 30 * y as u8, 90];
    }
    VideoRequest {
        end: Some(Frame::new(12, 8)),
        start,
        prompt: None,
        frames,
        seed: 5,
    }
}

#[test]
fn a_clip_follows_from_its_request() {
    for end in [EndFrame::InPlace, EndFrame::Shifted] {
        let model = cosmos_video(end);
        let clips = model
            .generate(&[cosmos_request(9), cosmos_request(17), cosmos_request(9)])
            .unwrap();
        let lengths: Vec<usize> = clips.iter().map(Vec::len).collect();
        assert_eq!(lengths, [9, 17, 9]);
        assert_eq!(clips[0][8].dimensions(), (12, 8));
        assert_eq!(clips[0], clips[2]);
        let mut other = cosmos_request(9);
        other.seed = 6;
        assert_ne!(model.generate(&[other]).unwrap()[0], clips[0]);
    }
}

#[test]
fn requests_that_cannot_be_served_are_refused_by_their_number() {
    let model = cosmos_video(EndFrame::InPlace);
    let refused = |change: fn(&mut VideoRequest), part: &str| {
        let mut wrong = cosmos_request(9);
        change(&mut wrong);
        let text = model.generate(&[cosmos_request(9), wrong]).unwrap_err().to_string();
        assert!(text.contains("request 1") && text.contains(part), "{text}");
    };
    refused(|r| r.frames = 10, "such as 9 or 17");
    refused(|r| r.frames = 0, "8·k + 1");
    refused(|r| r.frames = 8 * 8 + 1, "latent clip");
    refused(|r| r.frames = 1, "prescribed end");
    refused(|r| r.prompt = Some("another".into()), "not encoded");
    refused(|r| r.prompt = Some(" ".into()), "empty");
    refused(|r| r.start = Frame::new(0, 4), "pixels");
}
