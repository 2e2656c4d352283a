//! Fine-tuning of tiny random models: loss, resume, adapters, the cache, what is refused.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use burn::tensor::{Device, FloatDType};
use cosmos_predict::EndFrame;
use nn_kit::mix_seed;
use pusht_data::{VideoModel, VideoRequest};
use pusht_env::Frame;
use pusht_jobs::{CancelFlag, JobContext, Progress};
use t5_encoder::TextEncoder;
use video_finetune::{ClipData, Family, Finetune, FinetuneConfig, FinetuneError, Finetuned, Preset, write_tiny_model};
use video_gen::{AdapterRecord, CosmosVideo, FrameSize, LoadOptions, LtxOptions, LtxSettings, LtxVideo, ModelSpec};

/// Raises a flag at a step, and keeps what stages end with.
struct StopAt {
    step: usize,
    flag: CancelFlag,
    stage: String,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Progress for StopAt {
    fn begin(&mut self, what: &str, _: usize, _unit: &str) {
        self.stage = what.to_string();
    }

    fn advance(&mut self, done: usize, _: &str) {
        if self.stage.contains('-') && done >= self.step {
            self.flag.cancel();
        }
    }

    fn end(&mut self, note: &str) {
        self.notes.lock().unwrap().push(format!("{}: {note}", self.stage));
    }
}

/// A tiny model, demonstrations of the simulator, settings.
struct Setting {
    family: Family,
    folder: tempfile::TempDir,
    data: ClipData,
    config: FinetuneConfig,
}

impl Setting {
    fn new(family: Family) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_tiny_model(family, &folder.path().join("model"), 7).unwrap();
        let data = ClipData::simulate(&folder.path().join("demos.jsonl"), 3, 0, &mut JobContext::silent()).unwrap();
        let mut config = FinetuneConfig::preset(Preset::Ours, family);
        let (side, frames) = match family {
            Family::Ltx => (64, 9),
            Family::Cosmos => (32, 17),
        };
        for setting in [
            &format!("width={side}"),
            &format!("height={side}"),
            &format!("frames={frames}"),
            "clips=2",
            "valid_clips=1",
            "tokens=12",
            "rank=4",
            "steps=6",
            "validate_every=3",
            "sample_clips=1",
            "sample_steps=2",
            "batch_size=2",
            "accumulate=2",
            "warmup_steps=0",
            "learning_rate=0.01",
            "text_8bit=false",
        ] {
            config.set(setting).unwrap();
        }
        Self {
            family,
            folder,
            data,
            config,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model(&self) -> ModelSpec {
        ModelSpec::new(self.family.name(), self.path("model")).unwrap()
    }

    /// Trains into a folder; stops at a step where one is given. Also what the stages ended with.
    fn train(&self, out: &str, stop_at: Option<usize>) -> (Result<Finetuned, FinetuneError>, Vec<String>) {
        self.train_as(&self.config, out, stop_at)
    }

    fn train_as(
        &self,
        config: &FinetuneConfig,
        out: &str,
        stop_at: Option<usize>,
    ) -> (Result<Finetuned, FinetuneError>, Vec<String>) {
        let flag = CancelFlag::new();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let progress = StopAt {
            step: stop_at.unwrap_or(usize::MAX),
            flag: flag.clone(),
            stage: String::new(),
            notes: notes.clone(),
        };
        let finetune = Finetune {
            model: &self.model(),
            text: None,
            out: &self.path(out),
            cache: Some(&self.path("cache")),
            config,
            device: &Device::flex(),
            memory: None,
        };
        let result = finetune.run(&self.data, &mut JobContext::new(Box::new(progress), flag));
        let notes = notes.lock().unwrap().clone();
        (result, notes)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// A run that is stopped and started again ends in the bytes of one that is not; the second time nothing is encoded
    /// again, and checkpoints hold what is trained only.
    fn resumes(&self) {
        let (whole, notes) = self.train("whole", None);
        let whole = whole.unwrap();
        assert!(notes[0].contains("2 clips, 2 of them new"), "{notes:?}");
        let (stopped, notes) = self.train("parts", Some(4));
        let text = stopped.unwrap_err().to_string();
        assert!(text.contains("step 4"), "{text}");
        assert!(notes[0].contains("2 clips, 0 of them new"), "{notes:?}");
        let again = self.train("parts", None).0.unwrap();
        assert_eq!(
            self.bytes("whole/adapters.safetensors"),
            self.bytes("parts/adapters.safetensors")
        );
        assert_eq!(self.bytes("whole/curve.jsonl"), self.bytes("parts/curve.jsonl"));
        assert_eq!((whole.best_valid, &whole.samples), (again.best_valid, &again.samples));
        let events = std::fs::read_dir(self.path("whole/tensorboard"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let events = std::fs::read(events.path()).unwrap();
        for tag in ["loss/valid", "samples/psnr", "samples/ssim", "samples/rigidity"] {
            assert!(events.windows(tag.len()).any(|part| part == tag.as_bytes()), "{tag}");
        }
        // What generation reads of the record.
        let (read, config) = (AdapterRecord::beside(&whole.file).unwrap().unwrap(), &self.config);
        let expected = AdapterRecord {
            frames: config.frames,
            width: config.width,
            height: config.height,
            frame_rate: config.frame_rate,
            prompt: config.prompt.clone(),
            negative_prompt: config.negative_prompt.clone(),
            tokens: config.tokens,
            guidance: config.guidance,
        };
        assert_eq!(read, expected);
        // A finished run says the same again, and its record stays when other settings are refused.
        let record = self.bytes("whole/finetune.json");
        assert_eq!(self.train("whole", None).0.unwrap().samples, whole.samples);
        let mut other = self.config.clone();
        other.set("steps=9").unwrap();
        let text = self.train_as(&other, "whole", None).0.unwrap_err().to_string();
        assert!(text.contains("steps"), "{text}");
        assert_eq!(self.bytes("whole/finetune.json"), record);
        let checkpoint = self.bytes("whole/checkpoints/step-00000006/model.bpk").len();
        let adapters = self.bytes("whole/adapters.safetensors").len();
        let base: usize = std::fs::read_dir(self.path("model/transformer"))
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len() as usize)
            .sum();
        println!("checkpoint {checkpoint}, adapters {adapters}, base {base} bytes");
        assert!(checkpoint < 2 * adapters, "{checkpoint} {adapters}");
    }

    /// The first frames of what was sampled last in `out`, and the request it was sampled for.
    fn sampled(&self, out: &str, count: usize) -> (Vec<Frame>, VideoRequest) {
        let split = self.data.split(&self.config).unwrap();
        let mut clip = Vec::new();
        self.data
            .each(&split.valid[..1], self.config.frames, &mut |_, frames| {
                clip = frames.to_vec();
                Ok(())
            })
            .unwrap();
        let folder = self.path(out).join(format!("validation/step-{:06}", self.config.steps));
        let pictures = tempfile::tempdir().unwrap();
        std::fs::copy(folder.join("clip-0.png"), pictures.path().join("0.png")).unwrap();
        let strip = video_io::read_frames(pictures.path()).unwrap().remove(0);
        let (width, height) = clip[0].dimensions();
        let crop = |i: usize| {
            let (x, y) = (i as u32 * (width + 4), height + 4);
            let mut frame = Frame::new(width, height);
            for (px, py, pixel) in frame.enumerate_pixels_mut() {
                *pixel = *strip.get_pixel(x + px, y + py);
            }
            frame
        };
        let request = VideoRequest {
            start: clip[0].clone(),
            end: clip.last().cloned(),
            prompt: None,
            frames: clip.len(),
            seed: mix_seed(self.config.seed, 0),
        };
        ((0..count).map(crop).collect(), request)
    }

    /// A clip of the adapters in `whole`, sampled as the record beside them says.
    fn by_name(&self, request: VideoRequest) -> Vec<Frame> {
        let adapted = LtxOptions {
            steps: Some(self.config.sample_steps),
            lora: Some(self.path("whole/adapters.safetensors")),
            ..LtxOptions::default()
        };
        let options = LoadOptions {
            sampling: adapted.into(),
            ..LoadOptions::default()
        };
        let loaded = self.model().load(&options).unwrap();
        assert_eq!(
            (loaded.frames, loaded.sampling.get("tokens")),
            (self.config.frames, Some(&12.into()))
        );
        assert_eq!(loaded.prompt.as_ref(), Some(&self.config.prompt));
        loaded.generate(&[request]).unwrap().remove(0)
    }
}

#[test]
fn ltx_adapters_are_trained_resumed_saved_and_generate_the_same() {
    let setting = Setting::new(Family::Ltx);
    setting.resumes();
    let (seen, request) = setting.sampled("whole", 7);
    let files = ltx_video::Files {
        model: &setting.path("model"),
        text: None,
        version: None,
        dtype: FloatDType::F32,
    };
    let config = &setting.config;
    let settings = LtxSettings {
        width: config.width,
        height: config.height,
        steps: config.sample_steps,
        tokens: config.tokens,
        guidance: config.guidance,
        ..LtxSettings::default()
    };
    let open = || LtxVideo::open(files, settings.clone(), &Device::flex()).unwrap();
    let plain = open().generate(std::slice::from_ref(&request)).unwrap().remove(0);
    let adapted = open()
        .with_adapters(&setting.path("whole/adapters.safetensors"))
        .unwrap();
    let adapted = adapted.generate(std::slice::from_ref(&request)).unwrap().remove(0);
    assert_eq!(adapted[..7], seen[..]);
    assert_ne!(plain[..7], seen[..]);
    assert_eq!(setting.by_name(request)[..7], seen[..]);
    // Adapters of another model.
    let wrong = open().with_adapters(&setting.path("model/vae/model.safetensors"));
    let text = wrong.err().unwrap().to_string();
    assert!(text.contains("expected adapters (LoRA)"), "{text}");
}

#[test]
fn cosmos_adapters_are_trained_resumed_saved_and_generate_the_same() {
    let setting = Setting::new(Family::Cosmos);
    setting.resumes();
    let (seen, request) = setting.sampled("whole", 2);
    let device = Device::flex();
    let config = &setting.config;
    let model = setting.path("model");
    let encoder = TextEncoder::open(&model, FloatDType::F32, &device).unwrap();
    let tokens = |text: &str| {
        let found = encoder.encode(&[text], config.tokens, true, &device).unwrap();
        found.states * found.mask.unsqueeze_dim::<3>(2)
    };
    let video = || {
        let prompts =
            cosmos_predict::Prompts::from_embeddings("push", tokens(&config.prompt), tokens(&config.negative_prompt));
        let pipeline = cosmos_predict::Pipeline::open(&model, None, FloatDType::F32, &device).unwrap();
        let sampling = cosmos_predict::Sampling {
            steps: config.sample_steps,
            guidance: config.guidance,
            fps: config.frame_rate,
            ..cosmos_predict::Sampling::default()
        };
        CosmosVideo::new(
            pipeline,
            prompts,
            FrameSize::square(config.width),
            sampling,
            EndFrame::InPlace,
        )
        .unwrap()
    };
    let plain = video().generate(std::slice::from_ref(&request)).unwrap().remove(0);
    let adapted = video()
        .with_adapters(&setting.path("whole/adapters.safetensors"))
        .unwrap();
    let adapted = adapted.generate(std::slice::from_ref(&request)).unwrap().remove(0);
    // The strip has frames 0 and 2 of 17.
    assert_eq!([&adapted[0], &adapted[2]], [&seen[0], &seen[1]]);
    assert_ne!(plain[2], seen[1]);
    let named = setting.by_name(request);
    assert_eq!([&named[0], &named[2]], [&seen[0], &seen[1]]);
}

#[test]
fn all_weights_learn_one_clip_and_are_read_back() {
    let mut setting = Setting::new(Family::Ltx);
    for change in [
        "full=true",
        "clips=1",
        "valid_clips=0",
        "sample_clips=0",
        "steps=160",
        "validate_every=160",
        "batch_size=1",
        "accumulate=1",
        "first_frame=1",
        "last_frame=1",
        "weight_decay=0",
        "learning_rate=0.01",
    ] {
        setting.config.set(change).unwrap();
    }
    let done = setting.train("full", None).0.unwrap();
    let curve = String::from_utf8(setting.bytes("full/curve.jsonl")).unwrap();
    let losses: Vec<f64> = curve
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["train_loss"].as_f64())
        .collect();
    let late = losses[losses.len() - 4..].iter().sum::<f64>() / 4.0;
    println!("loss {:.3} to {late:.3}", losses[0]);
    assert!(late < 0.6 * losses[0], "{losses:?}");
    assert_eq!((done.train_clips, done.valid_clips), (1, 0));
    let read = ltx_video::Transformer::open(&setting.path("full"), FloatDType::F32, &Device::flex()).unwrap();
    let base = ltx_video::Transformer::open(&setting.path("model"), FloatDType::F32, &Device::flex()).unwrap();
    assert_eq!((read.width(), read.channels()), (base.width(), base.channels()));
    // Everything that the run follows from is kept beside it.
    let record: serde_json::Value = serde_json::from_slice(&setting.bytes("full/finetune.json")).unwrap();
    assert_eq!(record["config"]["steps"], 160);
    assert_eq!(record["train_clips"], 1);
}

#[test]
fn half_precision_trains_nearly_the_same() {
    for (family, full) in [
        (Family::Ltx, false),
        (Family::Ltx, true),
        (Family::Cosmos, false),
        (Family::Cosmos, true),
    ] {
        let mut setting = Setting::new(family);
        for change in [
            "valid_clips=0",
            "sample_clips=0",
            "steps=2",
            "validate_every=2",
            "learning_rate=0.0001",
        ] {
            setting.config.set(change).unwrap();
        }
        setting.config.full = full;
        let whole = setting.train("f32", None).0.unwrap().train_loss.unwrap();
        setting.config.set("format=bf16").unwrap();
        let half = setting.train("bf16", None).0.unwrap().train_loss.unwrap();
        println!("{family:?}, full {full}: {whole:.4} in f32, {half:.4} in bf16");
        assert!(whole != half && (whole - half).abs() < 0.05 * whole, "{whole} {half}");
        setting.config.set("checkpointing=false").unwrap();
        let held = setting.train("held", None).0.unwrap().train_loss.unwrap();
        assert!((held - half).abs() < 0.01 * half, "{held} {half}");
    }
}

#[test]
fn videos_are_cut_into_clips_and_whole_videos_are_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let frame = |value: u8| {
        let mut frame = Frame::new(32, 32);
        frame.pixels_mut().for_each(|pixel| pixel.0 = [value; 3]);
        frame
    };
    for (name, first, count) in [("a.mp4", 0, 20), ("b", 100, 17), ("c.mp4", 200, 9), ("d", 220, 5)] {
        let frames: Vec<Frame> = (0..count).map(|i| frame(first + 2 * i as u8)).collect();
        video_io::save_video(folder.path().join(name), &frames, video_io::VideoOptions::default()).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "passed over").unwrap();
    let data = ClipData::open(folder.path()).unwrap();
    assert_eq!(data.videos(), 4);
    let mut config = FinetuneConfig::preset(Preset::Ours, Family::Ltx);
    for change in ["frames=9", "stride=4", "valid_clips=2"] {
        config.set(change).unwrap();
    }
    let split = data.split(&config).unwrap();
    assert_eq!(split, data.split(&config).unwrap());
    // Three, three and one window; the last video is too short.
    assert!(
        split
            .train
            .iter()
            .all(|t| split.valid.iter().all(|v| v.video != t.video))
    );
    assert!(
        split.train.len() + split.valid.len() >= 6 && split.valid.len() <= 2,
        "{split:?}"
    );
    let mut seen = Vec::new();
    data.each(&split.train, 9, &mut |i, frames| {
        seen.push((i, frames.len(), frames[0].get_pixel(5, 5).0[0]));
        Ok(())
    })
    .unwrap();
    for ((i, count, value), place) in seen.iter().zip(&split.train) {
        let first = [0, 100, 200][place.video] + 2 * place.first as i32;
        assert!(
            *count == 9 && (i32::from(*value) - first).abs() <= 4,
            "{i}: {value} {first}"
        );
    }
    let one = ClipData::open(&folder.path().join("b")).unwrap();
    assert_eq!(one.videos(), 1);
    let text = one.split(&config).unwrap_err().to_string();
    assert!(
        text.contains("valid_clips is 2") && text.contains("one video"),
        "{text}"
    );
}

#[test]
fn what_cannot_work_is_refused_before_any_work() {
    let setting = Setting::new(Family::Ltx);
    let refused = |change: &str, parts: &[&str]| {
        let mut other = Setting {
            config: setting.config.clone(),
            data: ClipData::open(&setting.path("demos.jsonl")).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            family: Family::Ltx,
        };
        other.config.set(change).unwrap();
        let finetune = Finetune {
            model: &setting.model(),
            text: None,
            out: &other.path("out"),
            cache: None,
            config: &other.config,
            device: &Device::flex(),
            memory: None,
        };
        let result = finetune.run(&other.data, &mut JobContext::silent());
        let text = result.err().unwrap().to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{change}: {text}");
        assert!(!other.path("out").exists(), "{change}");
    };
    refused("frames=16", &["frames is 16", "9 or 17"]);
    refused("width=80", &["width is 80", "a multiple of 32"]);
    refused("prompt= ", &["prompt is empty"]);
    refused("first_frame=1.5", &["first_frame is 1.5", "probability"]);
    refused("steps=7", &["steps is 7", "validate_every (3)", "6 or 9"]);
    refused("layers=[\"to_x\"]", &["to_x"]);
    refused("rank=0", &["rank is 0"]);
    refused("frames=1601", &["longest of 3 videos", "1601"]);
    refused("batch_size=3", &["batch_size is 3", "2"]);
    refused("learning_rate=-1", &["learning_rate is -1"]);
    let mut config = setting.config.clone();
    let text = config.set("rnak=3").unwrap_err().to_string();
    assert!(text.contains("rnak") && text.contains("learning_rate"), "{text}");
    let text = config.set("rank=many").unwrap_err().to_string();
    assert!(text.contains("rank is many"), "{text}");
    config.set("prompt=17").unwrap();
    config.set("clips=none").unwrap();
    assert_eq!((config.prompt.as_str(), config.clips), ("17", None));

    let open = |path: &Path| ClipData::open(path).err().unwrap().to_string();
    assert!(open(&setting.path("nowhere")).contains("nowhere"));
    let folder = setting.path("notes");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "no video").unwrap();
    assert!(open(&folder).contains("holds no videos"));
    std::fs::write(folder.join("b.mp4"), "no video").unwrap();
    assert!(open(&folder).contains("b.mp4"));
    std::fs::write(folder.join("0.png"), "no picture").unwrap();
    std::fs::remove_file(folder.join("b.mp4")).unwrap();
    let pictures = ClipData::open(&folder).unwrap();
    assert!(pictures.split(&setting.config).is_err());
}

#[test]
fn damaged_and_foreign_models_are_named() {
    let setting = Setting::new(Family::Ltx);
    let refused = |name: &str, parts: &[&str]| {
        let text = setting.train("out", None).0.err().unwrap().to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{name}: {text}");
        assert!(!setting.path("out").exists(), "{name}");
    };
    let transformer = setting.path("model/transformer/model.safetensors");
    let whole = std::fs::read(&transformer).unwrap();
    std::fs::write(&transformer, &whole[..whole.len() / 2]).unwrap();
    refused("cut short", &["model.safetensors"]);
    std::fs::write(&transformer, &whole).unwrap();
    let path = setting.path("model/transformer/config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"num_layers\": 2", "\"num_layers\": 3")).unwrap();
    refused("partial", &["transformer_blocks.2", "is missing"]);
    std::fs::write(&path, "{").unwrap();
    refused("settings", &["config.json"]);
    std::fs::write(&path, text).unwrap();
    // A checkpoint of other settings is not gone on from.
    let mut short = Setting {
        config: setting.config.clone(),
        data: ClipData::open(&setting.path("demos.jsonl")).unwrap(),
        ..setting
    };
    short.train("out", Some(2)).0.unwrap_err();
    short.config.rank = 2;
    let text = short.train("out", None).0.err().unwrap().to_string();
    assert!(text.contains("rank is 4 there, 2 here"), "{text}");
}
